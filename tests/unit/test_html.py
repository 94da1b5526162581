"""HTML in a text: the words that are spoken, and the ends of the sentences."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sidecar.synthesis.captions import srt
from sidecar.synthesis.request import Mark
from sidecar.synthesis.segments import Segment, SegmentSource
from sidecar.synthesis.token_source import TokenSource
from sidecar.text.markup import Markup
from sidecar.text.speakable import make_speakable
from sidecar.text.stream import HOLD
from tests.support.sentences import TEXTS, spans, split, stream_speakable

# The paragraphs of a text, and the words that are spoken of each.
BLOCKS = [
    (["<h1>Title</h1>", "<p>Body text</p>"], ["Title", "Body text"]),
    (["<li>milk</li>", "<li>eggs</li>"], ["milk", "eggs"]),
    (["<p>First para.</p>", "<p>Second para.</p>"], ["First para.", "Second para."]),
    (["<td>one</td>", "<td>two</td>"], ["one", "two"]),
    (["<details><summary>Tip</summary>", "Hidden</details>"], ["Tip", "Hidden"]),
    (
        ["The rule:", "<ul><li>Bonds only</li>", "<li>Loans too</li></ul>", "is old."],
        ["The rule:", "Bonds only", "Loans too", "is old."],
    ),
    (["One line<br>", "and one more<br/>", "<hr>Last"], ["One line", "and one more", "Last"]),
    (["<BLOCKQUOTE>To be.</BLOCKQUOTE>\n", "Or not."], ["To be.", "Or not."]),
    (
        ["<div class='a b' hidden><section>Inner one.</section></div> ", "<b>Outer</b> one."],
        ["Inner one.", "Outer one."],
    ),
    (
        ["<table><tr><th>Name</th>", "<th>Age</th></tr>\n", "<tr><td>Ann</td>", "<td>I</td></tr>"],
        ["Name", "Age", "Ann", "I"],
    ),
    (["<ul>\n  <li>One item</li>\n  ", "<li>Two items</li>\n</ul>\n"], ["One item", "Two items"]),
    (["# Head\n", "<p>Body</p>"], ["Head", "Body"]),
    (["Para one.\n\n<!-- a\n\nnote -->", "Para two."], ["Para one.", "Para two."]),
    (["<p>One.</p>\n\n", "<p>Two.</p>\n"], ["One.", "Two."]),
    (["<dl><dt>Word</dt>", "<dd>Sense</dd></dl>"], ["Word", "Sense"]),
]  # fmt: skip
# Within a paragraph.
INLINE = [
    ("un<b>believ</b>able", "unbelievable"),
    ("a <b>bold</b> word", "a bold word"),
    ("H<sub>two</sub>O and 5<sup>th</sup>", "H two O and fifth"),
    ("long<wbr>word", "longword"),
    ('<a href="https://a.example/x?y=1">Home</a><a href="b">About</a>', "Home About"),
    ("cat<img src='cat.png' alt='a > b'>dog", "cat dog"),
    ("see <img src=x> here", "see here"),
    ('<input disabled><button type="submit">Go</button><button>Stop</button>', "Go Stop"),
    ("<span\n  class='a'\n  id=b>Over</span> lines", "Over lines"),
    ('<img src="data:image/png;base64,' + "iVBORw0KGgo" * 150 + '"> A picture', "A picture"),
    ("![A cat](data:image/png;base64," + "iVBORw0KGgo" * 150 + ") here", "A cat here"),
    ("Tom &amp; Ann &eacute;t&#233; &lt;p&gt;", "Tom & Ann été <p>"),
    ("Hi <!-- One. Two. --> world", "Hi world"),
    ("<!DOCTYPE html><html>Hi world</html>", "Hi world"),
    ("<?xml version='1.0'?>Hi world", "Hi world"),
    ('<script>let a = "Hi. You."; if (a<b) {}</script>Hello there.', "Hello there."),
    ("<STYLE>p { color: red }</STYLE >Hello there.", "Hello there."),
    ("Look <svg><text>No.</text></svg>at it", "Look at it"),
    ("<ruby>東京<rt>とうきょう</rt></ruby>へ", "東京へ"),
    ("<ruby>漢<rp>(</rp><rt>かん<rp>)</rp></ruby>字", "漢字"),
    ("<script src='a.js'/>Hello", "Hello"),
]
# Text, not tags.
KEPT = [
    ("if x<y and y>z", "if x<y and y>z"),
    ("a <b and c> d", "a <b and c> d"),
    ("I <3 you", "I <three you"),
    ("3 <b", "three <b"),
    ("Hello <your name> there", "Hello <your name> there"),
    ("5<a and b>6", "five<a and b>six"),
    ("<!-- never closed", "<!-- never closed"),
    ("a < p > b", "a < p > b"),
    ('<a href="never closed', '<a href="never closed'),
]
CODE = [
    ("Say `<p>` and `a<br>b` now.", "Say <p> and a<br>b now."),
    ("A ``<p>`x`` here", "A <p>x here"),
    (r"An \<b> here", "An <b> here"),
    ("A ` <b>lone</b> tick", "A  lone tick"),
]


def streamed(text: str, sizes: list[int]) -> str:
    return "".join(stream_speakable(text, "english", sizes))


def one_by_one(text: str) -> str:
    return streamed(text, [1] * len(text))


@pytest.mark.parametrize(("paragraphs", "said"), BLOCKS)
def test_blocks_end_paragraphs(paragraphs: list[str], said: list[str]) -> None:
    text = "".join(paragraphs)
    for found in (split(text, "english"), split(text, "english", sizes=[1] * len(text))):
        assert spans(text, found) == paragraphs
        assert all(sentence.ends_paragraph for sentence in found)
        assert not any(sentence.is_silent for sentence in found)
    assert [make_speakable(part, "english") for part in paragraphs] == said
    # As one utterance, too, no two words become one.
    assert make_speakable(text, "english") == " ".join(said)
    assert " ".join(one_by_one(text).split()) == " ".join(said)


@pytest.mark.parametrize(("text", "said"), INLINE)
def test_other_tags_neither_glue_words_nor_split_them(text: str, said: str) -> None:
    said = said.replace("H two O", "HtwoO")
    assert make_speakable(text, "english") == said
    assert one_by_one(text).strip() == said
    assert spans(text, split(text, "english")) == [text]


@pytest.mark.parametrize(("text", "said"), KEPT)
def test_what_is_no_tag_of_html_stays(text: str, said: str) -> None:
    assert make_speakable(text, "english") == said
    assert one_by_one(text) == said
    assert spans(text, split(text, "english", sizes=[1] * len(text))) == [text]


@pytest.mark.parametrize(("text", "said"), CODE)
def test_code_is_text(text: str, said: str) -> None:
    assert make_speakable(text, "english") == said
    assert one_by_one(text) == said
    assert spans(text, split(text, "english")) == [text]


def test_a_fence_is_code_too() -> None:
    text = "Look:\n```html\n<p>One.</p><script>\n```\nIt ends here."
    assert spans(text, split(text, "english")) == [
        "Look:\n", "```html\n<p>One.</p><script>\n```\n", "It ends here.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        ("english", ["He said <b>Stop.</b> ", "<i>Then</i> he left."]),
        ("english", ["He said &quot;Stop.&quot; ", "Then he left."]),
        ("english", ["That is all.&nbsp;", "We go on."]),
        ("english", ['See <a title="Dr. Who. The end.">this</a>. ', "It is short."]),
        ("english", ["One <!-- no. Not this. --> sentence. ", "And one more."]),
        ("chinese", ["<b>今天天气很好。</b>", "我们走吧。"]),
    ],
)
def test_sentences_end_where_they_do_without_tags(language: str, sentences: list[str]) -> None:
    text = "".join(sentences)
    found = spans(text, split(text, language))
    assert [part.replace("</b>", "") for part in found] == [
        part.replace("</b>", "") for part in sentences
    ]
    assert spans(text, split(text, language, sizes=[1] * len(text))) == found


def test_the_limit_counts_what_is_said() -> None:
    text = "<p>" + "<b><i>word</i></b> " * 20 + "</p>"
    assert len(split(text, "english", limit=110)) == 1
    assert len(split(text, "english", limit=60)) == 2


def test_what_holds_nothing_to_say_is_silent() -> None:
    for text in ("<br>", "<p></p>", "<script>a. B</script>", "<!-- a -->", "<img src=a.png>"):
        [sentence] = split(text, "english")
        assert (sentence.start, sentence.end, sentence.is_silent) == (0, len(text), True)
        assert make_speakable(text, "english") == ""


def test_without_normalisation_html_is_text() -> None:
    source = SegmentSource("english", split=True, normalize=False)
    text = "<p>First of all.</p><p>And <!-- a. B --> then.</p>"
    source.feed(text)
    source.end()
    assert "".join(segment.text for segment in segments(source)).replace(" ", "") == text.replace(
        " ", ""
    )


def segments(source: SegmentSource) -> list[Segment]:
    found: list[Segment] = []
    while (segment := source.next()) is not None:
        found.append(segment)
    return found


def test_a_page_becomes_segments_with_the_offsets_of_the_original() -> None:
    text = (
        "<!doctype html><html><head><style>p{}</style></head><body>\n"
        "<h1>A day out</h1>\n<p>We left at dawn. It was <em>cold</em>.</p>\n"
        "<script>track('Hi. There.');</script>\n<ul><li>Bread &amp; cheese</li></ul></body></html>"
    )
    source = SegmentSource("english", split=True, normalize=True)
    for at in range(0, len(text), 7):
        source.feed(text[at : at + 7])
    source.end()
    found = segments(source)
    assert [segment.text for segment in found] == [
        "A day out", "We left at dawn.", "It was cold.", "Bread & cheese",
    ]  # fmt: skip
    assert [segment.break_after for segment in found] == [
        "paragraph", "sentence", "paragraph", "paragraph",
    ]  # fmt: skip
    assert "".join(text[segment.start : segment.end] for segment in found) == text
    assert text[found[2].start : found[2].end].startswith("It was <em>cold</em>.</p>")


@pytest.mark.parametrize("at", range(1, 60))
def test_a_voice_may_end_in_the_middle_of_a_tag(at: int) -> None:
    """Text that was not handed out begins the next segment, and half a tag is not text."""
    text = 'We go to <a href="https://a.example/x">the <!-- a. B -->sea</a> now.'
    source = TokenSource("english", normalize=True)
    told: list[str] = []
    for part in (text[:at], text[at:]):
        source.feed(part)
        while piece := source.take():
            told.append(piece.text)
        if part == text[:at]:
            source.cut()
    source.end()
    while not source.is_over and (piece := source.take()):
        told.append(piece.text)
    assert "".join(told) == "We go to the sea now."


def test_captions_show_no_html() -> None:
    text = "<p>Bread &amp; <b>cheese</b></p><p>Milk</p>"
    marks = [Mark(0, 0, 32, 0.0), Mark(1, 32, len(text), 1.0)]
    assert "Bread & cheese\n" in srt(text, marks, 2.0)
    assert "Milk\n" in srt(text, marks, 2.0)


_MARKUP = st.sampled_from(
    [
        "<p>", "</p>", "<br>", "<b>", "</b>", "<a href='x'>", "</a>", "<!-- ", " -->", "<script>",
        "</script>", "<", ">", "<p", " hidden", '="', '"', "`", "``", "&amp;", "&nbsp;", "&",
        "&lt;", ";", "\\", "<li>", "<img src=x>", "<rt>", "</ruby>", "\n", "\n\n", "# ", "```\n",
        "---\n", "| ", "word", "Hi. ", "No! ", "é", "好。", " ", "<!doctype html>",
        "<your name>", "- ", "1. ",
    ]
)  # fmt: skip
PAGES = st.lists(_MARKUP, max_size=25).map("".join)
_SIZES = st.lists(st.integers(0, 9))


@settings(max_examples=300)
@given(PAGES | TEXTS, st.sampled_from([None, "english", "chinese"]), _SIZES)
@example("a<!-- \n\n", "english", [])
@example("</p>\n# x", None, [])
@example("<p>`\n\n`<p>", None, [])
def test_however_a_page_is_cut_its_sentences_are_the_same(
    text: str, language: str | None, sizes: list[int]
) -> None:
    whole = split(text, language)
    assert [s.end for s in whole[:-1]] == [s.start for s in whole[1:]]
    assert not text or (whole[0].start, whole[-1].end) == (0, len(text))
    assert all(s.start < s.end for s in whole)
    assert split(text, language, sizes=sizes) == whole
    assert split(text, language, sizes=[1] * len(text)) == whole


@settings(max_examples=300)
@given(PAGES, _SIZES)
def test_however_a_page_is_cut_the_same_is_said(text: str, sizes: list[int]) -> None:
    whole = streamed(text, [])
    assert streamed(text, sizes) == whole
    assert one_by_one(text) == whole


@pytest.mark.parametrize(
    "unit", ["<p>", "<b ", "<", "&", "`<b>` ", "<!x", "</", "<p>a", "<a x='1' "]
)
def test_what_is_held_of_a_page_is_bounded(unit: str) -> None:
    """Comments and scripts are held for longer: see test_sentences."""
    markup = Markup()
    held = 0
    for _ in range(2000):
        held += len(unit) - sum(run.span for run in markup.feed(unit))
        assert held <= 200 * len(unit) + HOLD


def test_a_long_picture_in_the_text_itself_is_silent() -> None:
    text = "Look: ![](data:image/png;base64," + "iVBO" * 1000 + ") nice."
    assert make_speakable(text, "english").split() == ["Look:", "nice."]
    assert one_by_one(text) == "Look: nice."


def test_a_long_script_is_silent_and_costs_no_more_than_its_length() -> None:
    text = "Before it. <script>" + "if (a < b) { c('d. E'); }\n" * 4000 + "</script>After it."
    sizes = [5] * (len(text) // 5)
    assert " ".join(streamed(text, sizes).split()) == "Before it. After it."
    found = split(text, "english", sizes=sizes)
    first, *silent, last = spans(text, found)
    assert (first, last) == ("Before it. ", "After it.")
    assert {len(part) for part in silent[:-1]} == {300}
    assert all(sentence.is_silent for sentence in found[1:-1])
