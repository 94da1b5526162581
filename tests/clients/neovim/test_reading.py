"""The plugin for Neovim, with the real sidecar: what is played, and what is highlighted."""

from __future__ import annotations

import wave
from pathlib import Path

import pytest

from tests.clients.neovim.conftest import players
from tests.clients.neovim.editor import Neovim, neovim
from tests.support.command import piped
from tests.support.harness import Sidecar, Speech
from tests.support.processes import eventually, is_alive

pytestmark = [pytest.mark.hosts, pytest.mark.timeout(900)]

# Characters of one to four bytes, a carriage return, a blank line, indentation, and a sentence over
# two lines.
LINES = [
    "# Héllo 😀 there.",
    "",
    "\tGood evening, and\r",
    "  welcome to 東京. How are you?  ",
    "Fine, thank you.",
]
TEXT = "\n".join(LINES)
# As many samples as a player is given before they are heard.
LEAD = 24000 * 3 // 10
LATENCY = 24000 * 2 // 10

Parts = list[list[int]]


@pytest.fixture(scope="module")
def spoken(server: Sidecar) -> Speech:
    """Return what another client of the sidecar gets for the same text."""
    return server.speak(TEXT, seed=3)


def parts_of(text: str, first: int, last: int) -> Parts:
    """Return the row and the columns of each line of a range of characters, without its margins."""
    parts: Parts = []
    at = 0
    for row, line in enumerate(text.split("\n")):
        covered = range(max(first - at, 0), min(last - at, len(line)))
        inside = [i for i in covered if line[i] not in " \t\r"]
        if inside:
            start, end = line[: inside[0]], line[: inside[-1] + 1]
            parts.append([row, len(start.encode()), len(end.encode())])
        at += len(line) + 1
    return parts


def test_the_audio_is_that_of_say_and_the_highlight_is_where_the_events_say(
    editor: Neovim, spoken: Speech, tmp_path: Path
) -> None:
    editor.write(*LINES)
    editor.command("Speak")
    editor.wait_for_end()
    (played,) = editor.played()
    file = tmp_path / "said.wav"
    done = piped(TEXT, "--seed", "3", "--output", str(file))
    assert done.returncode == 0, done.stderr
    with wave.open(str(file)) as said:
        assert played.pcm == said.readframes(said.getnframes())
    assert played.pcm == spoken.audio
    expected = [parts_of(TEXT, s["textStart"], s["textEnd"]) for s in spoken.sentences]
    assert sum(len(parts) for parts in expected) > len(spoken.sentences) > 2
    assert [one["parts"] for one in editor.heard()] == expected
    assert editor.lua("return shown()") == []
    assert editor.messages == []


def test_the_highlight_is_in_step_with_the_player(editor: Neovim, spoken: Speech) -> None:
    """A sentence is highlighted when its own audio is being handed over."""
    editor.write(*LINES)
    editor.command("Speak")
    editor.wait_for_end()
    (played,) = editor.played()
    starts = [sentence["startMs"] * 24 for sentence in spoken.sentences]
    ends = [*starts[1:], len(spoken.audio) / 2]
    for one, start, end in zip(editor.heard(), starts, ends, strict=True):
        # On a busy machine the player reads late, so that only the most is certain.
        received = max((count for ns, count in played.received if ns <= one["ns"]), default=0) / 2
        assert received <= end + LEAD + LATENCY
        assert start < one["heardMs"] * 24 <= end
    assert len(played.received) > len(played.pcm) / 2 / LEAD, (
        "it was not handed over little by little"
    )


def test_a_file_with_the_line_ends_of_dos(editor: Neovim, tmp_path: Path) -> None:
    file = tmp_path / "dos ü.txt"
    file.write_bytes("Häuser.\r\n\r\n  Good morning.\r\n".encode())
    editor.command(f"edit {str(file).replace(' ', chr(92) + ' ')}")
    assert editor.lua("return vim.bo.fileformat") == "dos"
    editor.command("Speak")
    editor.wait_for_end()
    assert [one["parts"] for one in editor.heard()] == [[[0, 0, 8]], [[2, 2, 15]]]


def test_bytes_that_are_not_utf_8(editor: Neovim) -> None:
    first, second = b"H\xe4user \xff\xf0\x9f there.", b"Good \xed\xa0\x80 morning."
    editor.write(first + b" " + second)
    editor.command("Speak")
    editor.wait_for_end()
    assert editor.messages == []
    assert [one["parts"] for one in editor.heard()] == [
        [[0, 0, len(first)]],
        [[0, len(first) + 1, len(first) + 1 + len(second)]],
    ]


def test_a_range_speaks_only_that(editor: Neovim, server: Sidecar) -> None:
    editor.write("Nothing of this.", "Good morning.", "Nothing of that.")
    editor.command("2Speak")
    editor.wait_for_end()
    assert editor.played()[0].pcm == server.speak("Good morning.", seed=3).audio
    assert [one["parts"] for one in editor.heard()] == [[[1, 0, 13]]]


def test_the_highlight_moves_with_edits(editor: Neovim) -> None:
    editor.write("Good morning, my dear friend.", "How are you today?")
    editor.command("Speak")
    eventually("a highlight", lambda: editor.lua("return shown()") == [[0, 0, 29]])
    editor.call("nvim_buf_set_lines", 0, 0, 0, False, ["A line above.", "Another."])
    editor.call("nvim_buf_set_text", 0, 2, 0, 2, 0, ["Ä, "])
    assert editor.lua("return shown()") == [[2, 4, 33]]
    editor.wait_for_end()
    assert [one["parts"] for one in editor.heard()] == [[[0, 0, 29]], [[3, 0, 18]]]


def test_a_buffer_that_is_wiped_out_is_read_to_its_end(editor: Neovim, server: Sidecar) -> None:
    editor.write("Good morning. How are you?")
    editor.command("Speak")
    editor.wait_for_sound()
    editor.command("bwipeout!")
    editor.wait_for_end()
    assert editor.messages == []
    assert editor.played()[0].pcm == server.speak("Good morning. How are you?", seed=3).audio


def test_stop(editor: Neovim) -> None:
    editor.write(*LINES * 4)
    editor.command("Speak")
    player, sidecar = editor.wait_for_sound(), editor.sidecar()
    eventually("a highlight", lambda: editor.lua("return shown()"))
    editor.command("SpeakStop")
    assert editor.lua("return require('qwen_tts').status()") == "idle"
    eventually("the end of the player", lambda: not is_alive(player))
    eventually("no highlight", lambda: editor.lua("return shown()") == [])
    assert editor.messages == []
    editor.forget()
    editor.command("1Speak")
    editor.wait_for_end()
    assert editor.sidecar() == sidecar
    assert [one["parts"] for one in editor.heard()] == [[[0, 0, 20]]]


def test_another_speak_takes_the_place_of_the_first(editor: Neovim, server: Sidecar) -> None:
    editor.write(*LINES * 4, "Good morning.")
    editor.command("Speak")
    first = editor.wait_for_sound()
    editor.command("$Speak")
    eventually("the end of the first player", lambda: not is_alive(first))
    eventually("both ends", lambda: editor.lua("return seen.ended") == 2)
    assert editor.played()[1].pcm == server.speak("Good morning.", seed=3).audio


def test_pause(editor: Neovim, spoken: Speech) -> None:
    editor.write(*LINES)
    editor.command("Speak")
    editor.wait_for_sound()
    editor.command("SpeakPause")
    given = editor.lua("return require('qwen_tts').status()"), len(editor.played()[0].pcm)
    assert given[0] == "paused"
    # The clock of what is heard comes to its stand where the audio that was handed over ends.
    heard = -1.0
    while heard != (heard := editor.lua("vim.wait(400); return require('qwen_tts').heard()")):
        pass
    assert heard * 48 <= len(editor.played()[0].pcm) < len(spoken.audio)
    assert len(editor.played()[0].pcm) <= given[1] + 2 * LEAD
    editor.command("SpeakPause")
    editor.wait_for_end()
    assert editor.played()[0].pcm == spoken.audio


def test_a_player_of_files(
    program: list[str], environment: dict[str, str], spoken: Speech, tmp_path: Path
) -> None:
    """afplay gets a file for each sentence, and after a pause the rest of one."""
    path = players(tmp_path / "bin", "afplay")
    with neovim(program, tmp_path / "e", {**environment, "PATH": path}) as editor:
        editor.setup(speech={"seed": 3})
        editor.write(*LINES)
        editor.command("Speak")
        first = editor.wait_for_sound()
        eventually("a highlight", lambda: editor.lua("return shown()"))
        editor.command("SpeakPause")
        eventually("the end of the player", lambda: not is_alive(first))
        assert editor.lua("return require('qwen_tts').status()") == "paused"
        (cut,) = editor.played()
        editor.command("SpeakPause")
        editor.wait_for_end()
        again, *others = editor.played()[1:]
        assert cut.pcm.endswith(again.pcm)
        assert cut.pcm + b"".join(one.pcm for one in others) == spoken.audio
        assert len(others) + 1 == len(spoken.sentences)
        expected = [parts_of(TEXT, s["textStart"], s["textEnd"]) for s in spoken.sentences]
        assert [one["parts"] for one in editor.heard()] == expected
        assert editor.messages == []
