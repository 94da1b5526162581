"""English: what is written in figures and signs, in words.

Only spans that one of the patterns knows are changed; all else stays as it is, to the byte, and
so does what comes out as no words. A library spells each span. Names such as "IPv6", "GPT-4" and
"A4" are left to the model.
"""

from __future__ import annotations

import re

from sidecar.text.english.abbreviations import spell_abbreviations
from sidecar.text.english.codes import CODES
from sidecar.text.english.dates import DATES
from sidecar.text.english.patterns import FIGURES, KEPT
from sidecar.text.english.quantities import QUANTITIES
from sidecar.text.english.readings import Figure

_READINGS = CODES | DATES | QUANTITIES
# Before others a hyphen is none of theirs.
_SIGNED = ("number", "money", "measure", "measures")
_WITH_STOP = ("time", "times")
# What a library passes on, and how it takes a span for arithmetic.
_UNSAID = re.compile(r"[^\w ,'’-]|[\d_]|\bdivided by\b")


def spell(text: str, *, more: bool = False, before: str = "") -> str:
    """Args:
    more: the text goes on behind this part of it.
    before: what of the text is right in front of it.
    """
    text = before + spell_abbreviations(text, more=more)
    said: list[str] = []
    at = len(before)
    for match in FIGURES.finditer(text, at):
        said += [text[at : match.start()], _spell_figure(match, more)]
        at = match.end()
    return "".join([*said, text[at:]])


def _spell_figure(match: re.Match[str], more: bool) -> str:
    text, kind, sign = match.string, match.lastgroup or "", match["sign"] or ""
    if kind in KEPT:
        return match[0]
    span = match[0].removeprefix(sign)
    said = _READINGS[kind](Figure(span, text[: match.start()], text[match.end() :]))
    if _UNSAID.search(said):
        return match[0]
    if sign:
        said = f"minus {said}" if kind in _SIGNED else sign + said
    # A full stop that ends the figure and the sentence.
    ends = kind in _WITH_STOP and span.endswith(".") and match.end() == len(text) and not more
    return said + "." if ends else said
