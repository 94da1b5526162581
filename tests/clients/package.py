"""This checkout's TypeScript package: its folder, its build, and how a command is run in it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys

from tests.support import installing
from tests.support.installing import lock, npm
from tests.support.wire import ROOT

PACKAGE = ROOT / "clients" / "typescript"
BROWSERS = ("chromium", "google-chrome", "chromium-browser")
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


def build(test_run: str) -> None:
    """Install and build the package and its tests, once for all workers of a test run.

    No test builds it otherwise: `dist` is empty for a while then, and other workers' tests use it.

    Args:
        test_run: pytest-xdist's `testrun_uid`.
    """
    built = PACKAGE / "build" / "built-for-run"
    with lock("typescript"):
        if not built.exists() or built.read_text() != test_run:
            npm(PACKAGE)
            execute("npm", "run", "build:tests")
            built.write_text(test_run)


def chromium() -> str:
    """Return the path of the browser that `CHROMIUM` names, or of the one that is installed."""
    paths = (os.environ.get("CHROMIUM"), *map(shutil.which, BROWSERS))
    return next(filter(None, paths), None) or installing.debian("chromium", "chromium")
