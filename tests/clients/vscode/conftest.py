from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.vscode.extension import Extension
from tests.clients.vscode.installation import Installation, installation
from tests.clients.vscode.workbench import Browser, Server, Window
from tests.support.installing import npm
from tests.support.wire import ROOT

EXTENSION = ROOT / "clients" / "vscode"
# Everything is in a folder whose name a shell, a URL or a command line could misread.
UNUSUAL = 'it\'s "Mön", $HOME 1'


@pytest.fixture(scope="session")
def installed() -> Installation:
    return installation()


@pytest.fixture(scope="session")
def packed(installed: Installation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the packed extension, as it is published."""
    del installed
    npm(EXTENSION)
    npm(EXTENSION / "packing")
    folder = tmp_path_factory.mktemp("packed")
    done = subprocess.run(
        ["npm", "run", "package", "--", folder],
        cwd=EXTENSION,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    (file,) = folder.glob("*.vsix")
    return file


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("vscode") / UNUSUAL
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def sidecar(folder: Path) -> Path:
    """Return a program that is this checkout's sidecar."""
    program = folder / "bin" / "qwen-tts-sidecar"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m sidecar "$@"\n')
    program.chmod(0o755)
    return program


@pytest.fixture(scope="module")
def browser(installed: Installation, folder: Path) -> Iterator[Browser]:
    running = Browser(installed.chromium, folder)
    yield running
    running.end()


@pytest.fixture(scope="module")
def vscode(installed: Installation, packed: Path, folder: Path, sidecar: Path) -> Iterator[Server]:
    """Yield a server with the packed extension, whose settings name the sidecar."""
    settings = {"qwenTts.sidecarPath": str(sidecar)}
    running = Server(installed, folder / "server", [packed], settings)
    yield running
    running.end()


@pytest.fixture(scope="module")
def window(vscode: Server, browser: Browser, folder: Path) -> Iterator[Window]:
    workspace = folder / "workspace"
    workspace.mkdir()
    opened = Window(vscode, browser, workspace)
    yield opened
    opened.close()


@pytest.fixture
def extension(window: Window) -> Iterator[Extension]:
    """Return the extension in a window in which nothing is read or open."""
    found = Extension(window)
    found.reset()
    yield found
    window.server.note()
