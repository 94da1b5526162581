"""What a person sees at a terminal: colours, questions, progress."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.command import run
from tests.support.terminals import Terminal


def test_errors_are_coloured_at_a_terminal_alone() -> None:
    with Terminal("say", "Hi.", "--voice", "") as terminal:
        assert terminal.end() == 2
        assert terminal.seen == (
            "\x1b[1;31merror:\x1b[0m --voice is empty.\r\n\x1b[36mhint:\x1b[0m "
            "Run qwen-tts-sidecar say --help to see the usage.\r\n"
        )
    assert run("say", "Hi.", "--voice", "").stderr.startswith("error: --voice is empty.\nhint: ")


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colours_can_be_declined(env: dict[str, str]) -> None:
    with Terminal("say", "Hi.", "--voice", "", env=env) as terminal:
        assert terminal.end() == 2
        assert terminal.seen.startswith("error: --voice is empty.\r\nhint: ")


def test_text_is_typed_and_ended_with_a_key(tmp_path: Path) -> None:
    with Terminal("say", "-", "-o", "a.wav", "--seed", "3", cwd=str(tmp_path)) as terminal:
        terminal.wait_for("Type your text; end it with Ctrl-D on a line of its own.")
        terminal.type("Hello there.\n")
        terminal.type("\x04")
        assert terminal.end() == 0
        assert "→ a.wav" in terminal.seen
    assert (tmp_path / "a.wav").stat().st_size > 10_000


def test_without_a_text_a_terminal_is_told_how_to_give_one() -> None:
    with Terminal("say") as terminal:
        assert terminal.end() == 2
        assert "There is no text to speak." in terminal.seen
        assert "-f FILE" in terminal.seen


def test_loading_and_progress_are_shown(tmp_path: Path) -> None:
    text = "Hello there. This is the second sentence. And here is the third one."
    with Terminal("say", text, "-o", "a.wav", cwd=str(tmp_path)) as terminal:
        terminal.wait_for("loading tiny-voice …")
        assert "speech:" not in terminal.seen
        assert terminal.end() == 0
        shown = [int(percent) for percent in re.findall(r"speech: +(\d+)%", terminal.seen)]
        assert shown == sorted(shown)
        assert shown[-1] == 100


def test_a_terminal_is_not_served() -> None:
    with Terminal() as terminal:
        assert terminal.end() == 1
        assert "but stdin is a terminal.\r\n" in terminal.seen
        assert "hint:" in terminal.seen
