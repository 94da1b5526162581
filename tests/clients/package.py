"""The folder of this checkout's TypeScript package, and a function that runs a command in it."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys

from tests.support.wire import ROOT

PACKAGE = ROOT / "clients" / "typescript"
ENVIRONMENT = {"QWEN_TTS_SIDECAR": f"{shlex.quote(sys.executable)} -m sidecar"}


def execute(*command: str) -> None:
    """Run a command in the package, before this checkout's sidecar; fail with its output."""
    done = subprocess.run(
        command,
        cwd=PACKAGE,
        env={**os.environ, **ENVIRONMENT},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=600,
    )
    print(done.stdout)
    assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout[-6000:]}"
