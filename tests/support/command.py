"""The command line, run as a process to its end."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

TEXT = "Hello there, my friend."
# What the tests start; tests/packages has them start a bundle's launcher in its place.
COMMAND = shlex.split(os.environ.get("QWEN_TTS_TESTED", "")) or [sys.executable, "-m", "sidecar"]


def run(*args: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *args],
        capture_output=True,
        text=True,
        timeout=120,
        **options,  # type: ignore[call-overload]
    )


def fresh(tmp_path: Path, columns: int = 80) -> dict[str, str]:
    """Return the environment of a machine that has nothing yet, and no network."""
    home = {"HF_HUB_CACHE": str(tmp_path / "hub"), "XDG_DATA_HOME": str(tmp_path / "data")}
    return {**os.environ, **home, "HF_HUB_OFFLINE": "1", "COLUMNS": str(columns)}


def piped(*args: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*COMMAND, "say", *args], capture_output=True, timeout=120, check=False, **options
    )
