"""Unchanged third-party client libraries hold the same conversation with the real process.

Each script initializes, receives one whole stream, cancels another after its third chunk, shuts the
process down, and checks every answer by its library's own means; it prints the figures it found.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.installing import debian, npm
from tests.support.wire import ROOT

HERE = Path(__file__).parent
BUN = HERE / "node_modules" / ".bin" / "bun"

# A client may have to be installed first; the conversation has a bound of its own.
pytestmark = pytest.mark.timeout(900)
TIMEOUT = 240.0


def converse(*command: str | Path, **environment: str) -> None:
    """Run a client to its end, and check the figures that it printed."""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        cwd=ROOT,
        env={**os.environ, "SIDECAR_PYTHON": sys.executable, **environment},
        check=False,
    )
    report = f"exit code {done.returncode}\n{done.stdout}\n--- stderr ---\n{done.stderr}"
    if done.returncode != 0:
        pytest.fail(report)
    figures = json.loads(done.stdout.splitlines()[-1])
    chunks = figures.pop("chunks")
    assert 7 <= chunks <= 13, report  # 12 frames, at most two in a chunk, and the fade's end
    assert figures == {"samples": 12 * 1920, "cancelledAfter": 3, "exitCode": 0}, report


@pytest.fixture(scope="session")
def packages() -> None:
    npm(HERE)


@pytest.mark.usefixtures("packages")
@pytest.mark.parametrize("runtime", ["node", BUN], ids=["node", "bun"])
def test_vscode_jsonrpc(runtime: str | Path) -> None:
    converse(runtime, HERE / "vscode_jsonrpc.mjs")


def test_pygls() -> None:
    converse(sys.executable, HERE / "pygls_client.py")


def test_python_lsp_jsonrpc() -> None:
    converse(sys.executable, HERE / "lsp_jsonrpc_client.py")


def test_neovim(tmp_path: Path) -> None:
    # Neovim 0.7 (Debian 12) has no -l: a script that fails falls through to the command.
    command = [debian("nvim", "neovim"), "--headless", "--clean", "-S", HERE / "neovim.lua"]
    converse(*command, "-c", "cquit", XDG_CACHE_HOME=str(tmp_path), XDG_STATE_HOME=str(tmp_path))


@pytest.mark.hosts  # Emacs may have to be installed
def test_emacs() -> None:
    converse(debian("emacs", "emacs-nox"), "-Q", "--batch", "--load", HERE / "emacs.el")
