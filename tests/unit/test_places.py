"""Which words of the original are spoken by which words, whatever the pieces of the text."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sidecar.synthesis.segments import Segment, SegmentSource
from sidecar.synthesis.token_source import TokenSource
from sidecar.text.places import Place, locate
from sidecar.text.units import split_spoken, split_written

# A word of the original and the words that are spoken for it.
Pair = tuple[str, str]


def read(text: str, sizes: list[int], *, by_token: bool) -> list[tuple[Segment, str]]:
    """Return the segments, each with what is spoken."""
    source = TokenSource(None, True) if by_token else SegmentSource(None, True, True)
    found: list[tuple[Segment, str]] = []
    said, at, number = "", 0, 0
    while True:
        size = sizes[number % len(sizes)]
        source.feed(text[at : at + size])
        at, number = at + size, number + 1
        if at >= len(text):
            source.end()
        while True:
            if isinstance(source, SegmentSource):
                if (segment := source.next()) is None:
                    break
                said = segment.text
            else:
                if (piece := source.take()) is None:
                    break
                said += piece.text
                if (segment := piece.segment) is None:
                    continue
            found.append((segment, said))
            said = ""
        if at >= len(text):
            return found


def places(segment: Segment, said: str) -> tuple[list[Place], list[str]]:
    if segment.written is None:
        return [], []
    units = split_spoken(said, segment.written.language)
    return locate(segment.written, units), [unit.text for unit in units]


def pairs(text: str, sizes: list[int], *, by_token: bool = False) -> list[Pair]:
    found: list[Pair] = []
    for segment, said in read(text, sizes, by_token=by_token):
        its, units = places(segment, said)
        found += [(text[one.start : one.end], " ".join(units[one.first : one.last])) for one in its]
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "On May 3, 2024, **Dr. Smith** paid $25 for it.",
            [("On", "On"), ("May", "May"), ("3", "third"), ("2024", "twenty twenty four"),
             ("Dr", "doctor"), ("Smith", "Smith"), ("paid", "paid"),
             ("$25", "twenty five dollars"), ("for", "for"), ("it", "it")],
        ),
        (
            "He said <b>hel</b>lo, don’t.",
            [("He", "He"), ("said", "said"), ("hel</b>lo", "hello"), ("don’t", "dont")],
        ),
        (
            "It's 10:30 p.m. and R&D costs 25% (well-known).",
            [("It's", "It's"), ("10:30", "ten thirty"), ("p.m", "PM"), ("and", "and"),
             ("R&D", "RD"), ("costs", "costs"), ("25%", "twenty five percent"),
             ("well-known", "wellknown")],
        ),
        (
            "Chapter IV. 5/6/24 was a day.",
            [("Chapter", "Chapter"), ("IV", "four"),
             ("5/6/24", "the sixth of may twenty twenty four"), ("was", "was"), ("a", "a"),
             ("day", "day")],
        ),
        (
            "See [the page](https://a.bc/d \"x\"): `code` &amp; more.",
            [("See", "See"), ("the", "the"), ("page", "page"), ("code", "code"),
             ("more", "more")],
        ),
        (
            "温度25℃，我用 iPhone。",
            [("温", "温"), ("度", "度"), ("25℃", "二 十 五 摄 氏 度"), ("我", "我"), ("用", "用"),
             ("iPhone", "iPhone")],
        ),
        ("東京タワーへ", [("東京", "東京"), ("タワー", "タワー"), ("へ", "へ")]),
        (
            "오늘은 날씨가 좋습니다.",
            [("오늘은", "오늘은"), ("날씨가", "날씨가"), ("좋습니다", "좋습니다")],
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("by_token", [False, True])
def test_a_written_word_is_all_that_is_spoken_for_it(
    text: str, expected: list[Pair], by_token: bool
) -> None:
    for sizes in ([1000], [1], [3, 5]):
        assert pairs(text, sizes, by_token=by_token) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "Once **upon** a $25 bill, <b>hel</b>lo, he said.",
            ["Once", "upon", "a", "$25", "bill", "hel</b>lo", "he", "said"],
        ),
        (
            "It is 10:30 p.m. and all is well here.",
            ["It", "is", "10:30", "p.m", "and", "all", "is", "well", "here"],
        ),
        ("See [it](https://a.bc): `code` &amp; more.", ["See", "it", "code", "more"]),
    ],
)
def test_no_word_is_lost_or_doubled_where_a_segment_ends_before_its_text(
    text: str, words: list[str]
) -> None:
    """A model may end its speech anywhere, and the next segment then begins there."""
    for at in range(1, len(text)):
        source, found = TokenSource("english", True), list[str]()
        source.feed(text[:at])
        said = ""
        while piece := source.take():
            said += piece.text
        found += [text[one.start : one.end] for one in places(source.cut(), said)[0]]
        source.feed(text[at:])
        source.end()
        said = ""
        while piece := source.take():
            said += piece.text
            if piece.segment:
                found += [text[one.start : one.end] for one in places(piece.segment, said)[0]]
                said = ""
        assert found == words, text[:at]


def test_words_that_cannot_be_told_apart_are_one() -> None:
    found = pairs("Call +1 (555) 123-4567 now.", [1000])
    assert found[1] == (
        "+1 (555) 123-4567",
        "plus one five five five one two three four five six seven",
    )


WORDS = ["Hello", "there,", "$25", "3.5", "km", "Dr.", "Smith’s", "**bold**", "“so”", "—", "&", "=",
         "10:30", "a.b@c.de", "2024.", "你好。", "3月", "（x）", "\n\n", "<b>", "</b>", "`x y`",
         "1st"]  # fmt: skip
TEXTS = st.lists(st.sampled_from(WORDS) | st.text(max_size=4), max_size=25).map(" ".join)
SIZES = st.lists(st.integers(1, 30), min_size=1, max_size=10)


@settings(max_examples=150)
@given(TEXTS, SIZES)
@pytest.mark.parametrize("by_token", [False, True])
def test_places_are_in_order_and_do_not_depend_on_the_pieces(
    by_token: bool, text: str, sizes: list[int]
) -> None:
    for segment, said in read(text, sizes, by_token=by_token):
        its, units = places(segment, said)
        assert [one.first for one in its] == ([0, *(one.last for one in its[:-1])] if its else [])
        assert (its[-1].last if its else 0) in (0, len(units))
        ends = [(one.start, one.end) for one in its]
        assert all(start < end for start, end in ends)
        assert ends == sorted(ends)
        assert all(one[1] <= other[0] for one, other in pairwise(ends))
        assert all(segment.start <= start and end <= segment.end for start, end in ends)
    whole = pairs(text, [len(text) + 1], by_token=by_token)
    assert pairs(text, sizes, by_token=by_token) == whole


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        # As the official code has it (qwen-asr 0.0.6).
        ("我用 iPhone 15 看了 A.I. 电影，well-known 的 C++ 3.14 课。", "chinese",
         "我 用 iPhone 15 看 了 AI 电 影 wellknown 的 C 314 课"),
        ("Größe café naïve don’t don't Ünïcode", "german",
         "Größe café naïve dont don't Ünïcode"),
        ("안녕하세요 오늘은 날씨가 좋습니다.", "korean", "안녕하세요 오늘은 날씨가 좋습니다"),
        ("粤语都得啦，OK？", "cantonese", "粤 语 都 得 啦 OK"),
    ],
)  # fmt: skip
def test_spoken_words_are_those_of_the_official_code(
    text: str, language: str, expected: str
) -> None:
    assert " ".join(unit.text for unit in split_spoken(text, language)) == expected


def test_units_are_where_they_say() -> None:
    text = "  “Well-known” — R&D,  = 25%!"
    assert [text[one.start : one.end] for one in split_written(text, "english")] == [
        "Well-known", "R&D", "=", "25%",
    ]  # fmt: skip
