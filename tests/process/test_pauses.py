"""The pauses of a text, measured in the samples that come out of the real process."""

from __future__ import annotations

import pytest

from tests.support.harness import Sidecar
from tests.support.silences import PARAMS, pauses

TEXT = '[pause:300ms] Wait a moment [pause 1.5s] for it.\n\n<break time="50ms"/> Now. [pause 2s]'


def test_the_pauses_of_a_text_are_exact(server: Sidecar) -> None:
    whole = server.speak(TEXT, **PARAMS)
    assert pauses(whole) == pytest.approx([300, 1500, 50, 2000], abs=5)
    pieces = server.dictate([*TEXT], textMode="full", **PARAMS)
    assert pieces.audio == whole.audio
    assert [(one["textStart"], one["startMs"]) for one in whole.sentences] == [
        (one["textStart"], one["startMs"]) for one in pieces.sentences
    ]


def test_the_pauses_of_a_text_that_goes_into_a_running_sequence_are_exact(server: Sidecar) -> None:
    speech = server.dictate([*TEXT], textMode="stream", **PARAMS)
    assert pauses(speech) == pytest.approx([300, 1500, 50, 2000], abs=5)
    assert "".join(TEXT[one["textStart"] : one["textEnd"]] for one in speech.sentences) == TEXT


@pytest.mark.parametrize("speed", [0.5, 2])
def test_the_speed_does_not_change_a_pause(server: Sidecar, speed: float) -> None:
    pytest.importorskip("libsonic")
    speech = server.speak(TEXT, speed=speed, **PARAMS)
    assert pauses(speech) == pytest.approx([300, 1500, 50, 2000], abs=5)


def test_a_pause_that_is_not_understood_is_a_warning(server: Sidecar) -> None:
    speech = server.speak("Wait [pause:soon] for it.", **PARAMS)
    assert [one["type"] for one in speech.result["warnings"]] == ["pauseNotUnderstood"]
    assert speech.audio == server.speak("Wait for it.", **PARAMS).audio


def test_pauses_hold_in_a_text_that_arrives_in_pieces_in_every_text_mode(server: Sidecar) -> None:
    text = "She is at home now.\n\nThe dog sleeps well. It snores all the night."
    lengths = {"sentenceMs": 600, "paragraphMs": 900}
    for mode in ("full", "stream"):
        speech = server.dictate([*text], textMode=mode, pauses=lengths, **PARAMS)
        assert pauses(speech) == pytest.approx([900, 600], abs=5)
