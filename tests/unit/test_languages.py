from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.synthesis.segments import SegmentSource
from sidecar.synthesis.token_source import TokenSource
from sidecar.text.languages import TextLanguage, detect_languages
from sidecar.text.sentences import LEAST
from sidecar.text.speakable import make_speakable
from tests.support.everyday import EVERYDAY
from tests.support.plain_texts import PROSE
from tests.support.sentences import spans, split

LATIN = ("german", "french", "spanish", "italian", "portuguese")


def beginnings(language: str, words: int) -> list[str]:
    """Return a text that begins with each sentence, each cut after the given number of words."""
    sentences = EVERYDAY[language]
    texts = (sentences[at:] + sentences[:at] for at in range(len(sentences)))
    return [" ".join(" ".join(text).split()[:words]) for text in texts]


def sentences(text: str, language: str | None = None) -> list[str]:
    return spans(text, split(text, language, least=LEAST))


def given_to_the_model(text: str, sizes: list[int], *, by_token: bool) -> str:
    """Return all the text that the model receives."""
    source = TokenSource(None, True) if by_token else SegmentSource(None, True, True)
    said: list[str] = []

    def take() -> None:
        while part := source.take() if isinstance(source, TokenSource) else source.next():
            said.append(part.text)

    at = 0
    for piece in range(len(text)):
        size = sizes[piece % len(sizes)]
        source.feed(text[at : at + size])
        take()
        at += size
        if at >= len(text):
            break
    source.end()
    take()
    return ("" if by_token else " ").join(said)


def test_prose() -> None:
    for language, prose in PROSE.items():
        text = "".join(prose)
        assert detect_languages(text, language.title())[0] == language
        for asked in (None, "auto", "beijing_dialect", "sichuan_dialect"):
            assert detect_languages(text, asked) == (language,)


@pytest.mark.parametrize(
    ("asked", "language"),
    [("en", "english"), ("EN-us", "english"), ("zh-Hans", "chinese"), ("pt_BR", "portuguese")],
)
def test_a_tag_names_the_language_of_a_text(asked: str, language: str) -> None:
    assert detect_languages("12 kg", asked) == (language,)


def test_figures_are_spelled_by_the_rules_that_a_tag_names() -> None:
    for tag, name in (("de-AT", "german"), ("es_MX", "spanish"), ("fra", "french")):
        assert make_speakable("123456 km", tag) == make_speakable("123456 km", name)
        assert make_speakable("123456 km", tag) != make_speakable("123456 km", "english")


@pytest.mark.parametrize(("words", "least"), [(3, 0.85), (5, 0.95), (10, 1.0), (20, 1.0)])
def test_beginnings_are_told(words: int, least: float) -> None:
    texts = [(text, name) for name in EVERYDAY for text in beginnings(name, words)]
    right = sum(detect_languages(text, None) == (name,) for text, name in texts)
    assert right >= least * len(texts)


@pytest.mark.parametrize("words", range(1, 7))
def test_english_is_not_taken_for_another_language(words: int) -> None:
    for text in beginnings("english", words):
        assert detect_languages(text, None) == ("english",), text
        assert detect_languages(text.upper(), None)[0] == "english", text


@pytest.mark.parametrize(
    "text",
    [
        "", "\n", "5", "OK.", "Hi", "Yes", "No", "No. 5", "Pay $5.", "Wi-Fi 6", "iPhone 15 Pro Max",
        "John Smith", "Version 2.0", "Room 101", "3 km", "B12", "GPT-4 vs. Claude 3", "Error 404",
        "Chapter 3", "I am 25.", "On 2026-11-23, 10:30", "San Francisco, 1998", "Add 2 tsp. salt.",
        "See https://www.beispiel.de/das-ist-nicht-englisch?ja=1", "Mail jo.doe@example.com!",
        "<p>Hi</p>", "Please run `für_immer = 3`.", "\ud800 Hi", "\0", "😀",
    ],
)  # fmt: skip
def test_without_evidence_it_is_english(text: str) -> None:
    assert detect_languages(text, None) == ("english",)


SPOKEN = [
    # Figures that an English text would have in words.
    ("german", "Ich habe 3 Äpfel und 12 Birnen."),
    ("german", "Wir treffen uns um 14:30 Uhr."),
    ("german", "Er kommt am 3. Mai 2024."),
    ("german", "Dr. Müller wohnt hier seit 1998."),
    ("french", "J'ai 25 ans."),
    ("french", "Le train part à 14 h 30."),
    ("french", "M. Dupont habite au 5, rue de la Gare."),
    ("spanish", "Tengo 21 años, son las 10:30"),
    ("spanish", "El Dr. García llega a las 8."),
    ("portuguese", "Tenho 21 anos."),
    ("portuguese", "O Dr. Silva chega às 8 do dia 3 de maio de 2024."),
    ("italian", "Ho 25 anni."),
    ("italian", "Il dott. Rossi arriva alle 8, il 3 maggio 2024."),
]


@pytest.mark.parametrize(("language", "text"), SPOKEN)
@pytest.mark.parametrize("asked", [None, "auto"])
def test_other_languages_keep_what_the_model_reads_better(
    language: str, text: str, asked: str | None
) -> None:
    assert detect_languages(text, asked) == (language,)
    assert make_speakable(text, asked) == text
    assert make_speakable(text, "english") != text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Das kostet heute 3,50 €.", "Das kostet heute 3,50 €."),
        ("Ça coûte 20 € aujourd'hui.", "Ça coûte 20 € aujourd'hui."),
        ("Son 3,14 metros de tela.", "Son 3,14 metros de tela."),
        ("Isso custa 20 € hoje.", "Isso custa 20 € hoje."),
        ("Il pranzo costa 20 € a persona.", "Il pranzo costa 20 € a persona."),
        ("Dr. Smith is 25 years old.", "doctor Smith is twenty five years old."),
    ],
)
def test_sums_in_the_language_that_was_told(text: str, said: str) -> None:
    assert make_speakable(text, None) == said


@pytest.mark.parametrize(
    "text",
    [
        "Bahnhofstr. 5 in Köln.", "Nací en 1998.", "Ik heb 3 appels gekocht.", "Mam 25 lat.",
        "Jag har 12 äpplen hemma.",
    ],
)  # fmt: skip
def test_in_doubt_figures_stay(text: str) -> None:
    names = detect_languages(text, None)
    assert len(names) == 2
    assert names[0] == "english"
    assert make_speakable(text, None) == text


@pytest.mark.parametrize(
    "text",
    [
        "Er kommt am 3. Mai 2024.", "Bahnhofstr. 5 in Köln.", "Wir wohnen in der Bahnhofstr. 5.",
        "Das ist z. B. im Jahr 1989 passiert.", "Am 24. Dezember ist Heiligabend.",
        "Il habite chez M. Dupont à Paris.", "Vive con el Sr. García en Madrid.",
        "Ela mora com o Sr. Silva em Lisboa.", "Abita con il sig. Rossi a Roma.",
        "He lives with Mr. Smith in Leeds.",
    ],
)  # fmt: skip
def test_no_cut_after_an_abbreviation(text: str) -> None:
    assert sentences(text) == [text]


@pytest.mark.parametrize("language", EVERYDAY)
def test_splits_as_if_named(language: str) -> None:
    text = " ".join(EVERYDAY[language])
    assert sentences(text) == sentences(text, language)


def test_does_not_flip_from_sentence_to_sentence() -> None:
    text = " ".join(EVERYDAY["german"][:4])
    source = SegmentSource(None, True, True)
    source.feed(f"{text} Version 2.0. Taxi 17. Total: 3. {text}")
    source.end()
    said = ""
    while segment := source.next():
        said += segment.text
    assert "Version 2.0" in said
    assert "Taxi 17" in said


def test_a_title_in_another_language_does_not_decide() -> None:
    language = TextLanguage(None)
    language.read("Die Hard 2.\n\n")
    assert language.detect("Die Hard 2.") == ("german",)
    language.read("The film came out in the summer of 1990 and was a great success.")
    assert language.detect("It was a great success.") == ("english",)


def test_the_language_is_settled_after_the_beginning() -> None:
    language = TextLanguage(None)
    for sentence in EVERYDAY["french"]:
        language.read(sentence + " ")
    assert language.detect("x") == ("french",)
    for sentence in EVERYDAY["english"] * 20:
        language.read(sentence + " ")
    assert language.detect("I am home.") == ("french",)
    assert language.detect("你好，世界。") == ("chinese",)


def test_mixed_scripts_are_told_sentence_by_sentence() -> None:
    source = SegmentSource(None, True, True)
    source.feed("我有3个苹果。\n\nShe is 25 years old.\n\nУ меня есть 3 яблока.")
    source.end()
    said: list[str] = []
    while segment := source.next():
        said.append(segment.text)
    assert said == ["我有三个苹果。", "She is twenty five years old.", "У меня есть 3 яблока."]


@pytest.mark.parametrize("by_token", [False, True])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("下面是价格：\n\n| B200 | $40,000 | 3kg |\n", "下面是价格： B200, 四万美元, 三千克"),
        ("你好，今天很好。\n\n- `pip install x` 3", "你好，今天很好。 pip install x 三"),
        ("请看 https://example.com/a/very/long/address 第3章。", "第三章。"),
        ("昨日は楽しかったです。\n\n午前8:05集合、2本購入。", "午前八時五分集合、二本購入。"),
        ("今天2天。\n\nThis is a story of 5 apples.\n\n$5", "a story of five apples. five dollars"),
    ],
)
def test_a_passage_without_words_is_in_the_language_before_it(
    text: str, said: str, by_token: bool
) -> None:
    found = given_to_the_model(text, [len(text)], by_token=by_token)
    assert " ".join(found.split()).endswith(said)


MIXED = st.lists(
    st.sampled_from([s + " " for name in EVERYDAY for s in EVERYDAY[name][:6]])
    | st.sampled_from(
        ["J'ai 25 ans. ", "Pay $5. ", "Am 3. Mai ", "Bahnhofstr. 5. ", "```\nx = 1\n```\n", "\n\n"]
    ),
    min_size=1,
    max_size=12,
).map("".join)


@pytest.mark.parametrize("by_token", [False, True])
@given(text=MIXED, sizes=st.lists(st.integers(1, 60), min_size=1, max_size=8))
def test_pieces_do_not_matter(text: str, sizes: list[int], by_token: bool) -> None:
    assert given_to_the_model(text, sizes, by_token=by_token) == given_to_the_model(
        text, [len(text)], by_token=by_token
    )
