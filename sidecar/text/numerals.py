"""Spell numerals in words with `wetext`, whose grammars know English, Chinese and Japanese."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wetext import Normalizer

# The grammar has names for no more digits, and such a number is easier to follow digit by digit.
_NAMED = 15


@cache
def _load_normalizer(code: str) -> Normalizer:
    from wetext import Normalizer

    return Normalizer(lang=code, operator="tn")


@lru_cache(maxsize=4096)
def verbalize(span: str, code: str = "en") -> str:
    """Return a few words with a numeral as `wetext` spells them; the span itself if it fails.

    It raises AssertionError if its grammar does not cover the span, for example "±5". It escapes
    quotation marks and backslashes, so the span must not have any.
    """
    try:
        said = _load_normalizer(code).normalize(span)
    except (AssertionError, RuntimeError, KeyError, IndexError, ValueError):
        return span
    return said if said and "\\" not in said else span


def spell_digits(digits: str) -> str:
    """Spell each digit in English."""
    return " ".join(map(verbalize, digits))


def spell_number(numeral: str) -> str:
    """Spell an English integer or decimal as a count, every digit of its decimals included."""
    whole, _, part = numeral.replace(",", "").partition(".")
    if len(whole) > _NAMED or (len(whole) > 1 and whole[0] == "0"):
        said = spell_digits(whole)
    else:
        # Alone it may be taken for a year. The grammar forgets the "one" of a thousand.
        said = verbalize(f"${whole or 0}").removesuffix("s").removesuffix(" dollar")
        said = f"one {said}" if said.startswith("thousand") else said
    return f"{said if whole else ''} point {spell_digits(part)}".strip() if part else said


def strip_grouping(number: str) -> str:
    """Return a number without the commas between thousands."""
    return number.replace(",", "") if re.match(r"\d{1,3}(?:,\d{3})+", number) else number
