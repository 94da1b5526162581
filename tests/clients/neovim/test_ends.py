"""The plugin for Neovim where something is missing or breaks, and every way of leaving."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from pathlib import Path

import pytest

from tests.clients.neovim.conftest import copy_of_the_plugin, players
from tests.clients.neovim.editor import Neovim, neovim
from tests.support.harness import Sidecar
from tests.support.processes import eventually, is_alive

pytestmark = [pytest.mark.hosts, pytest.mark.timeout(900)]

LONG = ["Nobody is going to listen to all of this text here."] * 12


def message(editor: Neovim) -> str:
    """Return the one message that the person has seen."""
    (text,) = eventually("a message", lambda: editor.messages)
    return text


def test_the_sidecar_is_killed_and_returns(editor: Neovim, server: Sidecar) -> None:
    editor.write(*LONG)
    editor.command("Speak")
    player, sidecar = editor.wait_for_sound(), editor.sidecar()
    assert sidecar
    os.kill(sidecar, signal.SIGKILL)
    text = message(editor)
    assert "The sidecar ended (it was killed by signal 9)." in text
    assert "The next :Speak starts it again." in text
    eventually("the end of the player", lambda: not is_alive(player))
    assert editor.lua("return { shown(), require('qwen_tts').status() }") == [[], "idle"]
    editor.forget()
    editor.write("Good morning.")
    editor.command("Speak")
    editor.wait_for_end()
    assert editor.messages == []
    assert editor.sidecar() not in (None, sidecar)
    assert editor.played()[0].pcm == server.speak("Good morning.", seed=3).audio


def test_the_sidecar_ends_while_nothing_is_read(editor: Neovim) -> None:
    editor.write("Good morning.")
    editor.command("Speak")
    editor.wait_for_end()
    sidecar = editor.sidecar()
    assert sidecar
    os.kill(sidecar, signal.SIGTERM)
    eventually("its end is noticed", lambda: editor.sidecar() is None)
    assert editor.messages == []
    editor.forget()
    editor.command("Speak")
    editor.wait_for_end()
    assert editor.messages == []


def test_quit_ends_the_sidecar(editor: Neovim) -> None:
    editor.write(*LONG)
    editor.command("Speak")
    player, sidecar = editor.wait_for_sound(), editor.sidecar()
    assert sidecar
    editor.command("SpeakQuit")
    eventually("the end of both", lambda: not is_alive(player) and not is_alive(sidecar))
    assert editor.messages == []


def test_what_the_sidecar_refuses_is_a_message(editor: Neovim) -> None:
    editor.setup(speech={"voice": "nobody"})
    editor.write("Good morning.")
    editor.command("Speak")
    assert "Unknown voice 'nobody'. Known: slt, rms." in message(editor)
    editor.forget()
    editor.setup(speech={"loudness": 3})
    editor.command("Speak")
    assert "There is no field 'loudness'." in message(editor)
    editor.forget()
    editor.write("  ", "\t")
    editor.command("Speak")
    assert "There is nothing to read" in message(editor)


def test_settings_that_do_not_exist_are_errors(editor: Neovim) -> None:
    for settings, complaint in (
        ({"voise": "slt"}, "qwen_tts has no option `voise`"),
        ({"args": "--offline"}, "`args` of qwen_tts must be a table, and is a string"),
        ({"speech": {"encoding": "mp3"}}, "`speech.encoding` cannot be set"),
    ):
        code = "return select(2, pcall(require('qwen_tts').setup, ...))"
        assert complaint in editor.lua(code, settings)


@pytest.mark.parametrize("leave", [":q", ":qa!", "SIGTERM", "SIGHUP", "SIGKILL"])
def test_nothing_is_left_behind(
    program: list[str], environment: dict[str, str], tmp_path: Path, leave: str
) -> None:
    with neovim(program, tmp_path / "e", environment) as editor:
        editor.write(*LONG)
        editor.command("set nomodified")
        editor.command("Speak")
        player, sidecar = editor.wait_for_sound(), editor.sidecar()
        assert sidecar
        if leave.startswith(":"):
            editor.send("nvim_command", leave[1:])
        else:
            editor.process.send_signal(getattr(signal, leave))
        editor.process.wait(30)
        eventually("the end of the player", lambda: not is_alive(player))
        eventually("the end of the sidecar", lambda: not is_alive(sidecar))


def test_two_editors_have_a_sidecar_each(
    editor: Neovim, program: list[str], environment: dict[str, str], tmp_path: Path
) -> None:
    editor.write(*LONG)
    editor.command("Speak")
    editor.wait_for_sound()
    with neovim(program, tmp_path / "e", environment) as other:
        other.write(*LONG)
        other.command("Speak")
        other.wait_for_sound()
        assert other.sidecar() != editor.sidecar()
    eventually("the other's end", lambda: len(editor.played()[0].received) > 3)
    editor.command("SpeakStop")
    assert editor.messages == []


def test_a_missing_sidecar(program: list[str], tmp_path: Path) -> None:
    path = players(tmp_path / "bin", "aplay")
    home = {"PATH": path, "HOME": str(tmp_path), "QWEN_TTS_SIDECAR": ""}
    plugin = copy_of_the_plugin(tmp_path / "plugin")
    with neovim(program, tmp_path / "e", home, plugin) as editor:
        editor.write("Good morning.")
        editor.command("Speak")
        text = message(editor)
        assert "No qwen-tts-sidecar was found. Install it as its README says" in text
        assert "`:checkhealth qwen_tts` says more." in text
        editor.forget()
        editor.setup(command="/no/such/program --model x")
        editor.command("Speak")
        assert "`command` of qwen_tts names the program `/no/such/program --model x`" in message(
            editor
        )


def test_programs_that_are_not_the_sidecar(program: list[str], tmp_path: Path) -> None:
    path = players(tmp_path / "bin", "aplay")
    lost = tmp_path / "lost"
    lost.write_text("#!/no/such/python\n")
    lost.chmod(0o755)
    with neovim(program, tmp_path / "e", {"PATH": path}) as editor:
        editor.write("Good morning.")
        for command, complaint in (
            (["/bin/cat"], "The program is not qwen-tts-sidecar."),
            (["/bin/echo", "Hello."], 'something other than a frame to its stdout: "Hello.'),
            (
                ["/bin/sh", "-c", "echo Oh no >&2; exit 3"],
                "exit code 3). The next :Speak starts it",
            ),
            ([str(lost)], "its interpreter /no/such/python does not exist"),
        ):
            editor.setup(command=command)
            editor.command("Speak")
            assert complaint in message(editor)
            eventually("its end", lambda: editor.sidecar() is None)
            editor.forget()


def test_a_missing_and_a_broken_player(
    program: list[str], environment: dict[str, str], tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho no sound card >&2\nexit 1\n")
    broken.chmod(0o755)
    with neovim(program, tmp_path / "e", {**environment, "PATH": str(tmp_path)}) as editor:
        editor.write(*LONG)
        editor.command("Speak")
        text = message(editor)
        assert "none of pw-play, aplay, ffplay, afplay is on the PATH" in text
        assert editor.sidecar() is None
        editor.forget()
        editor.setup(player=["no-such-player"])
        editor.command("Speak")
        assert "names `no-such-player`, which is not a program" in message(editor)
        editor.forget()
        editor.setup(player=[str(broken), "{rate}"])
        editor.command("Speak")
        text = message(editor)
        assert f"The player {broken} ended with exit code 1.\nno sound card" in text
        editor.forget()
        editor.setup(player=["/bin/true"])
        editor.command("Speak")
        assert "ended before it had played all of the audio" in message(editor)


def test_unusual_paths(program: list[str], server: Sidecar, tmp_path: Path) -> None:
    """Plugin, sidecar, player and working folder have names that shells would not like."""
    folder = tmp_path / "O'Neil's ü, \"fine\" & $co; (1)"
    plugin = copy_of_the_plugin(folder / "plugin")
    path = players(folder / "bin", "my player")
    sidecar = folder / "my sidecar"
    sidecar.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m sidecar "$@"\n')
    sidecar.chmod(0o755)
    # The socket's own path must be short.
    env = {"PATH": path, "QWEN_TTS_SIDECAR": str(sidecar)}
    with neovim(program, tmp_path / "e", env, plugin) as editor:
        editor.lua("(vim.uv or vim.loop).chdir((...))", str(folder))
        editor.setup(player=["my player"], speech={"seed": 3})
        editor.write("Good morning.")
        editor.command("Speak")
        editor.wait_for_end()
        assert editor.messages == []
        assert editor.played()[0].pcm == server.speak("Good morning.", seed=3).audio


def test_checkhealth_and_help(editor: Neovim, environment: dict[str, str]) -> None:
    editor.command("checkhealth qwen_tts")
    report = "\n".join(editor.call("nvim_buf_get_lines", 0, 0, -1, False))
    assert "-m sidecar` is qwen-tts-sidecar " in report
    assert f"{environment['PATH']}/aplay -q -t raw" in report
    assert "ERROR" not in report.upper()
    editor.command("bwipeout!")
    editor.setup(command="/bin/cat", player=["nothing"])
    editor.command("checkhealth qwen_tts")
    report = "\n".join(editor.call("nvim_buf_get_lines", 0, 0, -1, False))
    assert "`/bin/cat` is another program" in report
    assert "names `nothing`" in report
    editor.command("bwipeout!")


def test_the_help_has_its_tags(
    program: list[str], environment: dict[str, str], tmp_path: Path
) -> None:
    plugin = copy_of_the_plugin(tmp_path / "plugin")
    with neovim(program, tmp_path / "e", environment, plugin) as editor:
        editor.command(f"helptags {plugin}/doc")
        for tag in ("qwen_tts-options", ":Speak", "<Plug>(qwen-tts-speak)", "hl-QwenTtsSentence"):
            editor.command(f"help {tag}")
            assert editor.lua("return vim.fn.expand('%:t')") == "qwen_tts.txt"
