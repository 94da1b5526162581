"""Spell titles before names, and abbreviations of Latin words."""

from __future__ import annotations

import re

from sidecar.text.english.readings import read_with_library

# Without "Mrs." and "Ms.", which the library takes for other words and the model knows.
_TITLES = r"(?:Mr|Dr|Gen|Lt|Col|Sgt|Rev|Gov|Capt|Hon|Mt|Apt|Vol)\."
# Abbreviations that the library does not know.
_LATIN = {
    "e.g.": "for example",
    "i.e.": "that is",
    "etc.": "et cetera",
    "vs.": "versus",
    "approx.": "approximately",
}
_ABBREVIATIONS = re.compile(
    rf"(?<![\w.])(?:(?P<title>{_TITLES})(?=\s+\w)|(?P<latin>"
    + "|".join(re.escape(short) for short in _LATIN)
    + r"))(?!\w)",
    re.IGNORECASE,
)


def spell_abbreviations(text: str, *, has_more: bool) -> str:
    """Spell the abbreviations in a part of a text; `has_more` says whether the text goes on."""
    return _ABBREVIATIONS.sub(lambda match: _spell(match, has_more), text)


def _spell(match: re.Match[str], has_more: bool) -> str:
    span = match[0]
    if match["title"]:
        return read_with_library(f"{span} X").removesuffix(" X") if span[0].isupper() else span
    said = _LATIN[span.lower()]
    said = said.capitalize() if span[0].isupper() else said
    # The full stop ends both the abbreviation and the sentence.
    return said + "." if match.end() == len(match.string) and not has_more else said
