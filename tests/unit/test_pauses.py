"""The pauses that a text asks for, in a text in any pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.synthesis.segments import Segment, SegmentSource
from sidecar.synthesis.token_source import TokenSource
from sidecar.text.directives import Direction, Pause, Rate, Speaker
from sidecar.text.faults import Fault
from sidecar.text.pauses import read_break_tag, read_pause
from tests.support.pieces import SIZES, covers, pieces, read_segments

PARTS = [
    *["Wait", " ", "for it. ", "Yes. ", "No!", "\n\n", "\n- ", "| a | b |\n", "**", "😀", "好。"],
    *["[pause:500ms]", "[pause 1.5s]", "[pause]", "[pause:x]", "[pause:20s]", "[pause 1s", "[pa"],
    *['<break time="1s"/>', "<break strength='weak' />", "<break/>", "<break x>", "</break>"],
    *["<think>[pause:2s]</think>", "```\n[pause:2s]\n```\n", "`[pause:2s]`", "[", "<break time="],
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PARTS), max_size=30).map("".join)


def read(
    text: str, sizes: list[int], *, split: bool = True, normalize: bool = True
) -> tuple[list[Segment], tuple[object, ...]]:
    source = SegmentSource("english", split, normalize)
    return read_segments(source, text, sizes), source.notices


def read_tokens(
    text: str, sizes: list[int], *, gathers: bool = False
) -> tuple[list[tuple[int, int, str, Direction]], tuple[object, ...]]:
    source = TokenSource("english", normalize=True)
    source.gathers = gathers
    found: list[tuple[int, int, str, Direction]] = []
    words, directions = "", set[Direction]()
    for part in [*pieces(text, sizes), None]:
        source.end() if part is None else source.feed(part)
        while piece := source.take():
            words += piece.text
            if words.strip():
                directions.add(piece.direction)
            if (segment := piece.segment) is not None:
                assert directions <= {segment.direction}  # the first words bring it already
                found.append((segment.start, segment.end, words, segment.direction))
                words, directions = "", set()
    return found, source.notices


def said(text: str, **options: bool) -> list[str | float]:
    """Return what is spoken, and the pauses between."""
    found: list[str | float] = []
    for segment in read(text, [10**6], **options)[0]:
        if segment.direction.pause is not None:
            found.append(segment.direction.pause)
        if segment.text:
            found.append(segment.text)
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Wait [pause:500ms] for it.", ["Wait", 0.5, "for it."]),
        ("Wait [pause 1.5s] for it.", ["Wait", 1.5, "for it."]),
        ("Wait[Pause = .25 seconds]for it.", ["Wait", 0.25, "for it."]),
        ("Wait [pause] for it.", ["Wait", 0.5, "for it."]),
        ('Wait <break time="1s"/> for it.', ["Wait", 1.0, "for it."]),
        ("Wait <break time='50ms'></break> for it.", ["Wait", 0.05, "for it."]),
        ('Wait <break strength="x-strong" time="0.2s"/> for it.', ["Wait", 0.2, "for it."]),
        ('Wait <break strength="strong"/> for it.', ["Wait", 0.75, "for it."]),
        ("One. <break strength='none'/> Two.", ["One.", 0.0, "Two."]),
        (
            "[pause 1s] To begin with. And at last. [pause 2s]",
            [1.0, "To begin with.", "And at last.", 2.0],
        ),
        ("One [pause 1s][pause 2s] two.", ["One", 3.0, "two."]),
        ("One [pause 8s] [pause 9s] two.", ["One", 10.0, "two."]),
        ("One.\n\n[pause 1s]\n\nTwo.", ["One.", 1.0, "Two."]),
        ("- One [pause 1s] two\n- three", ["One", 1.0, "two", "three"]),
        ("| a [pause 1s] | b |", ["a", 1.0, "b"]),
        # These are none.
        ("Say `[pause 1s]` here.", ["Say [pause 1s] here."]),
        ("See [pause 1s](http://x.y) here.", ["See pause 1s here."]),
        ("She [paused] here.", ["She [paused] here."]),
        # These cannot be honoured as they are.
        ("Wait [pause:soon] for it.", ["Wait for it."]),
        ("Wait [pause 5] for it.", ["Wait for it."]),
        ("Wait [pause:-1s] for it.", ["Wait for it."]),
        ("Wait [pause:500ms for it.", ["Wait for it."]),
        ("Wait <break time=1s> for it.", ["Wait for it."]),
        ("Wait <break time='1'/> for it.", ["Wait for it."]),
        ("Wait <break time='1s' for it.", ["Wait for it."]),
        ("Wait <break size='1s'/> for it.", ["Wait for it."]),
        ("Wait [pause 11s] for it.", ["Wait", 10.0, "for it."]),
    ],
)
def test_a_pause_separates_what_is_spoken(text: str, expected: list[str | float]) -> None:
    assert said(text) == expected
    if "|" not in text:  # a cell's border is a comma, and a paragraph's a blank
        whole = " ".join(str(part) for part in said(text, split=False))
        assert whole.split() == " ".join(map(str, expected)).split()
    tokens: list[str | float] = []
    for _, _, words, direction in read_tokens(text, [1])[0]:
        tokens += [] if direction.pause is None else [direction.pause]
        tokens += words.split()
    assert tokens == [
        word for part in expected for word in (part.split() if isinstance(part, str) else [part])
    ]


def test_a_text_that_stays_as_it_is_may_have_pauses() -> None:
    text = "**One** [1] [pause 1s] `two` <b>[pause:x]."
    assert said(text, normalize=False) == ["**One** [1]", 1.0, "`two` <b>."]


def test_what_is_wrong_is_reported_with_its_place() -> None:
    _, notices = read(
        "Wait [pause:soon] for [pause 1h, it <break time='99s'/>" + "[pause:y]" * 9, [3]
    )
    assert [str(notice) for notice in notices] == [
        "Notice(type='pauseNotUnderstood', message='These pauses were not understood and were "
        "left out: [pause:soon] (at 5), [pause 1h (at 22), [pause:y] (at 55), [pause:y] (at 64), "
        '[pause:y] (at 73) and 6 more. Write [pause:500ms], [pause 1.5s] or <break time="1s"/>.\')',
        "Notice(type='pauseShortened', message=\"These pauses were shortened to 10 s, the longest "
        "that is possible: <break time='99s'/> (at 36).\")",
    ]


@given(TEXTS, SIZES, st.booleans(), st.booleans())
def test_pauses_do_not_depend_on_the_pieces(
    text: str, sizes: list[int], split: bool, normalize: bool
) -> None:
    found = read(text, sizes, split=split, normalize=normalize)
    assert found == read(text, [10**6], split=split, normalize=normalize)
    covers([(segment.start, segment.end) for segment in found[0]], text)


@given(TEXTS, SIZES, st.booleans())
def test_pauses_of_tokens_do_not_depend_on_the_pieces(
    text: str, sizes: list[int], gathers: bool
) -> None:
    found = read_tokens(text, sizes, gathers=gathers)
    assert found == read_tokens(text, [1], gathers=gathers)
    covers([(start, end) for start, end, _, _ in found[0]], text)
    pauses = [one[3].pause for one in found[0] if one[3].pause]
    assert pauses == [one.direction.pause for one in read(text, [10**6])[0] if one.direction.pause]


@given(st.text(max_size=60))
def test_any_value_is_a_pause_or_a_fault(value: str) -> None:
    for found in (read_pause(value), read_break_tag(value)):
        pause = found.instead if isinstance(found, Fault) else found
        assert pause is None or (isinstance(pause, Pause) and 0 <= pause.seconds <= 10)


def test_a_direction_follows_the_last_one() -> None:
    ann, rate = Speaker("Ann", 3), Rate(0.5)
    one = Direction().follow([Pause(1), ann, Pause(2), rate])
    assert one == Direction(3, ann, 0.5)
    assert one.follow([]) == Direction(None, ann, 0.5)
    assert one.follow([Rate(1), Speaker(None, 9)]) == Direction()
