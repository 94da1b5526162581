"""What the ways to read a figure have in common."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from sidecar.text.numerals import spell_cardinal, verbalize

DIGITS = re.compile(r"\d+")


class Figure(NamedTuple):
    """A span of a text that was recognised, without its sign, and what is around it."""

    span: str
    before: str
    after: str


def match_parts(pattern: str, span: str) -> list[str]:
    """The groups of a pattern that the span is known to fit; empty ones for those without part."""
    match = re.fullmatch(pattern, span)
    return [] if match is None else list(match.groups(""))


Reading = Callable[[Figure], str]


def read_with_library(span: str) -> str:
    return verbalize(span, "en")


def spell_number(numeral: str) -> str:
    """A numeral without commas, as a count."""
    return spell_cardinal(numeral, "en")


def spell_digits(numeral: str) -> str:
    return " ".join(spell_number(digit) for digit in numeral)


def spell_count(count: str, one: str) -> str:
    """A count with what is counted, whose first word then has its plural."""
    head, space, rest = one.partition(" ")
    plural = count == "1" or head.endswith(("s", "z"))
    return f"{spell_number(count)} {head}{'' if plural else 's'}{space}{rest}"
