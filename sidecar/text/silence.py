"""How much of a text can be heard."""

from __future__ import annotations

import unicodedata


def is_silent(text: str) -> bool:
    """Return whether a text has only punctuation, symbols, emoji and white space."""
    return not any(map(_is_audible, text))


def weigh(text: str) -> int:
    """Estimate how long a text takes to say, in Latin letters: a wide character counts as three."""
    return sum(
        (3 if unicodedata.east_asian_width(char) in "WF" else 1)
        for char in text
        if _is_audible(char)
    )


def _is_audible(char: str) -> bool:
    return char.isalnum() or unicodedata.category(char)[0] in "LN"
