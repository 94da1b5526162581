"""English: what is written in figures and signs, in words.

Only spans that one of the patterns knows are changed; all else stays as it is, to the byte. A
library spells each span. Names such as "IPv6", "GPT-4" and "A4" are left to the model.
"""

from __future__ import annotations

import re

from sidecar.text.numerals import cardinal, money, ordinal, ungrouped, verbalized

_MONTH = (
    r"(?:Jan(?:uary|\.)?|Feb(?:ruary|\.)?|Mar(?:ch|\.)|Apr(?:il|\.)?|May|June?|July?"
    r"|Aug(?:ust|\.)?|Sept?(?:ember|\.)?|Oct(?:ober|\.)?|Nov(?:ember|\.)?|Dec(?:ember|\.)?)"
)
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
# Recognised here, spelled by the library. Not "m" and "s", which it takes for minutes and plurals.
_UNIT = (
    r"(?:km|cm|mm|nm|kg|mg|g|mi|ft|yd|lbs?|oz|ml|mL|ha|hp|mph|rpm|[kMG]bps|[KMGTP]B|[kMG]?Hz"
    r"|[kMG]W|[mk]V|mA|ms|ns|min|h|kcal|mol)(?:[²³]|/[hs])?"
)
_TITLES = r"(?:Mr|Mrs|Ms|Dr|Gen|Lt|Col|Sgt|Rev|Gov|Capt|Hon|Mt|Apt|Vol)\."
# Those that the library does not know.
_LATIN = {
    "e.g.": "for example",
    "i.e.": "that is",
    "etc.": "et cetera",
    "vs.": "versus",
    "approx.": "approximately",
}
_CURRENCIES = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY"}

# In order: the first that fits a place is taken.
_SPANS: dict[str, str] = {
    "mark": r"(?:No\.\s?|#)\d+",
    "version": r"[vV]\d+(?:\.\d+)+|\d+(?:\.\d+){2,}",
    "name": r"[^\W\d_]+[-–.]?\d(?:[\w.-]*\w)?|\d+(?:[A-Z]{1,2}|[a-z])?[-–][^\W\d_]\w*",
    "address": r"\d{1,3}(?:\.\d{1,3}){3}",
    "iso": r"\d{4}(?P<by>[-/.])\d{1,2}(?P=by)\d{1,2}",
    "slashes": r"\d{1,2}/\d{1,2}/(?:\d{4}|\d\d)",
    "monthday": rf"{_MONTH}\s\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s[12]\d{{3}})?",
    "daymonth": rf"\d{{1,2}}(?:st|nd|rd|th)?\s(?:of\s)?{_MONTH}(?:,?\s[12]\d{{3}})?",
    "time": r"\d{1,2}:[0-5]\d(?::[0-5]\d)?(?:\s?[aApP](?:[mM]\b|\.[mM]\b\.?))?",
    "hour": r"\d{1,2}\s?[aApP](?:[mM]\b|\.[mM]\b\.?)",
    "phone": r"\+?\d{1,3}[-. ]\(?\d{3}\)?[-. ]\d{3}[-. ]\d{4}|\(?\d{3}\)?[-. ]\d{3}[-. ]\d{4}"
    r"|\d{3}-\d{4}",
    "much": rf"(?:US)?[$€£¥]\s?(?:{_NUMBER})\s?(?:thousand|million|billion|trillion|[kKMB]|bn|m)\b",
    "money": rf"(?:US)?[$€£¥]\s?(?:{_NUMBER})|(?:{_NUMBER})\s?[$€£]",
    "decade": r"['’]?(?:1\d|20)?\d0s",
    "ordinal": r"\d{1,3}(?:,\d{3})+(?:st|nd|rd|th)|\d+(?:st|nd|rd|th)",
    "percent": rf"(?:{_NUMBER})\s?%",
    "degrees": rf"(?:{_NUMBER})\s?°(?:\s?[CF]\b)?",
    "measure": rf"(?:{_NUMBER})\s?{_UNIT}(?![\w²³/])",
    "fraction": r"\d{1,2}/\d{1,2}(?!/)",
    "range": r"\d{1,4}[-–]\d{1,4}(?![-–])",
    "number": rf"(?:{_NUMBER})",
}
_SIGNED = r"(?P<sign>(?<![\w.,)\]%])[-−])?"
_FIGURES = re.compile(
    rf"(?<![\w.$€£¥])(?<!\d,){_SIGNED}(?:"
    + "|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _SPANS.items())
    + r")(?!\w|[.,]\d)"
)
_ABBREVIATIONS = re.compile(
    rf"(?<![\w.])(?:(?P<title>{_TITLES})(?=\s+\w)|(?P<latin>"
    + "|".join(re.escape(short) for short in _LATIN)
    + r"))(?!\w)",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"\d+")


def spell(text: str, *, more: bool = False) -> str:
    """Args: more: the text goes on behind this part of it."""
    text = _ABBREVIATIONS.sub(lambda match: _abbreviation(match, more), text)
    return _FIGURES.sub(lambda match: _figure(match, more), text)


def _abbreviation(match: re.Match[str], more: bool) -> str:
    span = match[0]
    if match["title"]:
        return verbalized(f"{span} X", "en").removesuffix(" X") if span[0].isupper() else span
    said = _LATIN[span.lower()]
    said = said.capitalize() if span[0].isupper() else said
    return said + _full_stop(match, more)


def _full_stop(match: re.Match[str], more: bool) -> str:
    """One that ends the abbreviation and the sentence."""
    ends = match.end() == len(match.string) and not more
    return "." if ends and match[0].endswith(".") else ""


def _figure(match: re.Match[str], more: bool) -> str:
    span, kind, sign = match[0], match.lastgroup, match["sign"]
    if kind == "name":
        return span
    if sign:
        span = span[1:]
        if kind not in ("number", "percent", "degrees", "measure", "money", "much"):
            return sign + _said(kind, span)
        return "minus " + _said(kind, span)
    return _said(kind, span) + (_full_stop(match, more) if kind in ("time", "hour") else "")


def _said(kind: str | None, span: str) -> str:
    match kind:
        case "version":
            said = " point ".join(cardinal(part, "en") for part in _DIGITS.findall(span))
            return f"version {said}" if span[0] in "vV" else said
        case "iso":
            return verbalized(re.sub(r"[/.]", "-", span), "en")
        case "monthday" | "daymonth":
            return _date(span)
        case "much" | "money":
            return _money(span, alone=kind == "money")
        case "decade":
            return _decade(span.strip("'’s"))
        case "ordinal":
            return ordinal(int(ungrouped(span[:-2])), "en")
        case "percent" | "degrees" | "measure":
            return _measure(span)
        case "fraction" | "range":
            return _two(span, kind)
        case "mark":
            return f"{verbalized('No.', 'en')} {cardinal(_DIGITS.findall(span)[0], 'en')}"
        case "number":
            return _number(span)
        case _:
            return verbalized(span, "en")


def _number(span: str) -> str:
    span = ungrouped(span)
    # Read in pairs, as years are.
    if re.fullmatch(r"1[1-9]\d\d|20\d\d", span):
        return verbalized(span, "en")
    return cardinal(span, "en")


def _date(span: str) -> str:
    """The library wants "may 5, 2026", and says "the fifth of …", with or without an article."""
    bare = re.sub(r"(?<=\d)(?:st|nd|rd|th)|\bof ", "", span)
    said = verbalized(bare.lower(), "en")
    return said.removeprefix("the ") if bare != span and span[0].isdigit() else said


def _money(span: str, *, alone: bool) -> str:
    span = re.sub(r"[,\s]", "", span.removeprefix("US")) if alone else span.removeprefix("US")
    if alone:
        sign = next(char for char in span if char in _CURRENCIES)
        said = money(span.strip("".join(_CURRENCIES)), _CURRENCIES[sign], "en")
        if said:
            return said
    return verbalized(span.replace(",", ""), "en")


def _decade(years: str) -> str:
    if len(years) == 2:
        return verbalized(f"the {years}s", "en").removeprefix("the ")
    if years.endswith("00"):
        return verbalized(years, "en") + "s"
    return f"{cardinal(years[:2], 'en')} {_decade(years[2:])}"


def _measure(span: str) -> str:
    match = re.match(rf"({_NUMBER})\s?(.*)", span)
    if match is None:
        return span
    number, unit = match[1], match[2]
    one = "1" if number == "1" else "2"
    _, _, name = verbalized(f"{one} {unit}", "en").partition(" ")
    return f"{cardinal(ungrouped(number), 'en')} {name}"


def _two(span: str, kind: str) -> str:
    one, other = _DIGITS.findall(span)
    if kind == "range":
        return f"{_number(one)} to {_number(other)}"
    if 0 < int(one) < int(other) <= 10:
        return verbalized(span, "en")
    return f"{cardinal(one, 'en')} {cardinal(other, 'en')}"  # 24/7
