"""Quantities: numbers, money, measures, and ranges of them."""

from __future__ import annotations

import re

from sidecar.text.english.patterns import NUMBER, SCALE
from sidecar.text.english.readings import (
    DIGITS,
    Figure,
    Reading,
    match_parts,
    read_with_library,
    spell_number,
)
from sidecar.text.english.units import spell_measure
from sidecar.text.numerals import spell_money, spell_ordinal, strip_grouping

_CURRENCIES = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY"}
_SCALES = {"k": "thousand", "m": "million", "b": "billion", "bn": "billion"}
_CENTS = 2
_DENOMINATORS = 10


def _spell_number(numeral: str) -> str:
    # A number that may be a year is read as a year, in pairs of digits.
    if re.fullmatch(r"1[1-9]\d\d|20\d\d", numeral):
        return read_with_library(numeral)
    return spell_number(strip_grouping(numeral))


def _read_ordinal(figure: Figure) -> str:
    return spell_ordinal(int(strip_grouping(figure.span[:-2])), "en")


def _read_money(figure: Figure) -> str:
    span = figure.span
    sign = next(char for char in span if char in _CURRENCIES)
    amount, scale = match_parts(rf"\D*({NUMBER})\s?({SCALE})?\D*", span)
    amount = strip_grouping(amount)
    if scale:
        return f"{spell_number(amount)} {_SCALES.get(scale.lower(), scale)} {_name_currency(sign)}"
    whole, _, part = amount.partition(".")
    said = spell_money(amount, _CURRENCIES[sign], "en") if len(part) <= _CENTS else None
    if said is None:  # Neither a yen nor a cent has parts.
        return f"{spell_number(amount)} {_name_currency(sign)}"
    nothing = spell_money("0", _CURRENCIES[sign], "en")
    return said.removeprefix(f"{nothing} ") if not int(whole) else said


def _name_currency(sign: str) -> str:
    """Return the plural of a currency's name."""
    return read_with_library(f"{sign}2 million").removeprefix("two million ")


def _read_sums(figure: Figure) -> str:
    """Read $5-10 or $5-$10k: a sign or a scale of the last number alone holds for both."""
    one, other = re.split("[-–]", figure.span)
    sign = next(char for char in one if char in _CURRENCIES)
    both = any(char in _CURRENCIES for char in other)
    amount, scale = match_parts(rf"\D*({NUMBER})\s?({SCALE})?", one)
    scaled = re.search(SCALE, other)
    said = _read_money(figure._replace(span=other if both else sign + other))
    if not scale and (scaled or (not both and "." not in amount)):
        return f"{spell_number(strip_grouping(amount))} to {said}"
    return f"{_read_money(figure._replace(span=one))} to {said}"


def _read_measure(figure: Figure) -> str:
    count, symbol = match_parts(rf"({NUMBER})\s?(.*)", figure.span)
    return spell_measure(strip_grouping(count), symbol)


def _read_measures(figure: Figure) -> str:
    one, other = re.split("[-–]", figure.span)
    bare = re.fullmatch(NUMBER, one)
    said = spell_number(strip_grouping(one)) if bare else _read_measure(figure._replace(span=one))
    return f"{said} to {_read_measure(figure._replace(span=other))}"


def _read_range(figure: Figure) -> str:
    one, other = (_spell_number(numeral) for numeral in re.split("[-–]", figure.span))
    return f"{one} {other}" if one == other else f"{one} to {other}"  # 50-50


def _read_fraction(figure: Figure) -> str:
    one, other = DIGITS.findall(figure.span)
    if 0 < int(one) < int(other) <= _DENOMINATORS:
        return read_with_library(figure.span)
    return f"{spell_number(one)} {spell_number(other)}"  # 24/7


def _read_rating(figure: Figure) -> str:
    one, other = figure.span.split("/")
    return f"{spell_number(one)} out of {spell_number(other)}"


def _read_mixed(figure: Figure) -> str:
    whole, _, part = figure.span.partition(" ")
    one, other = DIGITS.findall(part)
    if int(one) < int(other):
        return read_with_library(figure.span)
    return f"{_spell_number(whole)} {_read_fraction(figure._replace(span=part))}"


def _read_height(figure: Figure) -> str:
    feet, inches = DIGITS.findall(figure.span)
    return f"{spell_measure(feet, 'ft')} {spell_number(inches)}"


QUANTITIES: dict[str, Reading] = {
    "number": lambda figure: _spell_number(figure.span),
    "ordinal": _read_ordinal,
    "money": _read_money,
    "sums": _read_sums,
    "measure": _read_measure,
    "measures": _read_measures,
    "range": _read_range,
    "fraction": _read_fraction,
    "rating": _read_rating,
    "mixed": _read_mixed,
    "height": _read_height,
}
