"""English: spell figures, signs and abbreviations in words.

Only spans that match one of the patterns are changed. A span that is not turned into words
completely stays as it is, and so does everything else, to the byte.
"""

from __future__ import annotations

import re
import unicodedata

from sidecar.text.english.figure import Figure
from sidecar.text.english.patterns import FIGURES, KEPT, OPERATORS
from sidecar.text.english.quantities import QUANTITIES, spell_state
from sidecar.text.english.times import TIMES
from sidecar.text.english.units import ABBREVIATED
from sidecar.text.numerals import verbalize

_READINGS = TIMES | QUANTITIES
# The kinds of figures that may have a minus sign. Before others a hyphen is only a hyphen.
_SIGNED = ("number", "money", "measure", "measures")
# Signs that were not spelled, and words by which the library reads a span as arithmetic.
_UNSAID = re.compile(r"[^\w ,'’-]|[\d_]|\bdivided by\b")
# The full stop of an abbreviation inside a sentence.
_STOP = re.compile(r"\.(?=\s+[a-z\d(]|[,;:])")
_OPERATORS = [(re.compile(pattern), said) for pattern, said in OPERATORS.items()]
# Every figure, and every sign that is said, has one of these.
_FIGURE = re.compile(r"[\d=+≥≤≠≈~±√@%]")
_PART = re.compile(r"(\d?)([¼½¾⅐-⅞])")

# Without "Mrs." and "Ms.", which the library takes for other words and the model knows.
_TITLES = r"(?:Mr|Dr|Gen|Lt|Col|Sgt|Rev|Gov|Capt|Maj|Hon|Mt|Apt|Vol)\."
# Abbreviations that the library does not know.
_LATIN = {
    "e.g.": "for example",
    "i.e.": "that is",
    "etc.": "et cetera",
    "vs.": "versus",
    "approx.": "approximately",
}
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DAY = r"(?:Mon|Tues?|Wed|Thu(?:rs)?|Fri|Sat|Sun)"
_ABBREVIATIONS = re.compile(
    rf"(?<![\w.])(?:(?P<title>{_TITLES})(?=\s+\w)|(?P<days>{_DAY}\.?[-–]{_DAY}\.?(?=\s+[a-z\d(]|[,;:]))"
    # The numbers of chapters and the like in Roman numerals, and states after a town.
    r"|(?P<roman>(?=[IVXL])(?i:(?<=war )|(?<=chapter )|(?<=part )|(?<=volume )|(?<=section )"
    r"|(?<=book )|(?<=act )|(?<=phase )|(?<=article ))(?:[IVXL]{2,}|V)(?![\w'’]))"
    r"|(?<=[a-z], )(?P<state>[A-Z]{2})(?=[.!?]?$)"
    rf"|(?i:(?P<latin>{'|'.join(map(re.escape, _LATIN))})))(?!\w)"
)


def spell(text: str, *, has_more: bool = False, before: str = "") -> str:
    """Spell the figures in a part of a text.

    Args:
        has_more: whether the text goes on after this part.
        before: the text right before it.
    """
    at = len(before)
    text = _ABBREVIATIONS.sub(
        lambda match: _spell_abbreviation(match, has_more) if match.start() >= at else match[0],
        before + text,
    )
    text = text[:at] + _PART.sub(_write_fraction, text[at:])
    if not _FIGURE.search(text, at):
        return text[at:]
    said: list[str] = []
    for match in FIGURES.finditer(text, at):
        said += [text[at : match.start()], _spell_figure(match, has_more)]
        at = match.end()
        stop = _STOP.match(text, at)
        if stop and ABBREVIATED.search(match[0]) and said[-1] != match[0]:
            at = stop.end()
    return "".join([*said, text[at:]])


def _spell_figure(match: re.Match[str], has_more: bool) -> str:
    text, kind, sign = match.string, match.lastgroup or "", match["sign"] or ""
    if kind in KEPT:
        return match[0]
    if kind == "operator":
        return _spell_operator(match)
    span = match[0].removeprefix(sign)
    said = _READINGS[kind](Figure(span, text[: match.start()], text[match.end() :]))
    if _UNSAID.search(said):
        return match[0]
    if sign:
        said = f"minus {said}" if kind in _SIGNED else sign + said
    # The full stop ends both the figure and the sentence.
    ends = kind in ("time", "times") and span.endswith(".") and match.end() == len(text)
    return said + "." if ends and not has_more else said


def _spell_operator(match: re.Match[str]) -> str:
    text, start, end = match.string, match.start(), match.end()
    said = next(said for pattern, said in _OPERATORS if pattern.match(text, start))
    left = "" if not start or text[start - 1].isspace() or text[start - 1] in "([" else " "
    return f"{left}{said}{'' if text[end : end + 1].isspace() or end == len(text) else ' '}"


def _write_fraction(match: re.Match[str]) -> str:
    """Write ½ as 1/2, and 1½ as 1 1/2."""
    part = unicodedata.normalize("NFKC", match[2]).replace("\N{FRACTION SLASH}", "/")
    return f"{match[1]} {part}" if match[1] else part


def _spell_abbreviation(match: re.Match[str], has_more: bool) -> str:
    span = match[0]
    if match["title"]:
        return verbalize(f"{span} X").removesuffix(" X")
    if match["roman"]:
        return verbalize(str(_read_roman(span)))
    if match["state"]:
        return spell_state(span)
    if match["days"]:
        return " to ".join(
            next(name for name in _DAYS if name.startswith(day[:3]))
            for day in re.split("[-–]", span)
        )
    said = _LATIN[span.lower()]
    said = said.capitalize() if span[0].isupper() else said
    # The full stop ends both the abbreviation and the sentence.
    return said + "." if match.end() == len(match.string) and not has_more else said


def _read_roman(numeral: str) -> int:
    values = [{"I": 1, "V": 5, "X": 10, "L": 50}[char] for char in numeral]
    pairs = zip(values, [*values[1:], 0], strict=True)
    return sum(-value if value < after else value for value, after in pairs)
