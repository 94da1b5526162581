"""What the tests of exported models share."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

from sidecar.models.exported import VARIABLE
from tests.support.command import run

NAME = "my-voice"
CODEC = "speech_tokenizer/model.safetensors"


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def offline(tmp_path: Path, shipped: Path, **more: str) -> dict[str, str]:
    """Return the environment of another user, who has nothing but the app."""
    keep = {name: value for name, value in os.environ.items() if name != "HOME"}
    there = {"HF_HOME": str(tmp_path / "nothing"), "HF_HUB_OFFLINE": "1", VARIABLE: str(shipped)}
    return {**keep, **there, "XDG_DATA_HOME": str(tmp_path / "data"), **more}


def export(folder: Path, source: Path, **options: Any) -> subprocess.CompletedProcess[str]:
    return run("models", "export", str(folder), str(source), **options)


def verify(folder: Path, *names: str) -> subprocess.CompletedProcess[str]:
    return run("models", "verify", *names, "--models-dir", str(folder))
