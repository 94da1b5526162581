"""Spell numerals in words with `wetext`, whose grammars know English, Chinese and Japanese."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wetext import Normalizer

# A longer span is not spelled. The library holds the interpreter's lock, for a time that grows
# faster than the span: 13 ms for these, a second and a half for thirty times as many.
LONGEST = 128
# The grammar has names for no more digits, and such a number is easier to follow digit by digit.
_NAMED = 15


@cache
def load_names(language: str) -> dict[str, Any]:
    """Return the names of a language's units, currencies, signs and abbreviations."""
    return tomllib.loads(Path(__file__).with_name("names.toml").read_text("utf-8"))[language]


def any_of(words: Iterable[str]) -> str:
    """Return the pattern of any of these words, the longest first."""
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


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
    if len(span) > LONGEST:
        return span
    try:
        said = _load_normalizer(code).normalize(span)
    except (AssertionError, RuntimeError, KeyError, IndexError, ValueError):
        return span
    return said if said and "\\" not in said else span


def spell_digits(digits: str, code: str = "en") -> str:
    """Spell each digit."""
    return (" " if code == "en" else "").join(verbalize(digit, code) for digit in digits)


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
