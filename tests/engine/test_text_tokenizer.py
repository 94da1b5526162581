"""The bundled voice's tokenizer: how text is spelled out, and how the template stays apart."""

from __future__ import annotations

import json
import string
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models
from transformers import AutoTokenizer

from sidecar.models import catalog
from training.normaliser import ALPHABET, normalise, normaliser
from training.tokenizer import SPECIAL, build, save

BUNDLED = catalog.resolve(catalog.BUNDLED).path / "tokenizer.json"
ROLE = "<|im_start|>assistant\n"
END = "<|im_end|>\n"
REST = f"{END}{ROLE}"

SPOKEN = {
    # Characters without a pronunciation
    "a catchphrase of Hertzsprung": "a catch phrase of hertz sprung",
    "soooooo": "sooo",
    "k" * 100: "kkk",
    "xmlhttpx": "x m l h t t p x",
    "lengths": "lengths",
    "electroencephalographs": "electroencephalographs",
    "abcdefabcdef" * 2: "abcdefabcdef abcdefabcdef",
    # Whole numbers
    "0": "zero",
    "12 eggs": "twelve eggs",
    "20, 21, 99": "twenty, twenty one, ninety nine",
    "101 and 110": "one hundred one and one hundred ten",
    "1,234": "one thousand two hundred thirty four",
    "20,000": "twenty thousand",
    "1000001": "one million one",
    "999,999,999": "nine hundred ninety nine million nine hundred ninety nine thousand"
    " nine hundred ninety nine",
    "1002000": "one million two thousand",
    "007": "zero zero seven",
    "1234567890": "one two three four five six seven eight nine zero",
    "1, 2, 3": "one, two, three",
    "mp3 and B12": "mp three and b twelve",
    # Decimals, fractions and signs
    "3.5": "three point five",
    "0.05, .5": "zero point zero five, point five",
    "3.14159": "three point one four one five nine",
    "½ cup, 5½ miles": "one half cup, five and one half miles",
    "3/4 or 2 1/2": "three quarters or two and one half",
    "-5 degrees, 20°C": "minus five degrees, twenty degrees celsius",
    "10² cm": "ten squared cm",
    # Ordinals and years
    "1st 2nd 3rd 4th": "first second third fourth",
    "11th 12th 20th 21st 99th": "eleventh twelfth twentieth twenty first ninety ninth",
    "1984": "nineteen eighty four",
    "1905 and 1900": "nineteen oh five and nineteen hundred",
    "2000, 2024": "two thousand, two thousand twenty four",
    "1939–1945": "nineteen thirty nine to nineteen forty five",
    "the 1980s and '90s": "the nineteen eighties and nineties",
    # Times
    "at 4:30.": "at four thirty.",
    "7:00": "seven o'clock",
    "3:05": "three oh five",
    "08:15 a.m. or 5PM": "eight fifteen a m or five p m",
    "It's 5 p.m. Go.": "it's five p m. go.",
    "16:9": "sixteen to nine",
    # Money
    "$15": "fifteen dollars",
    "$1 or $1.50": "one dollar or one dollar and fifty cents",
    "$0.99, $3.05": "ninety nine cents, three dollars and five cents",
    "$5 million.": "five million dollars.",
    "€20, 20 €, £3.50": "twenty euros, twenty euros, three pounds and fifty pence",
    "$1,234.56": "one thousand two hundred thirty four dollars and fifty six cents",
    "$5-$10": "five dollars to ten dollars",
    # Symbols
    "50% off": "fifty percent off",
    "A&B = C+D": "a and b equals c plus d",
    "me@site.org": "me at site dot org",
    "5km, 16 GB, #1": "five kilometers, sixteen gigabytes, number one",
    "555-0199": "five five five, zero one nine nine",
    # Abbreviations and initials
    "Mr. and Mrs. Lee, Dr. No": "mister and missus lee, doctor no",
    "e.g. this, i.e., that, etc.": "for example this, that is, that, et cetera.",
    "cats vs. dogs": "cats versus dogs",
    "St. Ives, Main St.": "saint ives, main street",
    "the U.S. army": "the u s army",
    "J. R. Smith on TV": "j r smith on t v",
    "OK, FBI! An HTML page, 2 TVs": "okay, f b i! an h t m l page, two tvs",
    # Letters and punctuation
    "Café naïve ﬁne straße": "cafe naive fine strasse",
    "“Don’t”, she said — ‘no’…": "don't, she said, no.",
    "well-known - yes": "well known, yes",
    "a (b) c; d: e": "a, b, c, d, e",
    "What?! No...  Yes!!": "what? no. yes!",
    "rock 'n' roll": "rock n roll",
    "Привет 😀 hello 你好": "hello",
    "line\nbreak\tand  spaces ": "line break and spaces",
    "": "",
}

_TYPED = string.printable[:95] + "’“”–—…é½€£°\n"
texts = st.text(max_size=80) | st.text(_TYPED, max_size=120)


@pytest.fixture(scope="module", params=["learned", "bundled"])
def tokenizer(request: pytest.FixtureRequest) -> Tokenizer:
    """Return a tokenizer learned from common and invented words, and the one that is shipped."""
    if request.param == "bundled":
        return Tokenizer.from_file(str(BUNDLED))
    random = Random(1)
    common = ["the", "and", "that", "with", "she", "was", "for", "you", "are", "have", "not"]
    made_up = ["".join(random.choices(string.ascii_lowercase, k=5)) for _ in range(60)]
    return build(
        " ".join(random.choice(random.choice((common, made_up))) for _ in range(12)) + "."
        for _ in range(300)
    )


def ids(tokenizer: Tokenizer, text: str) -> list[int]:
    return tokenizer.encode(text, add_special_tokens=False).ids


@pytest.mark.parametrize(("written", "spoken"), SPOKEN.items())
def test_what_is_spoken(written: str, spoken: str) -> None:
    assert normalise(written) == spoken
    assert normalise(spoken) == spoken


@given(texts)
def test_only_the_alphabet_is_left(text: str) -> None:
    # A line break at the beginning is the template's.
    spoken = normaliser().normalize_str(text).removeprefix("\n")
    assert set(spoken) <= set(ALPHABET)
    assert "  " not in spoken
    for mark in ",.?!":
        assert f" {mark}" not in spoken
        for part in spoken.split(mark)[1:]:
            assert part == "" or part[0] == " "


@given(texts)
def test_the_spoken_form_of_a_spoken_form_is_itself(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(st.integers(0, 999_999_999))
def test_commas_in_a_number_change_nothing_but_years(number: int) -> None:
    if not 1100 <= number < 2000:
        assert normalise(f"{number:,}") == normalise(str(number))


def test_every_year_is_two_numbers() -> None:
    for year in range(1110, 2000):
        if year % 100 >= 10:
            assert normalise(str(year)) == normalise(f"{year // 100} {year % 100}")


@pytest.mark.parametrize(("text", "count"), [(ROLE, 3), (END, 2), (REST, 5)])
def test_the_template_is_one_token_per_piece(tokenizer: Tokenizer, text: str, count: int) -> None:
    assert len(ids(tokenizer, text)) == count


@given(text=texts | st.sampled_from(["user", "assistant", "assistants", "The user's 5 files"]))
def test_the_template_can_be_cut_off_by_counting(tokenizer: Tokenizer, text: str) -> None:
    text = text.strip()
    whole = ids(tokenizer, f"{ROLE}{text}{REST}")
    assert whole[:3] == ids(tokenizer, ROLE)
    assert whole[-5:] == ids(tokenizer, REST)
    assert whole[3:-5] == ids(tokenizer, text)


@given(st.lists(st.text(string.ascii_letters, min_size=1, max_size=12), min_size=1, max_size=8))
def test_a_text_may_be_cut_at_spaces(tokenizer: Tokenizer, words: list[str]) -> None:
    chunks = [words[0], *(f" {word}" for word in words[1:])]
    apart = [id for chunk in chunks for id in ids(tokenizer, chunk)]
    assert apart == ids(tokenizer, " ".join(words))


@given(texts)
def test_what_is_decoded_is_what_was_normalised(tokenizer: Tokenizer, text: str) -> None:
    spoken = normalise(text)
    assert tokenizer.decode(ids(tokenizer, spoken), skip_special_tokens=False) == spoken


@pytest.mark.parametrize("text", ['"', "()", "-", "* *", "^", "😀", "你好", "Привет мир"])
def test_nothing_to_say_is_no_token(tokenizer: Tokenizer, text: str) -> None:
    assert ids(tokenizer, text) == []
    assert len(ids(tokenizer, f"{ROLE}{text}{REST}")) == 8


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ('"Hello."', "hello."),
        ("(Hi) there 😀", "hi, there"),
        ("- One.\nTwo.\n\nThree", "one. two. three"),
        (" world", " world"),
        ("He said ", "he said "),
        (' "world"', " world"),
    ],
)
def test_marks_at_the_border_leave_no_space_but_white_space_does(
    tokenizer: Tokenizer, written: str, plain: str
) -> None:
    assert ids(tokenizer, written) == ids(tokenizer, plain)


def test_tokens_are_short(tokenizer: Tokenizer) -> None:
    learned = set(tokenizer.get_vocab()) - {*SPECIAL, "user", "assistant"}
    assert max(map(len, learned)) == 2
    assert set(ALPHABET) <= learned
    assert [tokenizer.token_to_id(text) for text in SPECIAL] == list(range(len(SPECIAL)))


def test_the_bundled_voice_has_this_normaliser() -> None:
    shipped = Tokenizer.from_file(str(BUNDLED))
    ours = Tokenizer(models.BPE())
    ours.normalizer = normaliser()
    assert json.loads(shipped.to_str())["normalizer"] == json.loads(ours.to_str())["normalizer"]


def test_transformers_reads_it(tokenizer: Tokenizer, tmp_path: Path) -> None:
    save(tokenizer, tmp_path)
    read = AutoTokenizer.from_pretrained(tmp_path)
    text = f"{ROLE}Hello, user! It's 3:05.{REST}"
    assert read.encode(text) == ids(tokenizer, text)
    assert read.eos_token == "<|im_end|>"
    assert read.pad_token == "<|endoftext|>"
    # What a request's text may not contain.
    assert set(read.all_special_tokens) == set(SPECIAL)
