"""SSML in any pieces: what is spoken and asked for, what is wrong, and what is refused."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sidecar.errors import InvalidMarkup, SidecarError, Unsupported
from sidecar.ssml.events import MAX_DEPTH, MAX_TAG_BYTES
from sidecar.ssml.reader import SsmlReader
from sidecar.synthesis.segments import Segment, SegmentSource
from sidecar.synthesis.token_source import TokenSource
from sidecar.text.runs import join_runs
from tests.support.pieces import SIZES, covers, pieces, read_segments

Found = tuple[list[Segment], tuple[object, ...]]


def read(text: str, sizes: list[int], **options: Any) -> Found:
    source = SegmentSource("english", True, True, reader=SsmlReader(**options))
    return read_segments(source, text, sizes), source.notices


def said(body: str, **options: Any) -> list[str | float]:
    """Return what is spoken, the pauses, and the rates between."""
    found: list[str | float] = []
    rate = 1.0
    for segment in read(f"<speak>{body}</speak>", [10**6], **options)[0]:
        direction = segment.direction
        if direction.pause is not None:
            found.append(direction.pause)
        if direction.rate != rate:
            rate = direction.rate
            found.append(f"x{rate:g}")
        if segment.text:
            found.append(segment.text)
    return found


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Hello there, <!-- not --> you &amp; me.", ["Hello there, you & me."]),
        ("<p>One line</p>\n <p>and another</p>", ["One line", "and another"]),
        ("<s>One is here</s> <s>Two is there</s>", ["One is here", "Two is there"]),
        ('Wait<break time="250ms"/>for it.', ["Wait", 0.25, "for it."]),
        ("Wait <break/> for it.", ["Wait", 0.5, "for it."]),
        ('The <sub alias="World Wide Web">WWW</sub> is old.', ["The World Wide Web is old."]),
        ('<say-as interpret-as="characters">Ab1</say-as>!', ["A B one!"]),
        ('Code <say-as interpret-as="digits">1 23</say-as>.', ["Code one two three."]),
        (
            'Call <say-as interpret-as="telephone">+1 (555) 0123</say-as>.',
            ["Call plus one, five five five, zero one two three."],
        ),
        (
            'On <say-as interpret-as="date" format="dmy">3/4/2026</say-as>.',
            ["On the third of april twenty twenty six."],
        ),
        ('So <prosody rate="slow">slowly <prosody rate="80%">now</prosody> ok</prosody> go.',
         ["So", "x0.75", "slowly", "x0.6", "now", "x0.75", "ok", "x1", "go."]),
        ('<prosody rate="+20%">Fast.</prosody>', ["x1.2", "Fast.", "x1"]),
        ("5 km &#x1F600; and a `tick`.<desc>no</desc>", ["five kilometers and a tick."]),
        ("<![CDATA[a < b]]> **bold**", ["a < b **bold**"]),
        # These have no effect, or are not understood.
        ("<emphasis>Hello</emphasis> <w>there</w>.", ["Hello there."]),
        ('<break time="soon"/>Hello.', ["Hello."]),
        ('<say-as interpret-as="digits">a1</say-as> ok', ["a one ok"]),
        ('<sub alias="X">a <b>c</b></sub> ok', ["X ok"]),
    ],
)  # fmt: skip
def test_the_subset_is_honoured(body: str, expected: list[str | float]) -> None:
    assert said(body) == expected


def test_what_has_no_effect_is_reported_with_its_place() -> None:
    text = '<speak>A <emphasis>b</emphasis> <prosody pitch="high" rate="x">c</prosody></speak>'
    assert [str(one) for one in read(text, [3])[1]] == [
        "Notice(type='ssmlIgnored', message='These have no effect, and the text in them is spoken "
        "as any other: <emphasis> (at 9), <prosody pitch> (at 32).')",
        "Notice(type='rateNotPossible', message='These rates are not understood, or not between "
        '0.5 and 2: <prosody rate="x"> (at 32).\')',
    ]


def test_phonemes_are_for_models_that_take_them() -> None:
    body = 'A <phoneme alphabet="ipa" ph="təˈmeɪtoʊ">tomato</phoneme>, 5.'
    assert said(body, takes_phonemes=True) == ["A [tomato](/təˈmAtO/), five."]
    assert said('A <phoneme ph="§">tomato</phoneme>.', takes_phonemes=True) == ["A tomato."]
    with pytest.raises(Unsupported, match="at 9 in the text"):
        said(body)


BOMB = (
    '<!DOCTYPE speak [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    "<speak>&b;</speak>"
)


@pytest.mark.parametrize(
    ("text", "message", "at"),
    [
        (BOMB, "must not declare", 16),
        ('<!DOCTYPE speak SYSTEM "file:///etc/passwd"><speak/>', "must not declare", 43),
        ('<!DOCTYPE s [<!ENTITY x SYSTEM "file:///x">]><s>&x;</s>', "must not declare", 12),
        ('<!DOCTYPE s [<!ENTITY % p SYSTEM "http://h.invalid/">%p;]><s/>', "must not declare", 12),
        ("<speak>é&nbsp;b</speak>", "undefined entity", 8),
        ("<speak>" + "<p>" * MAX_DEPTH + "x", "inside one another", 7 + 3 * (MAX_DEPTH - 1)),
        (f'<speak>é<break time="{"9" * MAX_TAG_BYTES}"/></speak>', "longer than", 8),
        (f"<speak><!--{'-x' * MAX_TAG_BYTES}--></speak>", "longer than", 7),
        ("<speak><p>Hello</s></speak>", "mismatched tag, in <p> from 7", 17),
        ("<speak>Hello", "ends inside <speak>, which begins at 0", 12),
        ("<speak>a < b</speak>", "not well-formed", 10),
        ("Hello there.", "syntax error", 0),
        ("", "no <speak> element|no element found", 0),
        ("<p>Hello</p>", "begins with <speak>", 0),
        ("<speak/><speak/>", "junk after document element", 8),
        ("<speak><voice name='Ann'>Hi</voice></speak>", "no speaker 'Ann'", 7),
        ("<speak>" + "<break " + " ".join(f'a{i}=""' for i in range(17)) + "/></speak>",
         "attributes", 7),
        (f"<speak><sub alias='x'>{'y' * 2001}</sub></speak>", "more than 2000", 7),
    ],
)  # fmt: skip
def test_what_is_no_ssml_is_an_error_with_its_place(text: str, message: str, at: int) -> None:
    for sizes in ([10**6], [1], [7]):
        with pytest.raises(InvalidMarkup, match=message) as caught:
            read(text, sizes)
        assert caught.value.figures.text_offset == at
        assert caught.value.field == "text"


def test_an_attack_takes_little_time_and_memory() -> None:
    # A quadratic blow-up would need an entity; many elements and references are only long.
    for unit in ("&amp;", "<break/>", "<s>a</s>", "]]", "<sub alias='a'/>", "\r", "<!---->"):
        begun = time.thread_time()
        read("<speak>" + unit * 4000 + "</speak>", [997])
        assert time.thread_time() - begun < 5


PARTS = [
    *["Wait", " for it. ", "Yes. ", "5 km ", "&amp;", "&#233;", "é", "😀", "❤️", "\r\n", "`"],
    *['<break time="1s"/>', "<break/>", "<break x='1'/>", "好。", "<!-- no -->", "<![CDATA[a<b]]>"],
    *["<sub alias='is said'>w</sub>", "<say-as interpret-as='digits'>12</say-as>"],
    *["<i>x</i>", "<desc>no</desc>", "<mark name='x'/>"],
]  # fmt: skip
NESTED = st.recursive(
    st.sampled_from(PARTS),
    lambda inner: st.tuples(
        st.sampled_from(
            ["<p>", "<s>", "<prosody rate='80%'>", "<prosody rate='fast'>", "<emphasis>"]
        ),
        st.lists(inner, max_size=4).map("".join),
    ).map(lambda one: f"{one[0]}{one[1]}</{one[0][1:].split()[0].rstrip('>')}>"),
    max_leaves=20,
)
DOCUMENTS = st.lists(NESTED, max_size=8).map(lambda parts: f"<speak>{''.join(parts)}</speak>")


@settings(max_examples=40)
@given(DOCUMENTS, SIZES)
def test_ssml_does_not_depend_on_its_pieces(text: str, sizes: list[int]) -> None:
    found = read(text, sizes)
    assert found == read(text, [10**6])
    covers([(segment.start, segment.end) for segment in found[0]], text)


@settings(max_examples=40)
@given(DOCUMENTS, SIZES)
def test_the_tokens_of_ssml_do_not_depend_on_its_pieces(text: str, sizes: list[int]) -> None:
    def tokens(sizes: list[int]) -> list[tuple[int, int, str, object]]:
        source = TokenSource("english", True, reader=SsmlReader())
        found: list[tuple[int, int, str, object]] = []
        words = ""
        for part in [*pieces(text, sizes), None]:
            source.end() if part is None else source.feed(part)
            while piece := source.take():
                words += piece.text
                if (one := piece.segment) is not None:
                    found.append((one.start, one.end, words, one.direction))
                    words = ""
        return found

    found = tokens(sizes)
    assert found == tokens([1])
    covers([(start, end) for start, end, _, _ in found], text)


@given(st.text(st.sampled_from("<>/&;ab='\" !-[]speak\n"), max_size=60), SIZES)
def test_any_text_is_read_or_refused_whatever_its_pieces(text: str, sizes: list[int]) -> None:
    def read_or_refuse(sizes: list[int]) -> object:
        try:
            return read("<speak>" + text, sizes)
        except SidecarError as error:
            return str(error), error.figures

    assert read_or_refuse(sizes) == read_or_refuse([10**6])


@pytest.mark.parametrize(
    ("language", "plus"),
    [(None, "plus"), ("auto", "plus"), ("de", "plus"), ("es-MX", "más"), ("Italian", "più"),
     ("pt", "mais"), ("ru", "плюс"), ("zh", "加"), ("yue", "加"), ("ja", "プラス"),
     ("ko", "플러스")],
)  # fmt: skip
def test_the_sign_of_a_telephone_number_is_said_in_the_language(
    language: str | None, plus: str
) -> None:
    reader = SsmlReader(language=language)
    runs = reader.feed('<speak><say-as interpret-as="telephone">+49 (30) 1</say-as></speak>')
    assert join_runs(runs + reader.finish()) == f"{plus} 4 9, 3 0, 1"
