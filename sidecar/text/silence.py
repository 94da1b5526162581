"""What can be heard of a text."""

from __future__ import annotations

import unicodedata


def is_silent(text: str) -> bool:
    """There is no letter and no numeral in it: punctuation, symbols, emoji and white space."""
    return not any(map(_is_audible, text))


def weigh(text: str) -> int:
    """About how long it takes to say, in Latin letters: a wide character takes three."""
    return sum(
        (3 if unicodedata.east_asian_width(char) in "WF" else 1)
        for char in text
        if _is_audible(char)
    )


def _is_audible(char: str) -> bool:
    return char.isalnum() or unicodedata.category(char)[0] in "LN"
