"""What is said has the value that was written, or the figure is left as it was."""

from __future__ import annotations

import datetime
import unicodedata
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sidecar.text.languages import CODES
from sidecar.text.speakable import make_speakable
from tests.support import spoken_values

SPELLED = ("english", "chinese", "japanese")
BEFORE = {"english": "It is ", "chinese": "现在是", "japanese": "今は"}
AFTER = {"english": " now", "chinese": "，好", "japanese": "、です"}
UNITS = {
    "english": {"%": "percent", " km": "kilometers", "kg": "kilograms", " GB": "gigabytes",
                "°C": "degrees Celsius", " mph": "miles per hour", " million": "million"},
    "chinese": {"公里": "公里", "kg": "千克", "元": "元", "℃": "摄氏度", "人": "人"},
    "japanese": {"円": "円", "人": "人", "kg": "キログラム", "％": "パーセント"},
}  # fmt: skip
SUMS = {
    "english": {"$": "dollars", "€": "euros", "£": "pounds", "¥": "yen", "₹": "rupees"},
    "chinese": {"$": "美元", "€": "欧元", "£": "英镑", "￥": "元"},
    "japanese": {"$": "ドル", "€": "ユーロ", "¥": "円"},
}
MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]

EXAMPLES = 60
NUMBERS = st.integers(0, 19).flatmap(lambda digits: st.integers(0, 10**digits))
PLACES = st.integers(0, 4).flatmap(lambda n: st.text("0123456789", min_size=n, max_size=n))


def write(whole: int, part: str, *, grouped: bool) -> str:
    return (f"{whole:,}" if grouped else str(whole)) + (f".{part}" if part else "")


def say(figure: str, language: str) -> str:
    """Return what is said of a figure inside a sentence."""
    before, after = BEFORE[language], AFTER[language]
    said = make_speakable(f"{before}{figure}{after}", language)
    assert said.startswith(before)
    assert said.endswith(after)
    return said[len(before) : len(said) - len(after)]


def read(words: str, language: str) -> Decimal | None:
    if language == "english":
        return spoken_values.read_english(words)
    return spoken_values.read_han(words)


def is_kept(said: str, figure: str) -> bool:
    """Return whether a figure is left to the model, perhaps with plainer signs."""
    plain = unicodedata.normalize("NFKC", figure).replace("−", "-")
    said = unicodedata.normalize("NFKC", said)
    return said in (figure, plain, plain.replace(",", ""))


def check(said: str, figure: str, value: Decimal, language: str) -> None:
    if not is_kept(said, figure):
        assert read(said, language) == value, said


@pytest.mark.parametrize("language", SPELLED)
@settings(max_examples=EXAMPLES)
@given(NUMBERS, PLACES, st.booleans(), st.sampled_from(["", "-", "−"]))
def test_numbers(language: str, whole: int, part: str, grouped: bool, sign: str) -> None:
    figure = sign + write(whole, part, grouped=grouped)
    value = Decimal(figure.replace(",", "").replace("−", "-"))
    check(say(figure, language), figure, value, language)


@pytest.mark.parametrize("language", SPELLED)
@settings(max_examples=EXAMPLES)
@given(st.data(), NUMBERS, PLACES, st.booleans(), st.sampled_from(["", "-"]))
def test_measures(
    language: str, data: st.DataObject, whole: int, part: str, grouped: bool, sign: str
) -> None:
    unit = data.draw(st.sampled_from(sorted(UNITS[language])))
    number = sign + write(whole, part, grouped=grouped)
    said = say(number + unit, language)
    if is_kept(said, number + unit):
        return
    name = UNITS[language][unit]
    singular = name.replace("degrees", "degree") if " " in name else name.removesuffix("s")
    if language == "chinese" and unit.startswith("%"):
        said = said.removeprefix("百分之") + name
    assert said.endswith((name, singular))
    said = said.removesuffix(name).removesuffix(singular).strip()
    check(said, number, Decimal(number.replace(",", "")), language)


@pytest.mark.parametrize("language", SPELLED)
@settings(max_examples=EXAMPLES)
@given(st.data(), NUMBERS, PLACES, st.booleans())
def test_sums(language: str, data: st.DataObject, whole: int, part: str, grouped: bool) -> None:
    sign = data.draw(st.sampled_from(sorted(SUMS[language])))
    number = write(whole, part, grouped=grouped)
    said = say(sign + number, language)
    if is_kept(said, sign + number):
        return
    value = Decimal(number.replace(",", ""))
    if language != "english":
        assert said.endswith(SUMS[language][sign])
        check(said.removesuffix(SUMS[language][sign]), number, value, language)
        return
    total, words = Decimal(0), said
    for name, size in ((SUMS[language][sign], Decimal(1)), ("cent", Decimal("0.01"))):
        for form in (name, name.removesuffix("s")):
            if f" {form}" in words:
                amount, _, words = words.partition(f" {form}")
                found = read(amount, language)
                assert found is not None
                total += found * size
    for name in ("pence", "penny", "paise"):
        if f" {name}" in words:
            found = read(words.partition(f" {name}")[0], language)
            assert found is not None
            total += found / 100
    assert total == value, said


@settings(max_examples=EXAMPLES)
@given(
    st.dates(datetime.date(1100, 1, 1), datetime.date(2099, 12, 31)),
    st.sampled_from(["%Y-%m-%d", "%m/%d/%Y", "%d.%m.%Y", "%B %-d, %Y", "%-d %B %Y", "%d-%m-%Y"]),
)
def test_english_dates(date: datetime.date, form: str) -> None:
    figure = date.strftime(form)
    said = say(figure, "english").lower().removeprefix("the ").replace(",", "")
    if said == figure:
        return
    month = MONTHS[date.month - 1]
    assert f" {month} " in f" {said} "
    before, _, year = said.partition(month)
    if before:
        day = before.removesuffix(" of ")
    else:  # May fifth twenty …
        words = year.split()
        at = next(at for at, w in enumerate(words) if w.endswith(("th", "st", "nd", "rd")))
        day, year = " ".join(words[: at + 1]), " ".join(words[at + 1 :])
    assert spoken_values.read_english_ordinal(day) == date.day
    assert spoken_values.read_english(year) == date.year


@pytest.mark.parametrize("language", ["chinese", "japanese"])
@settings(max_examples=EXAMPLES)
@given(
    st.dates(datetime.date(1100, 1, 1), datetime.date(2099, 12, 31)),
    st.sampled_from(["%Y-%m-%d", "%Y/%m/%d", "%Y年%-m月%-d日", "%Y.%m.%d"]),
)
def test_dates_in_chinese_and_japanese(language: str, date: datetime.date, form: str) -> None:
    figure = date.strftime(form)
    said = say(figure, language)
    if said == figure:
        return
    year, _, rest = said.partition("年")
    month, _, day = rest.partition("月")
    values = [read(words, language) for words in (year, month, day.removesuffix("日"))]
    assert values == [date.year, date.month, date.day]


@pytest.mark.parametrize("language", [name for name in CODES if name not in SPELLED])
@settings(max_examples=EXAMPLES)
@given(
    NUMBERS, PLACES, st.sampled_from(["", "-", "−", "+"]), st.sampled_from(["", " km", "%", " €"])
)
def test_other_languages_keep_every_figure(
    language: str, whole: int, part: str, sign: str, unit: str
) -> None:
    for number in (write(whole, part, grouped=False), f"{whole:,}".replace(",", ".")):
        text = f"A {sign}{number}{unit} B 12.03.2024 C 14:35"
        assert make_speakable(text, language) == text
