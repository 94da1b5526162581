"""The extension in VS Code where something is missing or breaks, and every way of leaving."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pytest

from tests.clients.vscode.extension import LONG, Extension
from tests.clients.vscode.workbench import Server
from tests.support.harness import Sidecar
from tests.support.processes import eventually, is_alive

pytestmark = [pytest.mark.hosts, pytest.mark.timeout(900)]


def start_reading(extension: Extension) -> int:
    """Start to read a long text; return the process id of the sidecar."""
    extension.open(LONG)
    extension.command("readDocument")
    eventually("sound, or none", lambda: extension.status in ("speaking", "blocked"))
    # Chromium may refuse sound in a window in which nobody has clicked yet.
    if extension.status == "blocked":
        extension.window.picture("blocked")
        extension.player("await player.click('#hear')")
    extension.wait_for("speaking")
    sidecar = extension.sidecar
    assert sidecar
    assert is_alive(sidecar)
    return sidecar


def test_the_sidecar_is_killed_and_returns(extension: Extension) -> None:
    sidecar = start_reading(extension)
    os.kill(sidecar, signal.SIGKILL)
    shown = extension.message("The sidecar ended by SIGKILL")
    assert shown.endswith("| Restart | Show Log")
    extension.window.picture("crash")
    eventually("nothing is highlighted", lambda: extension.highlighted() == [])
    extension.click("Restart")
    extension.wait_for("speaking")
    assert extension.sidecar not in (None, sidecar)
    eventually("it is highlighted", extension.highlighted)


def test_the_sidecar_ends_while_nothing_is_read(extension: Extension, server: Sidecar) -> None:
    extension.speak("Hello.")
    sidecar = extension.sidecar
    assert sidecar
    os.kill(sidecar, signal.SIGKILL)
    eventually("its end is noticed", lambda: extension.sidecar != sidecar)
    extension.reset()
    extension.speak("Hello.", seed=3)
    expected = np.frombuffer(server.speak("Hello.", seed=3).audio, "<i2")
    assert np.array_equal(extension.received(), expected)
    assert extension.window.ui("return messagesOf(page)") == []
    assert extension.sidecar not in (None, sidecar)


def test_a_program_that_does_not_exist(extension: Extension, sidecar: Path) -> None:
    missing = sidecar.with_name("no such program")
    extension.setting("sidecarPath", str(missing))
    try:
        extension.open("Hello.")
        extension.command("readDocument")
        shown = extension.message("The setting qwenTts.sidecarPath names")
        assert str(missing) in shown
        assert shown.endswith("| Choose Program … | How to Install | Show Log")
        extension.wait_for("idle")
    finally:
        extension.setting("sidecarPath", str(sidecar))


def test_a_sidecar_that_is_not_installed(extension: Extension, sidecar: Path, folder: Path) -> None:
    extension.setting("sidecarPath", "")
    before = extension.window.run(
        "const { PATH } = process.env; process.env.PATH = argument; return PATH", str(folder)
    )
    try:
        extension.open("Hello.")
        extension.command("readDocument")
        shown = extension.message("The program that speaks, qwen-tts-sidecar, was not found.")
        assert shown.endswith("| How to Install | Choose Program … | Show Log")
        extension.window.picture("not-installed")
        extension.wait_for("idle")
    finally:
        extension.window.run("process.env.PATH = argument", before)
        extension.setting("sidecarPath", str(sidecar))


# Last in this file: it ends the server of all windows.
def test_the_server_is_ended(extension: Extension, vscode: Server) -> None:
    start_reading(extension)
    vscode.note()
    vscode.process.send_signal(signal.SIGTERM)
    vscode.process.wait(30)
    eventually("the end of all that it started", lambda: not vscode.left())
