"""How far a listener has come, against timelines that are made up."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sidecar.synthesis.heard import Timeline
from sidecar.synthesis.request import Mark

RATE = 1000
# Seconds of the speech of each sentence, and of the pause after it.
LENGTHS = st.lists(st.tuples(st.integers(1, 9), st.integers(0, 3)), min_size=1, max_size=6)
WORDS = "One, two and three. "


def timeline(lengths: list[tuple[int, int]], *, is_open: bool) -> Timeline:
    """Return sentences that were all handed out; an open one is still being spoken."""
    made = Timeline()
    at = 0
    for index, (speech, pause) in enumerate(lengths):
        made.begin(at)
        made.mark(Mark(index, len(WORDS) * index, len(WORDS) * (index + 1), at))
        at += speech
        if not (is_open and index == len(lengths) - 1):
            made.end(at)
            at += pause
    made.samples, made.sample_rate, made.written = at * RATE, RATE, at
    return made


@given(LENGTHS, st.booleans())
def test_who_hears_more_has_come_further_and_never_into_a_word(
    lengths: list[tuple[int, int]], is_open: bool
) -> None:
    made, text = timeline(lengths, is_open=is_open), WORDS * len(lengths)
    last, at = 0, 0.0
    for index, (speech, pause) in enumerate(lengths):
        closed = not (is_open and index == len(lengths) - 1)
        for played in (at, at + speech / 3, at + speech, at + speech + pause * closed):
            heard = made.find(text, played)
            assert heard is not None
            assert heard.samples == round(played * RATE)
            assert last <= heard.text_end <= len(WORDS) * (index + 1)
            said = text[: heard.text_end].split()
            assert said == text.split()[: len(said)]
            last = heard.text_end
            if played == at:
                assert heard.text_end == len(WORDS) * index
        if closed:
            assert last == len(WORDS) * (index + 1)
        at += speech + pause * closed
    everything = made.find(text)
    assert everything == made.find(text, 1e9)


def test_nothing_was_heard_without_audio() -> None:
    assert Timeline().find("Hello.") is None


def test_a_sentence_that_is_not_marked_yet_is_estimated_by_those_before_it() -> None:
    made = Timeline()
    made.begin(0)
    made.mark(Mark(0, 0, 10, 0.0))
    made.end(2.0)
    made.begin(2.0)  # a text that the model reads token by token
    made.samples, made.sample_rate, made.written = 4 * RATE, RATE, 4.0
    heard = made.find("abcd efgh. abcd efgh ijkl", 4.0)
    assert heard is not None
    assert (heard.sentence, heard.text_end) == (1, 16)  # eight letters in two seconds, as before


def test_ideograms_are_words() -> None:
    made = Timeline()
    made.begin(0)
    made.mark(Mark(0, 0, 8, 0.0))
    made.end(4.0)
    made.samples, made.sample_rate, made.written = 4 * RATE, RATE, 4.0
    heard = made.find("今天天气非常好。", 2.0)
    assert heard is not None
    assert heard.text_end == 4
