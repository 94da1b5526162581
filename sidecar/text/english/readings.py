"""What the ways to read a figure have in common."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from sidecar.text.numerals import cardinal, verbalized

DIGITS = re.compile(r"\d+")


class Figure(NamedTuple):
    """A span of a text that was recognised, without its sign, and what is around it."""

    span: str
    before: str
    after: str


def parts(pattern: str, span: str) -> list[str]:
    """The groups of a pattern that the span is known to fit; empty ones for those without part."""
    match = re.fullmatch(pattern, span)
    return [] if match is None else list(match.groups(""))


Reading = Callable[[Figure], str]


def library(span: str) -> str:
    return verbalized(span, "en")


def number(numeral: str) -> str:
    """A numeral without commas, as a count."""
    return cardinal(numeral, "en")


def digits(numeral: str) -> str:
    return " ".join(number(digit) for digit in numeral)


def several(count: str, one: str) -> str:
    """A count with what is counted, whose first word then has its plural."""
    head, space, rest = one.partition(" ")
    plural = count == "1" or head.endswith(("s", "z"))
    return f"{number(count)} {head}{'' if plural else 's'}{space}{rest}"
