"""A flush ends a segment: what came before it is spoken, and what comes after it is not lost."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from sidecar.synthesis.segments import Segment, SegmentSource
from sidecar.synthesis.token_source import TokenSource
from tests.support.pieces import SIZES, covers, pieces

WORDS = [
    "Hello there. ",
    "It is 3.5 km to Dr. Smith, ",
    "No!",
    " ",
    "a",
    "你好，世界。",
    "これは",
    "😀",
    "…",
]
MARKUP = ["\n\n", "\n- ", "```\ncode\n```\n", "**bold** ", "https://a.bc/d ", "<think>hm</think>"]
ASKING = ["[pause:500ms] ", "[pause:"]
PARTS = st.sampled_from([*WORDS, *MARKUP, *ASKING])
TEXTS = st.lists(PARTS | st.text(max_size=6), max_size=30).map("".join)
# Texts with a flush between each two.
FLUSHED = st.lists(TEXTS, min_size=1, max_size=4)


def read(texts: list[str], sizes: list[int]) -> list[Segment]:
    source = SegmentSource(None, split=True, normalize=True)
    found: list[Segment] = []
    total = 0
    for text in texts:
        for piece in pieces(text, sizes):
            source.feed(piece)
            while segment := source.next():
                found.append(segment)
        source.flush()
        while segment := source.next():
            found.append(segment)
        total += len(text)
        if "<think" not in "".join(texts):
            assert (found[-1].end if found else 0) == total
    source.end()
    while segment := source.next():
        found.append(segment)
    assert source.is_over
    return found


@given(FLUSHED, SIZES)
@example(["<think>no</thi", "nk> Hello"], [3])
@example(["| a | b |\n", "| c | d |\n\n", "*bo", "ld*"], [1])
def test_each_flush_ends_a_sentence_wherever_the_pieces_are_cut(
    texts: list[str], sizes: list[int]
) -> None:
    found = read(texts, sizes)
    covers([(segment.start, segment.end) for segment in found], "".join(texts))
    assert found == read(texts, [10**6])


@given(FLUSHED, SIZES, st.booleans())
def test_each_flush_ends_a_token_segment_and_loses_no_word(
    texts: list[str], sizes: list[int], gathers: bool
) -> None:
    source = TokenSource(None, normalize=False)
    source.gathers = gathers
    ends: list[int] = []
    words, total = "", 0
    for text in texts:
        for piece in [*pieces(text, sizes), None]:
            source.flush() if piece is None else source.feed(piece)
            while part := source.take():
                words += part.text
                if part.segment:
                    assert part.segment.start == (ends[-1] if ends else 0)
                    ends.append(part.segment.end)
        total += len(text)
        if "[pause" not in "".join(texts):  # a pause is no word
            assert words == "".join(texts)[:total]
        assert (ends[-1] if ends else 0) == total
    source.end()
    assert source.take() is None
    assert source.is_over


def test_a_flush_speaks_the_words_that_a_cut_left_over() -> None:
    source = TokenSource(None, normalize=False)
    source.feed("Once upon a ti")
    source.take()
    source.cut()  # the speech has ended before its text
    assert source.take() is None
    source.flush()
    rest = source.take()
    assert rest is not None
    assert rest.segment is not None
    assert (rest.text, rest.segment.start, rest.segment.end) == (" ti", 14, 14)
    source.feed(" Next.")
    source.flush()
    after = source.take()
    assert after is not None
    assert after.segment is not None
    assert (after.text, after.segment.start, after.segment.end) == (" Next.", 14, 20)
    assert after.segment.break_after == "sentence"


def test_a_flush_within_what_is_not_spoken_says_nothing_and_forgets_nothing() -> None:
    found = read(["Well. <think>Let me see. ", "Hm. </th", "ink> Here it is"], [100])
    assert [segment.text for segment in found if segment.text] == ["Well.", "Here it is"]


def test_no_pause_of_a_paragraph_follows_a_flush() -> None:
    assert [segment.break_after for segment in read(["I see", ", but it is so."], [9])] == [
        "clause",
        "sentence",
    ]
    found = read(["I see.", "\n\nIt is so."], [100])
    assert "paragraph" in [segment.break_after for segment in found[:2]]
