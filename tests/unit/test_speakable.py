from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Regex
from tokenizers.pre_tokenizers import Split

from sidecar.synthesis.segments import SegmentSource
from sidecar.text.speakable import make_speakable, warm_up
from sidecar.text.stream import HOLD
from tests.support.plain_texts import PROSE
from tests.support.sentences import TEXTS, WordStream, stream_speakable

ENGLISH = [
    ("He came 1st.", "He came first."),
    ("On 2026-11-23.", "On the twenty third of november twenty twenty six."),
    ("On Nov 23, 2026, we met.", "On November twenty third, twenty twenty six, we met."),
    ("The 5th of May is free.", "The fifth of may is free."),
    ("It costs $3.50 or £20.", "It costs three dollars fifty cents or twenty pounds."),
    ("About $1.5 billion.", "About one point five billion dollars."),
    ("Use v1.2.3 on port 80.", "Use version one point two point three on port eighty."),
    ("Run 3 km at 60 km/h.", "Run three kilometers at sixty kilometers per hour."),
    ("1 GB, 20°C and -5%.", "one gigabyte, twenty degrees Celsius and minus five percent."),
    ("At 10:30, or 5 p.m.", "At ten thirty, or five PM."),
    ("No. 5 and #1", "number five and number one"),
    ("1,200,007 people", "one million two hundred thousand and seven people"),
    ("in 1999, in the 1990s", "in nineteen ninety nine, in the nineteen nineties"),
    ("the 80s, the '90s", "the eighties, the nineties"),
    ("Call 555-123-4567.", "Call five five five, one two three, four five six seven."),
    ("See https://www.example.com/docs?a=1.", "See example dot com slash docs."),
    ("Mail jo.doe@example.com!", "Mail jo dot doe at example dot com!"),
    ("Dr. Smith, e.g., and so on, etc.", "doctor Smith, for example, and so on, et cetera."),
    ("3/4 of it, 24/7", "three quarters of it, twenty four seven"),
    ("pages 3-5", "pages three to five"),
    ("0.05 and 3.14159", "zero point zero five and three point one four one five nine"),
    ("¥500, 1 lb", "five hundred yen, one pound"),
]  # fmt: skip
CHINESE = [
    ("1次", "一次"),
    ("2个人", "两个人"),
    ("2026年11月23日", "二零二六年十一月二十三日"),
    ("2026-11-23", "二零二六年十一月二十三日"),
    ("他花了￥3.50，跑了3km。", "他花了三点五零元，跑了三公里。"),
    ("共1,234个", "共一千二百三十四个"),
    ("5%，20°C，10:30", "百分之五，二十摄氏度，十点三十分"),
    ("第3章", "第三章"),
    ("电话13812345678。", "电话幺三八幺二三四五六七八。"),
    ("他说“好！3”", "他说“好！三”"),
    ("请看https://example.com/docs吧", "请看example点com斜杠docs吧"),
    ("写信给a@b.com。", "写信给a艾特b点com。"),
]
OTHERS = [
    ("japanese", "3人、¥500、3.14", "三人、五百円、三点一四"),
    ("german", "**3,14** und [5](http://x.y)", "3,14 und 5"),
]
UNCHANGED = [
    ("english", "I'm \"fine\", he said — isn't it? (Yes.)"),
    ("english", "the U.S. and 1,5 and 5m"),
    ("english", "snake_case, AT&T, a < b and x*y, C:\\temp, [sic]"),
    ("english", "We may march. May I? No. Yes."),
    ("chinese", "GPT-4和IPv6、v1.2.3、B2B都好。"),
    ("german", "Am 3. Mai 2024 um 10:30 Uhr kam 1 Mann."),
    ("german", "Es sind €4,2 Millionen, 1.000.000 und 3,14. Tel. 0221 9876543"),
    ("french", "le 2 000 000e client, 20 € et 3,14"),
    ("spanish", "$6,5 millones y 430 215,5 toneladas, 31.000 personas"),
    ("italian", "3,14 e 20 €"),
    ("portuguese", "R$ 34,90, 1.500 e 20 €"),
    ("russian", "В 5 домах 21 книга, 349,50 ₽, 8 912 345-67-89"),
    ("korean", "3시 30분에 2명이 왔다. ₩27,000, 1,234,567명"),
    ("english", "<|im_start|> 5 **x**"),
]
MARKDOWN = [
    ("**Bold**, *it*, `code_x` and ~~no~~", "Bold, it, code_x and no"),
    ("[the *link*](http://x.y/z) and ![a cat](c.png)", "the link and a cat"),
    ("## A heading ##", "A heading"),
    ("- [ ] an item", "an item"),
    ("1. an item", "one. an item"),
    ("> quoted\n> text", "quoted text"),
    ("| a | *b* |", "a, b"),
    ("|---|:-:|", ""),
    ("---", ""),
    ("```python", ""),
    ("a <b>bold</b> word<br>here &amp; there", "a bold word here & there"),
    ("if x<y and y>z", "if x<y and y>z"),
    ("**Begun here. ", "Begun here."),
    ("ended here**.", "ended here."),
    ("Hi 😀! I ❤️ you 👨‍👩‍👧 so 🇩🇪.", "Hi! I you so."),
    ("1️⃣ day", "one day"),
    ("好😀的", "好的"),
    ("😀👍🏽", ""),
    ("…", ""),
    ("?! —", ""),
    # Formulas, footnotes and citations.
    (r"See \(y = -3\) and \[x^2\].", r"See \(y = -3\) and \[x^2\]."),
    ("A footnote[^1] and [1][2] refs.[3]", "A footnote and refs."),
    # Signs, blanks and letters that look different.
    ("© 2024, ★ five, 5★, x", "twenty twenty four, five, five, x"),
    ("a\u00a0b\u202f5\u200b km, ﬁne ＡＢ１", "a b five kilometers, fine AB one"),
    ("日本(にほん)へ、東京（だけ）", "日本へ、東京（だけ）"),
    # Tags that are not HTML's, and thinking.
    ("go<noise/>home", "go<noise/>home"),
    ("<think>Hm, 5?\n\nYes.</think>\n\nIt is 5.", "It is five."),
    ("", ""),
]


@pytest.mark.parametrize(("text", "said"), ENGLISH)
def test_english(text: str, said: str) -> None:
    assert make_speakable(text, "english") == said


@pytest.mark.parametrize(("text", "said"), CHINESE)
def test_chinese(text: str, said: str) -> None:
    assert make_speakable(text, "chinese") == said


@pytest.mark.parametrize(("language", "text", "said"), OTHERS)
def test_other_languages(language: str, text: str, said: str) -> None:
    assert make_speakable(text, language) == said


@pytest.mark.parametrize(("text", "said"), MARKDOWN)
def test_markdown_and_emoji(text: str, said: str) -> None:
    assert make_speakable(text, "english") == said


@pytest.mark.parametrize(("language", "text"), UNCHANGED)
def test_what_needs_no_spelling_stays(language: str, text: str) -> None:
    assert make_speakable(text, language) == text


@pytest.mark.parametrize("language", PROSE)
def test_plain_prose_stays_in_every_language(language: str) -> None:
    for sentence in PROSE[language]:
        assert make_speakable(sentence, language) == sentence.strip()


def test_without_normalisation_only_white_space_goes() -> None:
    assert (
        make_speakable(" **It** costs $5 😀\n", "english", normalize=False) == "**It** costs $5 😀"
    )
    assert make_speakable(" *** ", "english", normalize=False) == ""


@settings(max_examples=200)
@given(
    st.one_of(st.text(), TEXTS, st.text("0123456789.,:/-%$€ °kmKaAst#\"\\'年个第")),
    st.sampled_from([*PROSE]),
)
def test_any_text_is_taken(text: str, language: str) -> None:
    said = make_speakable(text, language)
    assert said == said.strip()
    assert isinstance(said, str)


SIZES = st.lists(st.integers(0, 9))
WRITTEN = st.one_of(
    TEXTS,
    st.lists(st.sampled_from([t for t, _ in ENGLISH + CHINESE + MARKDOWN]), max_size=4).map(
        " ".join
    ),
)


@settings(max_examples=200)
@given(WRITTEN, st.sampled_from([None, "english", "chinese", "german"]), SIZES)
def test_pieces_do_not_matter_to_what_is_said(
    text: str, language: str | None, sizes: list[int]
) -> None:
    whole = "".join(stream_speakable(text, language, []))
    assert "".join(stream_speakable(text, language, sizes)) == whole
    assert "".join(stream_speakable(text, language, [1] * len(text))) == whole


def test_the_language_is_guessed_from_all_that_was_said() -> None:
    said = "".join(stream_speakable("你好，我的朋友。 5 5", None, []))
    assert said == "你好，我的朋友。 五 五"


@given(st.one_of(WRITTEN, st.text()), SIZES)
def test_without_normalisation_the_text_passes_whole_and_in_stable_parts(
    text: str, sizes: list[int]
) -> None:
    parts = stream_speakable(text, None, sizes, normalize=False)
    assert "".join(parts) == text
    composed = "".join(unicodedata.normalize("NFC", part) for part in parts)
    assert composed == unicodedata.normalize("NFC", text)


# How the model's tokenizer takes a text apart before it looks at any part.
_QWEN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


@settings(max_examples=300)
@given(st.text("aé1 .,'\n\r-(«Я한\u00a0\t", max_size=40))
def test_the_tokenizer_does_not_see_where_the_text_was_cut(text: str) -> None:
    split = Split(Regex(_QWEN), "isolated")
    parts = stream_speakable(text, None, [1] * len(text), normalize=False)
    seen = [word for part in parts for word, _ in split.pre_tokenize_str(part)]
    assert seen == [word for word, _ in split.pre_tokenize_str(text)]


@pytest.mark.parametrize("language", PROSE)
def test_everything_can_be_loaded_ahead(language: str) -> None:
    warm_up(language)


@pytest.mark.parametrize("text", [t for t, _ in ENGLISH])
def test_a_stream_says_what_a_sentence_says(text: str) -> None:
    """The only difference is the article before a day, whose month arrives too late for it."""
    said = "".join(stream_speakable(text, "english", [1] * len(text)))
    assert said.replace("fifth of May", "fifth of may") == make_speakable(text, "english")


@pytest.mark.parametrize("normalize", [True, False])
def test_words_come_out_at_the_white_space_after_them(normalize: bool) -> None:
    stream = WordStream("english", normalize)
    assert [stream.feed(c) for c in "Oh yes, well "] == [
        *["", "", "Oh"], *["", "", "", "", " yes,"], *["", "", "", "", " well"],
    ]  # fmt: skip
    chinese = WordStream("chinese", normalize)
    assert [chinese.feed(c) for c in "你好，我"] == ["", "你", "好", "，"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("The plan\nwe\r\nhad. \n\nOnce", ["The", " plan", " we", " had.", " Once"]),
        ("Hi 👨‍👩‍👧‍👦! I", ["Hi", "!", " I"]),
        ("Hi 🙂 there", ["Hi", " there"]),
        ("- a\n\n- b ", ["a", " b", " "]),
    ],
)
def test_white_space_of_a_stream(text: str, told: list[str]) -> None:
    parts = stream_speakable(text, "english", [1] * len(text))
    assert [part for part in parts if part] == told


def test_figures_wait_for_the_word_after_them() -> None:
    stream = WordStream("english")
    assert stream.feed("It costs $3.") == "It costs"
    assert stream.feed("50 ") == ""
    assert stream.feed("now ") == " three dollars fifty cents now"


@pytest.mark.parametrize(
    "unit", ["a", "5", "5 ", "[", "<a ", "| ", "`x ", "\u0301", " ", "$", "好3"]
)
@pytest.mark.parametrize("normalize", [True, False])
def test_what_is_held_back_is_bounded(unit: str, normalize: bool) -> None:
    stream = WordStream("english", normalize)
    for _ in range(1500):
        stream.feed(unit)
        words, markup = stream.words, stream.markup
        held = len(words._part) + len(words._words._held)  # pyright: ignore[reportPrivateUsage]
        held += len(markup._held) - markup._at + sum(map(len, markup._late))  # pyright: ignore[reportPrivateUsage]
        assert held <= 4 * HOLD + len(unit)


def test_the_same_twice_is_the_same() -> None:
    for text, said in ENGLISH + CHINESE:
        assert make_speakable(text, "chinese" if (text, said) in CHINESE else "english") == said


CITED = [
    ("Himmel[1] und Erde [2]. So [3], auch.[4] Hier [5][6] nicht.",
     "Himmel und Erde. So, auch. Hier nicht."),
    ("x[1] = 5, Taste [1] geht, [12] Meier", "x[1] = 5, Taste [1] geht, [12] Meier"),
    ("Start → Ende, →, ★, ©, so.", "Start Ende, so."),
    ("Es gilt $x^2 = 4$, $n$ und \\(a_1\\).", "Es gilt $x^2 = 4$, $n$ und \\(a_1\\)."),
    ("Von $5 bis *$6*, **$7** und $8.", "Von $5 bis $6, $7 und $8."),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), CITED)
def test_citations_signs_and_formulas_in_any_language(text: str, said: str) -> None:
    for language in ("german", "russian"):
        assert make_speakable(text, language) == said
        assert "".join(stream_speakable(text, language, [1] * len(text))) == said


SKIPPED = [
    ("[laughs] Well, [sighs softly], yes *waves* (pause).", "Well, yes."),
    ("I don't know. (sighs) Maybe.", "I don't know. Maybe."),
    ("好（笑）的【叹气】。", "好的。"),
    ("**Bold** (in 1984) and [a link](http://x.y) [1], [pause 500ms] x[^1].",
     "Bold (in 1984) and a link, x."),
    ("(never closed", "(never closed"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), SKIPPED)
def test_stage_directions_are_skipped_on_demand(text: str, said: str) -> None:
    assert make_speakable(text, "german", skip=("directions",)) == said
    assert len(make_speakable(text, "german")) >= len(said)
    for size in (1, 5, len(text)):
        stream = WordStream("german", skip=("directions",))
        parts = [stream.feed(text[at : at + size]) for at in range(0, len(text), size)]
        assert "".join([*parts, stream.finish()]).strip() == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<think>Hm.\n\n- a\n</think>\n\nIt is.", "It is."),
        ("<THINKING>\nHm. </thinking> It is.", "It is."),
        ("Yes.\n\n<think>never closed. No.", "Yes."),
        ("A <think>b c</think> d.", "A d."),
        ("A <think> tag.", "A tag."),
        ("> <think>x</think> y", "y"),
    ],
)
def test_reasoning_is_not_spoken(text: str, said: str) -> None:
    assert make_speakable(text, "german") == said
    for size in (1, 4):
        sizes = [size] * (len(text) // size)
        assert "".join(stream_speakable(text, "german", sizes)).strip() == said
    kept = make_speakable(text, "german", skip=())
    assert "<" not in kept
    assert len(kept) > len(said) - 1


def test_what_is_skipped_is_counted_in_places() -> None:
    text = "<think>Hm. No.</think>Yes, so it is. [laughs] And it is good."
    source = SegmentSource("english", True, True, skip=("thinking", "directions"))
    source.feed(text)
    source.end()
    found = [segment for segment in iter(source.next, None) if segment.text]
    assert [segment.text for segment in found] == ["Yes, so it is.", "And it is good."]
    assert text[found[-1].start :] == "And it is good."
    assert found[-1].end == len(text)
