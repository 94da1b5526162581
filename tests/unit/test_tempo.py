"""A transcript that does not match the recording, and speech that omits words, are noticed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from sidecar.audio import reference
from sidecar.engine.events import FinishReason, SpeechFigures, SpeechResult
from sidecar.synthesis.results import SegmentResults
from sidecar.text import tempo
from tests.support.plain_texts import PROSE
from tests.support.sounds import RATE, encoded, tone

RECORDINGS = Path(__file__).parents[1] / "data" / "recordings"
SAID = (RECORDINGS / "said.txt").read_text().strip()
SPEAKERS = ("slt", "rms", "awb")
# Written in syllables; a Korean word has two or three.
SYLLABIC = ("chinese", "japanese", "korean")


def noticed(samples: np.ndarray, text: str) -> bool:
    found = reference.read(None, encoded(samples.astype(np.float32)), text)
    return "transcriptMismatch" in [notice.type for notice in found.notices]


def spoken(speaker: str) -> np.ndarray:
    return soundfile.read(RECORDINGS / f"{speaker}.flac", dtype="float32")[0]


@pytest.mark.parametrize("speaker", SPEAKERS)
def test_a_true_transcript_is_not_doubted(speaker: str) -> None:
    samples = spoken(speaker)
    assert not noticed(samples, SAID)
    assert not noticed(samples, SAID.upper())
    quiet = np.random.default_rng(5).normal(scale=0.001, size=15 * RATE)
    assert not noticed(np.concatenate([samples, quiet, samples]), f"{SAID} {SAID}")
    assert not noticed(np.concatenate([quiet, samples[: 5 * RATE], quiet]), SAID)


@pytest.mark.parametrize("speaker", SPEAKERS)
@pytest.mark.parametrize("text", ["Yes.", "If you hurry.", SAID * 8, "你好。", "Да."])
def test_a_transcript_of_something_else_is(speaker: str, text: str) -> None:
    assert noticed(spoken(speaker), text)


def test_a_part_of_it_is_noticed_where_it_is_small() -> None:
    """Half a transcript has the rate of slow speech; the speech made with it shows the error."""
    first, second = SAID.split(". ")
    for speaker in ("slt", "rms"):
        assert noticed(spoken(speaker), second)
    assert not noticed(spoken("slt"), first)


@pytest.mark.parametrize("language", PROSE)
@pytest.mark.parametrize("pace", [2.5, 4.0, 6.0])
def test_no_language_is_doubted_at_any_pace_of_speech(language: str, pace: float) -> None:
    """The pace is in words a second, or twice as many signs where signs are syllables."""
    text = "".join(PROSE[language])
    count = sum(map(str.isalnum, text)) / 2 if language in SYLLABIC else len(text.split())
    seconds = count / pace
    fewest, most = tempo.count_letters(text)
    assert fewest <= tempo.MAX_RATE * seconds
    assert most >= tempo.MIN_RATE * seconds
    # Nor is it at half of that, with pauses between the words: those are not counted.
    assert fewest <= tempo.MAX_RATE * 2 * seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("+1 555 123 4567", 5.0),
        ("1984, 2001", 4.5),
        ("$5 & 10 %", 3.0),
        ("3時30分、１２月２５日", 5.0),
        ("สวัสดีครับ", 1.5),
        ("שלום לכולם", 1.5),
    ],
)
def test_figures_and_other_scripts_may_be_said_slowly(text: str, seconds: float) -> None:
    assert not noticed(tone(seconds), text)


def test_the_tempo_is_that_of_the_speech_and_not_of_the_pauses() -> None:
    samples = spoken("slt")
    alone = reference.read(None, encoded(samples), SAID).tempo
    paused = reference.read(
        None, encoded(np.concatenate([samples, np.zeros(9 * RATE, np.float32)])), SAID
    ).tempo
    assert alone is not None
    assert alone == pytest.approx(paused, rel=0.1)
    assert 12 < alone < 16
    assert reference.read(None, encoded(samples)).tempo is None


def told(
    seconds: list[float], text: str, reference: float | None, reason: FinishReason = "stop"
) -> list[str]:
    found = SegmentResults()
    for index, length in enumerate(seconds):
        samples = int(length * RATE)
        result = SpeechResult(SpeechFigures(reason, 1, samples, RATE, 1, 0, 0, 0, 0))
        found.add(result, index, 10**6, text, reference)
    return [notice.message for notice in found._too_fast()]


WORDS = "The train to the coast leaves at noon."  # 30 letters


def test_speech_that_nobody_could_speak_is_noticed_once() -> None:
    assert told([2.0, 2.5, 1.6], WORDS, 14.6) == []
    [message] = told([2.0, 0.72, 2.0], WORDS, 9.6)
    assert message.startswith("Sentence 1 was spoken faster")
    assert "up to 42 letters a second" in message
    [message] = told([0.72, 0.8, 2.0], WORDS, 9.6)
    assert message.startswith("2 of 3 sentences were")


@pytest.mark.parametrize(
    ("seconds", "reference", "noticed_"),
    [
        (1.2, 9.6, True),  # 25 a second, of a voice that has not half of that
        (1.2, 14.6, False),
        (1.2, 24.0, False),  # that voice is a fast one
        (1.6, 5.0, False),  # 19 is nothing that a person does not do
        (1.0, 24.0, True),
        (1.0, None, False),  # no transcript, nothing to be wrong
    ],
)
def test_what_is_fast_depends_on_the_recording(
    seconds: float, reference: float | None, noticed_: bool
) -> None:
    assert bool(told([seconds], WORDS, reference)) is noticed_


def test_a_short_text_and_one_that_was_cut_say_nothing() -> None:
    assert told([0.24], "Thank you.", 14.6) == []
    assert told([0.24], WORDS, 9.6, "length") == []
