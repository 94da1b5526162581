"""English: spell figures and signs in words.

Only spans that match one of the patterns are changed, by a library. Everything else stays as it is,
to the byte, and so does a span that the library does not turn into words. Names such as "IPv6",
"GPT-4" and "A4" are left to the model.
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
# The kinds of figures that may have a minus sign. Before others a hyphen is only a hyphen.
_SIGNED = ("number", "money", "measure", "measures")
_WITH_STOP = ("time", "times")
# Signs that the library did not spell, and words by which it reads a span as arithmetic.
_UNSAID = re.compile(r"[^\w ,'’-]|[\d_]|\bdivided by\b")


def spell(text: str, *, has_more: bool = False, before: str = "") -> str:
    """Spell the figures in a part of a text.

    Args:
        has_more: whether the text goes on after this part.
        before: the text right before it.
    """
    text = before + spell_abbreviations(text, has_more=has_more)
    said: list[str] = []
    at = len(before)
    for match in FIGURES.finditer(text, at):
        said += [text[at : match.start()], _spell_figure(match, has_more)]
        at = match.end()
    return "".join([*said, text[at:]])


def _spell_figure(match: re.Match[str], has_more: bool) -> str:
    text, kind, sign = match.string, match.lastgroup or "", match["sign"] or ""
    if kind in KEPT:
        return match[0]
    span = match[0].removeprefix(sign)
    said = _READINGS[kind](Figure(span, text[: match.start()], text[match.end() :]))
    if _UNSAID.search(said):
        return match[0]
    if sign:
        said = f"minus {said}" if kind in _SIGNED else sign + said
    # The full stop ends both the figure and the sentence.
    ends = kind in _WITH_STOP and span.endswith(".") and match.end() == len(text) and not has_more
    return said + "." if ends else said
