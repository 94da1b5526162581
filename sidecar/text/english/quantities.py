"""How many and how much: numbers, money, measures, and from one to another of them."""

from __future__ import annotations

import re

from sidecar.text.english.patterns import NUMBER, SCALE
from sidecar.text.english.readings import DIGITS, Figure, Reading, library, number, parts
from sidecar.text.english.units import measured
from sidecar.text.numerals import money, ordinal, ungrouped

_CURRENCIES = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY"}
_SCALES = {"k": "thousand", "m": "million", "b": "billion", "bn": "billion"}
_CENTS = 2
_DENOMINATORS = 10


def _number(numeral: str) -> str:
    # Read in pairs, as years are.
    if re.fullmatch(r"1[1-9]\d\d|20\d\d", numeral):
        return library(numeral)
    return number(ungrouped(numeral))


def _ordinal(figure: Figure) -> str:
    return ordinal(int(ungrouped(figure.span[:-2])), "en")


def _money(figure: Figure) -> str:
    span = figure.span
    sign = next(char for char in span if char in _CURRENCIES)
    amount, scale = parts(rf"\D*({NUMBER})\s?({SCALE})?\D*", span)
    amount = ungrouped(amount)
    if scale:
        return f"{number(amount)} {_SCALES.get(scale.lower(), scale)} {_currency(sign)}"
    whole, _, part = amount.partition(".")
    said = money(amount, _CURRENCIES[sign], "en") if len(part) <= _CENTS else None
    if said is None:  # Of a yen there is no part, and of a cent.
        return f"{number(amount)} {_currency(sign)}"
    nothing = money("0", _CURRENCIES[sign], "en")
    return said.removeprefix(f"{nothing} ") if not int(whole) else said


def _currency(sign: str) -> str:
    """Its name, of many."""
    return library(f"{sign}2 million").removeprefix("two million ")


def _sums(figure: Figure) -> str:
    """$5-10, $5-$10k; what only the last one says is true of both."""
    one, other = re.split("[-–]", figure.span)
    sign = next(char for char in one if char in _CURRENCIES)
    both = any(char in _CURRENCIES for char in other)
    amount, scale = parts(rf"\D*({NUMBER})\s?({SCALE})?", one)
    scaled = re.search(SCALE, other)
    said = _money(figure._replace(span=other if both else sign + other))
    if not scale and (scaled or (not both and "." not in amount)):
        return f"{number(ungrouped(amount))} to {said}"
    return f"{_money(figure._replace(span=one))} to {said}"


def _measure(figure: Figure) -> str:
    count, symbol = parts(rf"({NUMBER})\s?(.*)", figure.span)
    return measured(ungrouped(count), symbol)


def _measures(figure: Figure) -> str:
    one, other = re.split("[-–]", figure.span)
    bare = re.fullmatch(NUMBER, one)
    said = number(ungrouped(one)) if bare else _measure(figure._replace(span=one))
    return f"{said} to {_measure(figure._replace(span=other))}"


def _range(figure: Figure) -> str:
    one, other = (_number(numeral) for numeral in re.split("[-–]", figure.span))
    return f"{one} {other}" if one == other else f"{one} to {other}"  # 50-50


def _fraction(figure: Figure) -> str:
    one, other = DIGITS.findall(figure.span)
    if 0 < int(one) < int(other) <= _DENOMINATORS:
        return library(figure.span)
    return f"{number(one)} {number(other)}"  # 24/7


def _rating(figure: Figure) -> str:
    one, other = figure.span.split("/")
    return f"{number(one)} out of {number(other)}"


def _mixed(figure: Figure) -> str:
    whole, _, part = figure.span.partition(" ")
    one, other = DIGITS.findall(part)
    if int(one) < int(other):
        return library(figure.span)
    return f"{_number(whole)} {_fraction(figure._replace(span=part))}"


def _height(figure: Figure) -> str:
    feet, inches = DIGITS.findall(figure.span)
    return f"{measured(feet, 'ft')} {number(inches)}"


QUANTITIES: dict[str, Reading] = {
    "number": lambda figure: _number(figure.span),
    "ordinal": _ordinal,
    "money": _money,
    "sums": _sums,
    "measure": _measure,
    "measures": _measures,
    "range": _range,
    "fraction": _fraction,
    "rating": _rating,
    "mixed": _mixed,
    "height": _height,
}
