from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Regex
from tokenizers.pre_tokenizers import Split

from sidecar.synthesis.segments import Dictation, Passage, Script

# Sentences, words, and what is nasty between them.
WORDS = ["Hello there. ", "It is 3.5 km to Dr. Smith, ", "and on and on it goes ", "No!", " ", "a"]
OTHERS = ["你好，世界。", "これは", "Зачем? ", "é", "e\u0301", "😀", "…", "\u0000", "§"]
MARKUP = ["\n\n", "\n- ", "```\ncode\n```\n", "**bold** ", "1,234.50 $ ", "https://a.bc/d "]
PARTS = st.sampled_from([*WORDS, *OTHERS, *MARKUP])
TEXTS = st.lists(PARTS | st.text(max_size=6), max_size=60).map("".join)
SIZES = st.lists(st.integers(1, 40), min_size=1, max_size=20)


def pieces(text: str, sizes: list[int]) -> list[str]:
    cut: list[str] = []
    while text:
        size = sizes[len(cut) % len(sizes)]
        cut.append(text[:size])
        text = text[size:]
    return cut


def read(text: str, sizes: list[int], *, split: bool = True) -> list[Passage]:
    script = Script(None, split, normalize=True)
    found: list[Passage] = []
    for piece in pieces(text, sizes):
        script.feed(piece)
        while passage := script.next():
            found.append(passage)
    script.end()
    while passage := script.next():
        found.append(passage)
    assert script.is_over
    assert not script.has_next
    return found


def dictate(text: str, sizes: list[int], *, gather: bool) -> list[tuple[int, int, str]]:
    """Each passage's place and words."""
    dictation = Dictation(None, normalize=False)
    dictation.gather = gather
    found: list[tuple[int, int, str]] = []
    words = ""
    for piece in [*pieces(text, sizes), None]:
        dictation.end() if piece is None else dictation.feed(piece)
        while fragment := dictation.take():
            words += fragment.text
            if fragment.passage is not None:
                found.append((fragment.passage.start, fragment.passage.end, words))
                words = ""
    assert dictation.is_over
    assert not words
    return found


def covers(places: list[tuple[int, int]], text: str) -> None:
    assert [start for start, _ in places] == [0, *(end for _, end in places)][: len(places)]
    assert (places[-1][1] if places else 0) == len(text)


@given(TEXTS, SIZES)
def test_passages_cover_the_text_and_do_not_depend_on_its_pieces(
    text: str, sizes: list[int]
) -> None:
    found = read(text, sizes)
    covers([(passage.start, passage.end) for passage in found], text)
    assert found == read(text, [10**6])


@given(TEXTS, SIZES)
def test_a_text_that_is_not_split_is_one_passage(text: str, sizes: list[int]) -> None:
    found = read(text, sizes, split=False)
    assert [(passage.start, passage.end) for passage in found] == [(0, len(text))] * bool(text)


@given(TEXTS, SIZES, st.booleans())
def test_dictated_passages_say_the_text_and_do_not_depend_on_its_pieces(
    text: str, sizes: list[int], gather: bool
) -> None:
    found = dictate(text, sizes, gather=gather)
    covers([(start, end) for start, end, _ in found], text)
    assert "".join(words for _, _, words in found) == text
    assert found == dictate(text, [1], gather=gather)


def test_a_dictated_passage_ends_with_a_sentence() -> None:
    text = "This is a sentence of some forty characters. " * 20
    found = dictate(text, [7], gather=False)
    assert len(found) == 4
    assert all(words.rstrip().endswith(".") for _, _, words in found)


def test_words_that_were_not_told_begin_the_next_passage() -> None:
    dictation = Dictation(None, normalize=False)
    dictation.feed("Once upon a ti")
    first = dictation.take()
    assert first is not None
    assert first.text == "Once upon a"
    passage = dictation.cut()
    assert (passage.start, passage.end) == (0, 14)
    dictation.feed("me there was a king.")
    dictation.end()
    rest = dictation.take()
    assert rest is not None
    assert rest.text == " time there was a king."
    assert rest.passage is not None
    assert (rest.passage.start, rest.passage.end) == (14, 34)


def test_words_that_were_not_told_are_said_even_behind_the_text() -> None:
    dictation = Dictation(None, normalize=False)
    dictation.feed("Once upon a ti")
    dictation.take()
    dictation.cut()
    dictation.end()
    assert not dictation.is_over
    rest = dictation.take()
    assert rest is not None
    assert (rest.text, rest.passage) == (" ti", Passage(14, 14, ""))
    assert dictation.is_over


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


def fragments(text: str, sizes: list[int]) -> list[str]:
    dictation = Dictation("english", normalize=False)
    found: list[str] = []
    for piece in [*pieces(text, sizes), None]:
        dictation.end() if piece is None else dictation.feed(piece)
        while fragment := dictation.take():
            found.append(fragment.text)
    return found


def pre_tokens(parts: list[str]) -> list[str]:
    split = Split(Regex(QWEN), "isolated")
    composed = [unicodedata.normalize("NFC", part) for part in parts]
    return [word for part in composed for word, _ in split.pre_tokenize_str(part)]


@settings(max_examples=1000)
@given(st.lists(st.sampled_from(CHARACTERS), max_size=24).map("".join), SIZES)
def test_a_tokenizer_does_not_see_where_a_dictated_text_was_cut(
    text: str, sizes: list[int]
) -> None:
    parts = fragments(text, sizes)
    assert "".join(parts) == text
    if max(map(len, pre_tokens([text])), default=0) < 30:
        assert pre_tokens(parts) == pre_tokens([text])
        assert pre_tokens(fragments(text, [1])) == pre_tokens([text])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("“Yes.” he said", ["“Yes.”", " he", " said"]),
        ("le cafe\u0301 est", ["le", " cafe\u0301", " est"]),
        ("Great! 🎉 Now", ["Great!", " 🎉", " Now"]),
        ("你好。“我们”走", ["你好", "。“我们", "”走"]),
        ("用AI写 code", ["用AI写", " code"]),
    ],
)
def test_a_word_is_told_as_soon_as_it_is_settled(text: str, told: list[str]) -> None:
    assert [part for part in fragments(text, [1]) if part] == told
