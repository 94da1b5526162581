from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Regex
from tokenizers.pre_tokenizers import Split

from sidecar.synthesis.segments import Segment, SegmentSource
from sidecar.synthesis.token_source import TextPiece, TokenSource
from tests.support.pieces import SIZES, covers, pieces
from tests.support.sentences import SILENT_TEXTS

# Sentences, words, and what is nasty between them.
WORDS = ["Hello there. ", "It is 3.5 km to Dr. Smith, ", "and on and on it goes ", "No!", " ", "a"]
OTHERS = ["你好，世界。", "これは", "Зачем? ", "é", "e\u0301", "😀", "…", "\u0000", "§"]
MARKUP = ["\n\n", "\n- ", "```\ncode\n```\n", "**bold** ", "1,234.50 $ ", "https://a.bc/d "]
PARTS = st.sampled_from([*WORDS, *OTHERS, *MARKUP])
TEXTS = st.lists(PARTS | st.text(max_size=6), max_size=60).map("".join)


def read(text: str, sizes: list[int], *, split: bool = True) -> list[Segment]:
    source = SegmentSource(None, split, normalize=True)
    found: list[Segment] = []
    for piece in pieces(text, sizes):
        source.feed(piece)
        while segment := source.next():
            found.append(segment)
    source.end()
    while segment := source.next():
        found.append(segment)
    assert source.is_over
    assert not source.has_next
    return found


def read_tokens(text: str, sizes: list[int], *, gather: bool) -> list[tuple[int, int, str]]:
    """Return the place and the words of each segment."""
    source = TokenSource(None, normalize=False)
    source.gathers = gather
    found: list[tuple[int, int, str]] = []
    words = ""
    for part in [*pieces(text, sizes), None]:
        source.end() if part is None else source.feed(part)
        while piece := source.take():
            words += piece.text
            if piece.segment is not None:
                found.append((piece.segment.start, piece.segment.end, words))
                words = ""
    assert source.is_over
    assert not words
    return found


@given(TEXTS, SIZES)
def test_segments_cover_the_text_and_do_not_depend_on_its_pieces(
    text: str, sizes: list[int]
) -> None:
    found = read(text, sizes)
    covers([(segment.start, segment.end) for segment in found], text)
    assert found == read(text, [10**6])


@given(TEXTS, SIZES)
def test_a_text_that_is_not_split_is_one_segment(text: str, sizes: list[int]) -> None:
    found = read(text, sizes, split=False)
    assert [(segment.start, segment.end) for segment in found] == [(0, len(text))] * bool(text)


@given(TEXTS, SIZES, st.booleans())
def test_token_segments_have_the_text_and_do_not_depend_on_its_pieces(
    text: str, sizes: list[int], gather: bool
) -> None:
    found = read_tokens(text, sizes, gather=gather)
    covers([(start, end) for start, end, _ in found], text)
    assert "".join(words for _, _, words in found) == text
    assert found == read_tokens(text, [1], gather=gather)


def test_a_token_segment_ends_with_a_sentence() -> None:
    text = "This is a sentence of some forty characters. " * 20
    found = read_tokens(text, [7], gather=False)
    assert len(found) == 4
    assert all(words.rstrip().endswith(".") for _, _, words in found)


def test_words_that_were_not_handed_out_begin_the_next_segment() -> None:
    source = TokenSource(None, normalize=False)
    source.feed("Once upon a ti")
    first = source.take()
    assert first is not None
    assert first.text == "Once upon a"
    segment = source.cut()
    assert (segment.start, segment.end) == (0, 14)
    source.feed("me there was a king.")
    source.end()
    rest = source.take()
    assert rest is not None
    assert rest.text == " time there was a king."
    assert rest.segment is not None
    assert (rest.segment.start, rest.segment.end) == (14, 34)


def test_words_that_were_not_handed_out_are_spoken_even_after_the_text() -> None:
    source = TokenSource(None, normalize=False)
    source.feed("Once upon a ti")
    source.take()
    source.cut()
    source.end()
    assert not source.is_over
    rest = source.take()
    assert rest is not None
    assert rest.segment is not None
    assert (rest.text, rest.segment.start, rest.segment.end) == (" ti", 14, 14)
    assert source.is_over


def test_a_word_that_is_cut_by_the_end_of_a_speech_is_read_as_a_whole() -> None:
    """ "$25 b" alone would be twenty-five billion dollars."""
    source = TokenSource("english", normalize=True)
    source.feed("Here is a $25 b")
    first = source.take()
    assert first is not None
    assert first.text == "Here is a"
    source.cut()
    source.feed("ill.")
    source.end()
    rest = source.take()
    assert rest is not None
    assert rest.text == " twenty five dollars bill."


# How the model's tokenizer takes a text apart before it looks at any part.
QWEN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CHARACTERS = [
    *"ab 1.,'\"-!(\n\r\t",
    *"é“”’—…€«\u00a0\u0301\u0308",
    *"你好世界。，「」かカー漢한국",
    *["Я", "😀", "❤️", "👩‍👧", "\u200d", "क्ष", "नि", " he", "'s", ".” "],
]


def token_pieces(text: str, sizes: list[int]) -> list[str]:
    source = TokenSource("english", normalize=False)
    found: list[str] = []
    for part in [*pieces(text, sizes), None]:
        source.end() if part is None else source.feed(part)
        while piece := source.take():
            found.append(piece.text)
    return found


def pre_tokens(parts: list[str]) -> list[str]:
    split = Split(Regex(QWEN), "isolated")
    composed = [unicodedata.normalize("NFC", part) for part in parts]
    return [word for part in composed for word, _ in split.pre_tokenize_str(part)]


@settings(max_examples=1000)
@given(st.lists(st.sampled_from(CHARACTERS), max_size=24).map("".join), SIZES)
def test_a_tokenizer_does_not_see_where_a_text_was_cut(text: str, sizes: list[int]) -> None:
    parts = token_pieces(text, sizes)
    assert "".join(parts) == text
    if max(map(len, pre_tokens([text])), default=0) < 30:
        assert pre_tokens(parts) == pre_tokens([text])
        assert pre_tokens(token_pieces(text, [1])) == pre_tokens([text])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("“Yes.” he said", ["“Yes.”", " he", " said"]),
        ("le cafe\u0301 est", ["le", " cafe\u0301", " est"]),
        ("Great! 🎉 Now", ["Great!", " 🎉", " Now"]),
        ("你好。“我们”走", ["你好", "。“我们", "”走"]),
        ("用AI写 code", ["用AI写", " code"]),
    ],
)
def test_a_word_is_handed_out_as_soon_as_it_is_settled(text: str, words: list[str]) -> None:
    assert [part for part in token_pieces(text, [1]) if part] == words


@pytest.mark.parametrize("by_token", [False, True])
def test_a_model_that_reads_figures_gets_them_as_they_are(by_token: bool) -> None:
    text = "**Pay** $5 by 10:30, see https://example.com/a2.\n"
    tokens = TokenSource("english", True, spell=False)
    source = tokens if by_token else SegmentSource("english", True, True, spell=False)
    source.feed(text)
    source.end()
    said = ""
    while part := source.take() if isinstance(source, TokenSource) else source.next():
        said += part.text
    assert said.strip() == "Pay $5 by 10:30, see example dot com slash a2."


@settings(max_examples=10)
@given(SILENT_TEXTS, st.lists(st.integers(1, 700), min_size=1, max_size=20))
@pytest.mark.parametrize("gather", [None, False])
def test_segments_of_long_silent_parts_come_while_they_arrive(
    gather: bool | None, text: str, sizes: list[int]
) -> None:
    """Clients send no more than 4,000 characters ahead of the last segment."""

    def read(sizes: list[int]) -> list[tuple[int, int]]:
        source = (
            TokenSource("english", True) if gather is not None else SegmentSource(None, True, True)
        )
        if isinstance(source, TokenSource):
            source.gathers = gather is True
        found: list[tuple[int, int]] = []
        sent = 0
        for piece in [*pieces(text, sizes), None]:
            source.end() if piece is None else source.feed(piece)
            sent += len(piece or "")
            while part := source.take() if isinstance(source, TokenSource) else source.next():
                segment = part.segment if isinstance(part, TextPiece) else part
                found += [(segment.start, segment.end)] if segment else []
            assert sent - (found[-1][1] if found else 0) < 3300 + max(sizes)
        assert source.is_over
        return found

    found = read(sizes)
    covers(found, text)
    assert found == read([50_000])
