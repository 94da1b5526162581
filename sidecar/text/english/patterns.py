"""The patterns of figures in an English text, by their kinds."""

from __future__ import annotations

import re

from sidecar.text.english.units import SYMBOL

MONTH = (
    r"(?:Jan(?:uary|\.)?|Feb(?:ruary|\.)?|Mar(?:ch|\.)|Apr(?:il|\.)?|May|June?|July?"
    r"|Aug(?:ust|\.)?|Sept?(?:ember|\.)?|Oct(?:ober|\.)?|Nov(?:ember|\.)?|Dec(?:ember|\.)?)"
)
NUMBER = r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
SCALE = r"(?:thousand|million|billion|trillion|[kKMB]|bn|m)\b"

_YEAR = r"(?:,?\s[12]\d{3})?"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_TH = r"(?:st|nd|rd|th)"
_MM = r"(?:0?[1-9]|1[0-2])"
_NOON = r"\s?[aApP](?:[mM]\b|\.[mM]\b\.?)"
_CLOCK = r"(?:[01]?\d|2[0-4]):[0-5]\d"
_TIME = rf"(?:{_CLOCK}(?::[0-5]\d)?(?:{_NOON})?|\d{{1,2}}{_NOON})"
_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_SUM = rf"{NUMBER}(?:\s?{SCALE})?"
_CURRENCY = r"(?:US)?[$€£¥]\s?"
_MEASURED = rf"\s?(?:[%¢]|°(?:\s?[CF]\b)?|{SYMBOL}(?![\w²³/]))"

# In this order: the first pattern that matches at a place is used.
_KINDS: dict[str, str] = {
    # TeX between dollar signs.
    "maths": r"\$(?=[^$\n]*[\\^_={}+*<>]|\w+\$)[^\s$](?:[^$\n]*[^\s$])?\$(?!\d)",
    "mark": r"(?:No\.\s?|#)\d+",
    "timestamp": rf"\d{{4}}-{_MM}-{_DAY}T{_CLOCK}(?::[0-5]\d(?:\.\d+)?)?"
    r"(?:Z|[-+−](?:0\d|1[0-4])(?::?[0-5]\d)?)?",
    "address": rf"{_OCTET}(?:\.{_OCTET}){{3}}(?:[:/]\d{{1,5}})?",
    "phone": r"(?:\+?\d{1,3}[-. ])?(?:\(\d{3}\)[-. ]?|\d{3}[-. ])\d{3}[-. ]\d{4}"
    r"|\+\d{1,3}(?:[-. ]\(?\d{2,8}\)?){2,5}"
    # Two numbers that end in zeros are a range.
    r"|(?!\d\d0-[1-9]\d\d0)[2-9]\d\d-\d{4}(?!-)",
    "iso": rf"\d{{4}}(?P<by>[-/.]){_MM}(?P=by){_DAY}",
    "day": r"\d{1,2}/\d{1,2}/(?:\d{4}|\d\d)(?!/)|\d{1,2}\.\d{1,2}\.(?:19|20)\d\d",
    "decade": r"(?:mid[-–])?['’]?(?:1[1-9]|20)?\d0['’]?s",
    "version": r"[vV]\d+(?:\.\d+)+|\d+(?:\.\d+){2,}",
    "name": r"[^\W\d_]+[-–.]?\d(?:[\w.-]*\w)?|\d+(?:[A-Z]{1,2}|[a-z])?[-–][^\W\d_](?:-?\w)*"
    r"|\d-\d{3}-[A-Z][A-Z-]+|\d+(?:\.\d+)?[eE][-+−]?\d+",
    "monthday": rf"{MONTH}\s{_DAY}(?:{_TH}?[-–]{_DAY})?{_TH}?{_YEAR}",
    "daymonth": rf"{_DAY}{_TH}?\s(?:of\s)?{MONTH}{_YEAR}",
    "times": rf"(?:{_TIME}|\d{{1,2}})[-–]{_TIME}",
    "time": _TIME,
    # Three to one, or chapter three, verse one.
    "ratio": r"\d+:\d+",
    "duration": r"\d+\s?h\s?\d+\s?m(?:in)?\b(?:\s?\d+\s?s)?|\d+\s?m(?:in)?\s?\d+\s?s",
    "height": r"\d{1,2}['’′]\s?\d{1,2}(?:[\"”″]|'')",
    "sums": rf"{_CURRENCY}{_SUM}[-–](?:{_CURRENCY})?{_SUM}",
    "money": rf"{_CURRENCY}{_SUM}|(?<![\\^_*/{{}}]){NUMBER}\s?[$€£]",
    "ordinal": rf"(?:\d{{1,3}}(?:,\d{{3}})+|\d+){_TH}",
    "measures": rf"{NUMBER}(?:{_MEASURED})?[-–]{NUMBER}{_MEASURED}"
    r"|\d{1,3}[-–]\d{1,3}s",
    "measure": rf"{NUMBER}{_MEASURED}",
    "seconds": r"\d{2,}s|\d+\.\d+s",
    "mixed": r"\d{1,3} [1-9]/[1-9]\d?(?!/)",
    "rating": r"\d\.\d+/\d{1,3}(?!/)",
    "fraction": r"(?<!/)\d{1,2}/\d{1,2}(?!/)",
    "groups": r"\d+(?:-\d+){2,}|\d{5}-\d{4}|\d{4}(?: \d{4}){3}",
    "range": rf"{NUMBER}[-–]{NUMBER}(?![-–]\d)",
    "number": rf"{NUMBER}(?![-–]\d)",
}
# Kinds that are recognised only so that no figure is found inside them.
KEPT = ("maths", "name", "ratio")

_SIGNED = r"(?P<sign>(?<![\w.,)\]%])[-−])?"
FIGURES = re.compile(
    rf"(?<![\w.^$€£¥¢₹₩₽₺₫฿])(?<!\d,){_SIGNED}(?:"
    + "|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _KINDS.items())
    + r")(?!\w|[.,]\d|\^)"
)
