from __future__ import annotations

import unicodedata

import pytest
import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sidecar.text import boundaries
from sidecar.text.languages import detect_languages
from sidecar.text.markup import Markup
from sidecar.text.sentences import Sentence, SentenceSplitter
from sidecar.text.silence import is_silent
from tests.support.plain_texts import PROSE
from tests.support.sentences import SILENT_TEXTS, TEXTS, spans, split


@pytest.mark.parametrize("language", PROSE)
def test_prose_of_every_language_is_split_where_its_sentences_end(language: str) -> None:
    text = "".join(PROSE[language])
    assert spans(text, split(text, language)) == PROSE[language]


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        ("english", ["It costs 3.14 dollars. ", "Visit example.com. ", "v1.2.3 is out."]),
        ("english", ["What?! ", "No... ", "Wait. . . what? ", "Yahoo! is a company."]),
        ("english", ["At 5 p.m. we left. ", "At 5 p.m. ", "We left."]),
        ("english", ["See p. 5. ", "I like e.g. cats. ", "Mr. A. B. Smith, Jr. came."]),
        ("english", ["**Bold.** ", "*Is it?* ", "Yes."]),
        ("english", ["1. First item. ", "Second one."]),
        ("german", ["Usw. usf. und d.h. nichts. ", "Gut."]),
        ("chinese", ["圆周率是3.14。", "“好的。”", "真的吗？！", "走吧！！！", "他走了"]),
        ("japanese", ["「はい。」と言った。", "「本当です。」", "そうか。"]),
    ],
)
def test_abbreviations_quotes_and_figures(language: str, sentences: list[str]) -> None:
    text = "".join(sentences)
    assert spans(text, split(text, language)) == sentences


def test_paragraphs_end_at_blank_lines_and_at_blocks_of_markdown() -> None:
    parts = [
        ("# A title\n", True, False),
        ("First line. ", False, False),
        ("And a second\nthat goes on.\n \n\n", True, False),
        ("- an item\n", True, False),
        ("- and another\n", True, False),
        ("```sh\necho. Hello. World\n\n# none\n```\n", True, True),
        ("| a | b |\n", True, False),
        ("|---|---|\n", True, True),
        ("| c | d |\n", True, False),
        ("> He said. ", False, False),
        ("> Gone.\n\n", True, False),
        ("---\n", True, True),
        ("The end", True, False),
    ]
    text = "".join(part for part, *_ in parts)
    found = [(text[s.start : s.end], s.ends_paragraph, s.is_silent) for s in split(text, "english")]
    assert found == parts


def test_short_sentences_are_put_together_within_their_paragraph() -> None:
    text = "Hi. No! Okay. Well, that is long enough. Ok.\n\nHi."
    assert spans(text, split(text, "english", least=8)) == [
        "Hi. No! Okay. ",
        "Well, that is long enough. ",
        "Ok.\n\n",
        "Hi.",
    ]
    assert spans("你好。谢谢你。再见。", split("你好。谢谢你。再见。", "chinese", least=8)) == [
        "你好。谢谢你。",
        "再见。",
    ]


def test_a_long_sentence_is_cut_after_punctuation_then_white_space_then_anywhere() -> None:
    family = "👨‍👩‍👧"
    for limit, parts in (
        (15, ["one two, ", "three four five"]),
        (10, ["one two ", "three four"]),
        (4, ["abcd", "efgh", "ij"]),
        (6, ["ab", family + "c", "d"]),
    ):
        text = "".join(parts)
        assert spans(text, split(text, limit=limit, normalize=False)) == parts


@pytest.mark.parametrize(
    "text",
    [
        "We are in the U.S. Today it rains.",
        "He works at Acme Inc. It is big.",
        "Hello.   World. ?! Yes.",
        "走吧！”他说。」好",
        "Il dit : « Oui ! » Puis il part.",
        "Er sagte: „Geh!“ Dann ging er.",
        "One.\n \n- two. Three.\n---x\n---\n```x\ny. Z\n```\nEnd.",
    ],
)
def test_no_decision_is_made_too_early(text: str) -> None:
    for language in (None, "french"):
        assert split(text, language, sizes=[1] * len(text)) == split(text, language)


def test_a_sentence_is_confirmed_by_the_beginning_of_the_next_word() -> None:
    splitter = SentenceSplitter("english", least=0)
    markup = Markup()
    text = "It was a long and stormy evening. "
    assert splitter.feed(markup.feed(text)) == []
    (found,) = splitter.feed(markup.feed("T"))
    assert replace(found, runs=()) == Sentence(0, 34, False, is_silent=False, text=text)
    chinese, markup = SentenceSplitter("chinese", least=0), Markup()
    assert chinese.feed(markup.feed("今天天气很好。")) == []
    assert len(chinese.feed(markup.feed("我"))) == 1


@given(
    TEXTS,
    st.sampled_from([None, *PROSE]),
    st.integers(1, 40),
    st.integers(0, 20),
    st.lists(st.integers(1, 12)),
)
def test_pieces_do_not_matter_and_sentences_cover_the_text(
    text: str, language: str | None, limit: int, least: int, sizes: list[int]
) -> None:
    whole = split(text, language, limit, least)
    assert [s.end for s in whole[:-1]] == [s.start for s in whole[1:]]
    assert not text or (whole[0].start, whole[-1].end) == (0, len(text))
    assert all(s.start < s.end for s in whole)
    unchanged = split(text, language, limit, least, normalize=False)
    assert all(s.end - s.start <= limit for s in unchanged)
    assert not whole or whole[-1].ends_paragraph

    # One character at a time, every decision is made as early as it ever is.
    for partition in (sizes, [1] * len(text)):
        assert split(text, language, limit, least, partition) == whole


@settings(max_examples=20)
@given(SILENT_TEXTS, st.lists(st.integers(1, 700)))
def test_silent_parts_are_handed_out_while_they_arrive(text: str, sizes: list[int]) -> None:
    whole = split(text)
    assert "".join(spans(text, whole)) == text
    assert split(text, sizes=sizes) == whole
    markup, splitter, found = Markup(), SentenceSplitter(None, least=0), list[Sentence]()
    for at, char in enumerate(text):
        found += splitter.feed(markup.feed(char))
        # Clients send no more than 4,000 characters ahead.
        assert at - (found[-1].end if found else 0) < 3500
    found += splitter.finish(markup.finish())
    assert [replace(sentence, text="") for sentence in found] == whole


@given(TEXTS, st.integers(8, 40))
@example("👨‍👩‍👧" * 3, 8)
@example("Hi. \u0301", 8)
def test_no_cluster_is_cut_that_fits(text: str, limit: int) -> None:
    borders = {m.start(): len(m[0]) for m in regex.finditer(r"\X", text)}
    for sentence in split(text, None, limit, normalize=False):
        start = sentence.start
        inside = start not in borders and start != len(text)
        # "\r\n" is a cluster, and white space.
        assert not inside or text[start] in "\n" or max(borders.values()) > limit


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        " ",
        "A. ",
        ". ",
        "!",
        "。",
        "\n",
        "- x\n",
        "“(",
        "Hi. ",
        "e\u0301",
        "\u0301",
        "```\n",
        "好。",
    ],
)
def test_cost_and_memory_grow_with_the_text_and_no_faster(
    unit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test counts the characters that the library receives, and those that are kept."""
    import sentencex

    given_: list[int] = []
    segment = sentencex.segment
    monkeypatch.setattr(
        sentencex, "segment", lambda code, text: given_.append(len(text)) or segment(code, text)
    )
    splitter, markup = SentenceSplitter(None), Markup()
    text = unit * (10_000 // len(unit))
    for at in range(0, len(text), 50):
        splitter.feed(markup.feed(text[at : at + 50]))
        assert len(splitter._text) <= 400  # pyright: ignore[reportPrivateUsage]
    splitter.finish(markup.finish())
    assert len(given_) <= len(text)
    assert max(given_, default=0) <= boundaries._CONTEXT + boundaries._WORD  # pyright: ignore[reportPrivateUsage]


@pytest.mark.parametrize("text", ["…", "?!", "—", "", " \n", "😀", "$", "·", "「」", "***"])
def test_silent(text: str) -> None:
    assert is_silent(text)


@pytest.mark.parametrize("text", ["1次", "Hi", "A", "好", "½", "٣", "é", "ｱ"])
def test_not_silent(text: str) -> None:
    assert not is_silent(text)
    assert not is_silent(unicodedata.normalize("NFD", text))


def test_languages() -> None:
    assert detect_languages("", None)[0] == "english"
    assert detect_languages("iPhone很好用", None)[0] == "chinese"
