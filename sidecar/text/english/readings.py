"""Functions that the readings of all kinds of figures share."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from sidecar.text.numerals import spell_cardinal, verbalize

DIGITS = re.compile(r"\d+")


class Figure(NamedTuple):
    """A recognised span of a text, without its minus sign, and the text before and after it."""

    span: str
    before: str
    after: str


def match_parts(pattern: str, span: str) -> list[str]:
    """Return the groups of a pattern that the span matches; a group that is missing is empty."""
    match = re.fullmatch(pattern, span)
    return [] if match is None else list(match.groups(""))


Reading = Callable[[Figure], str]


def read_with_library(span: str) -> str:
    return verbalize(span, "en")


def spell_number(numeral: str) -> str:
    """Spell a numeral without commas, as a count."""
    return spell_cardinal(numeral, "en")


def spell_digits(numeral: str) -> str:
    return " ".join(spell_number(digit) for digit in numeral)


def spell_count(count: str, one: str) -> str:
    """Spell a count and the thing that is counted; its first word is put into the plural."""
    head, space, rest = one.partition(" ")
    plural = count == "1" or head.endswith(("s", "z"))
    return f"{spell_number(count)} {head}{'' if plural else 's'}{space}{rest}"
