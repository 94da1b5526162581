"""Spell numerals, money and dates in words: a thin layer over `num2words` and `wetext`."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from num2words import Converter
    from wetext import Normalizer

_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+")
# num2words has no names for more digits, and such a number is easier to follow digit by digit.
_NAMED = 15


@cache
def _load_normalizer(code: str) -> Normalizer:
    from wetext import Normalizer

    return Normalizer(lang=code, operator="tn")


@lru_cache(maxsize=1024)
def verbalize(span: str, code: str) -> str:
    """Return a few words with a numeral as `wetext` spells them; the span itself if it fails.

    It raises AssertionError if its grammar does not cover the span, for example "±5". It escapes
    quotation marks and backslashes, so the span must not have any.
    """
    try:
        said = _load_normalizer(code).normalize(span)
    except (AssertionError, RuntimeError, KeyError, IndexError, ValueError):
        return span
    return said if said and "\\" not in said else span


@cache
def _load_converter(code: str) -> Converter:
    from copy import copy

    from num2words import CONVERTER_CLASSES

    converter = copy(CONVERTER_CLASSES[code])
    if code == "es":
        converter.pointword = "coma"  # the decimal sign in Spanish is a comma
    return converter


@lru_cache(maxsize=1024)
def spell_cardinal(number: str, code: str) -> str:
    """Spell an integer or a decimal with a point, in ASCII digits, perhaps with a sign."""
    whole, _, part = number.lstrip("+-").partition(".")
    sign = "-" if number.startswith("-") else ""
    numbered = len(whole) > _NAMED or (len(whole) > 1 and whole[0] == "0")
    if not numbered and part.strip("0") and len(part) <= _NAMED:
        return _spell(f"{sign}{whole}.{part}", code)
    # Digit by digit: numbers without a name, and zeros that the library would drop.
    said = _spell_digits(whole, code) if numbered else _spell(sign + whole, code)
    return f"{said} {_load_converter(code).pointword} {_spell_digits(part, code)}" if part else said


def _spell_digits(number: str, code: str) -> str:
    return " ".join(_spell(digit, code) for digit in number)


def _spell(number: str, code: str) -> str:
    if "." not in number:
        value: float | Decimal = int(number)
    else:  # The Italian converter drops the decimals of a Decimal.
        value = float(number) if code == "it" else Decimal(number)
    return _load_converter(code).to_cardinal(value).replace(",", "")


@lru_cache(maxsize=256)
def spell_ordinal(number: int, code: str) -> str:
    return _load_converter(code).to_ordinal(number).replace(",", "")


@lru_cache(maxsize=256)
def spell_money(amount: str, currency: str, code: str) -> str | None:
    """Spell an amount with a decimal point; None if the library has no name for the currency."""
    if code == "ko":
        return None  # the library says "오달러 영센트", even if no cents are asked for
    try:
        said = _load_converter(code).to_currency(
            float(amount), currency=currency, separator="\0", cents=True
        )
    except (NotImplementedError, ValueError):
        return None
    whole, _, part = said.partition("\0")
    if "." not in amount or not amount.partition(".")[2].strip("0"):
        return whole.replace(",", "")
    return f"{whole.replace(',', '')} {part.strip()}"


def strip_grouping(number: str) -> str:
    """Return a number without the commas between thousands."""
    return number.replace(",", "") if _GROUPED.match(number) else number
