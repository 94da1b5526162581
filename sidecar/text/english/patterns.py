"""The patterns of figures in an English text, by their kinds."""

from __future__ import annotations

import re

from sidecar.text.english.units import CURRENCIES, SYMBOL

# "may", "mar" and "march" in small letters are words.
MONTH = (
    r"(?:(?i:jan(?:uary|\.)?|feb(?:ruary|\.)?|apr(?:il|\.)?|june?|july?|aug(?:ust|\.)?"
    r"|sept?(?:ember|\.)?|oct(?:ober|\.)?|nov(?:ember|\.)?|dec(?:ember|\.)?)"
    r"|Mar(?:ch|\.)|May|MARCH|MAY)"
)
NUMBER = r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
POWER = r"(?:thousand|million|billion|trillion)"
SCALE = rf"(?:{POWER}|[kKMB]|bn|tn|m|b)\b"
# A currency's sign or code, which comes before a sum; a code may also come after it.
SIGN = r"(?:" + "|".join(re.escape(sign) for sign in CURRENCIES if not sign.isalpha()) + ")"
CODE = r"(?:" + "|".join(sign for sign in CURRENCIES if sign.isalpha()) + ")"

_YEAR = r"(?:,?\s[12]\d{3}\b)?"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_TH = r"(?:st|nd|rd|th)"
_MM = r"(?:0?[1-9]|1[0-2])"
_NOON = r"\s?[aApP](?:[mM]\b|\.[mM]\b\.?)"
_CLOCK = r"(?:[01]?\d|2[0-4]):[0-5]\d"
_TIME = rf"(?:{_CLOCK}(?::[0-5]\d)?(?:{_NOON})?|(?:0?\d|1[0-2])\.[0-5]\d{_NOON}|\d{{1,2}}{_NOON})"
_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_CURRENCY = rf"(?:{SIGN}\s?|{CODE}\s)"
SUM = rf"(?:{NUMBER}|\.\d+)(?:\s?{SCALE})?"
_PER = r"(?:\s?/\s?(?!\d)(?:[a-z]{2,}|[hGMkT]B?|kWh)\b)?"
_MEASURED = rf"(?:\s{POWER})?[\s-]?(?:[%¢]|°(?:\s?[CF]\b)?|{SYMBOL}(?![\w²³]))"
# An equation goes on from here: at a sign, or at a number.
_REST = r"(?:\s?[-−+*/×÷x]\s?[\d.,]{1,30}){0,20}\s?="
_TEX = (
    r"\\\(.{1,300}?\\\)|\\\[.{1,300}?\\\]|"
    r"\$(?=[^$\n]*[\\^_={}+*<>]|\w+\$)[^\s$](?:[^$\n]*[^\s$])?\$(?!\d)"
)

# In this order: the first pattern that matches at a place is used.
_KINDS: dict[str, str] = {
    "mark": r"(?:[Nn]o\.\s?|#)\d+(?!\.\d)",
    "timestamp": rf"\d{{4}}-{_MM}-{_DAY}T{_CLOCK}(?::[0-5]\d(?:\.\d+)?)?"
    r"(?:Z|[-+−](?:0\d|1[0-4])(?::?[0-5]\d)?)?",
    "address": rf"{_OCTET}(?:\.{_OCTET}){{3}}(?:[:/]\d{{1,5}})?",
    "phone": r"(?:\+?\d{1,3}[-. ]?)?\(\d{3}\)[-. ]?\d{3}[-. ]\d{4}"
    r"|(?:\+?\d{1,3}[-. ])?\d{3}[-. ]\d{3}[-. ]\d{4}(?:-\d+)?"
    r"|\+\d{1,3}(?:[-. ]?\(?\d{2,8}\)?){2,5}|0\d{2,4} \d{3,4} \d{3,4}|0\d{4} \d{6}"
    # Two numbers that end in zeros are a range.
    r"|(?!\d\d0-[1-9]\d\d0)[2-9]\d\d-\d{4}(?!-)",
    "postal": r"(?<=, )[A-Z]{2},? \d{5}(?:-\d{4})?|(?<=\bending in )\d{3,5}",
    "iso": rf"\d{{4}}(?P<by>[-/.]){_MM}(?P=by){_DAY}",
    "day": r"\d{1,2}/\d{1,2}/(?:\d{4}|\d\d)(?!/)"
    r"|\d{1,2}(?P<to>[.-])\d{1,2}(?P=to)(?:1[1-9]|20)\d\d",
    "quarter": r"(?:[1-4]Q|Q[1-4]\s?['’])\d\d",
    "decades": r"(?:1[1-9]|20)\d0s[-–]['’]?(?:1[1-9]|20)?\d0s",
    "decade": r"(?:mid[-–])?['’]?(?:1[1-9]|20)?\d0['’]?s",
    "version": r"[vV]\d+(?:\.\d+)+|\d{1,3}(?:\.\d{1,3}){2,}",
    "seconds": r"\d{2,}s|\d+\.\d+s",
    "duration": r"\d+\s?h\s?\d+\s?m(?:in)?\b(?:\s?\d+\s?s)?|\d+\s?m(?:in)?\s?\d+\s?s",
    "name": r"(?!\d)[^\W_]+[-–.]?\d(?:[\w.-]*\w)?(?<!['’]s)|\d{3}\([a-z]\)"
    r"|\d+(?:\.\d+)?[xA-Z](?![A-Za-z\d])"
    r"|\d+(?:[A-Z]{1,2}|[a-z])?[-–][^\W\d_](?:-?\w)*|\d-\d{3}-[A-Z][A-Z-]+",
    "monthday": rf"{MONTH}\s{_DAY}(?:{_TH}?[-–]{_DAY})?{_TH}?{_YEAR}",
    "daymonth": rf"{_DAY}{_TH}?\s(?:of\s)?(?i:{MONTH}){_YEAR}",
    "times": rf"(?:{_TIME}|\d{{1,2}})[-–]{_TIME}",
    "time": rf"{_TIME}(?:[A-Z]{{3,4}}\b)?",
    # Three to one, or chapter three, verse one; minutes, metres or millions.
    "kept": r"\d+(?::\d+)+|\d+[ms]|\d+(?:\.\d+)?[eE][-+−]?\d+",
    "height": r"\d{1,2}['’′]\s?\d{1,2}(?:[\"”″]|'')",
    "angle": r"\d+°\s?(?:\d+['’′]\s?)?(?:\d+(?:\.\d+)?[\"”″]\s?)?[NSEW]\b",
    "sums": rf"{_CURRENCY}{SUM}[-–](?:{_CURRENCY})?{SUM}",
    "money": rf"{_CURRENCY}{SUM}{_PER}|(?<![\\^_*/{{}}]){NUMBER}(?:\s?[$€£]|\s{CODE}\b)",
    "ordinal": rf"(?:\d{{1,3}}(?:,\d{{3}})+|\d+){_TH}",
    "measures": rf"{NUMBER}(?:{_MEASURED})?[-–]{NUMBER}{_MEASURED}|\d{{1,3}}[-–]\d{{1,3}}s",
    "mixed": rf"\d{{1,3}} \d{{1,2}}/\d{{1,2}}(?:(?i:th))?(?!/)(?:\s{SYMBOL}(?![\w²³/]))?",
    "measure": rf"(?:{NUMBER}|\.\d+){_MEASURED}{_PER}",
    "rating": r"\d\.\d+/\d{1,3}(?!/)",
    "fraction": r"(?<![/\d])\d{1,5}/\d{1,5}(?:(?i:th|rds?))?(?!/|\s?=)",
    "per": rf"{NUMBER}/{SYMBOL}",
    "groups": r"\d+(?:-\d+){2,}|\d{5}-\d{4}|\d{4}(?: \d{4}){3}",
    "range": rf"{NUMBER}[-–]{NUMBER}(?![-–]\d|\s?=)",
    "number": rf"(?:{NUMBER}|\.\d+)(?:(?![-–]\d)|(?={_REST}))",
}
# Kinds that are recognised only so that no figure is found inside them.
KEPT = ("tex", "kept")

_NUMBER_BEFORE, _NUMBER_AFTER = r"(?:(?<=\d)|(?<=\d\s))", r"(?=\s?[-−]?\.?\d)"
_OPERAND_BEFORE = r"(?:(?<=[\d)%])|(?<=\b[A-Za-z])|(?<=[\d)%]\s)|(?<=\b[A-Za-z]\s))"
_OPERAND_AFTER = r"(?=\s?[-−.(]?(?:\d|[A-Za-z]\b))"
_IN_EQUATION = rf"(?=\s?[\d.,]+{_REST})"
# In "I <3 you" and "a <b> c" there is no number or blank on one side.
_COMPARED, _COMPARED_WITH = r"(?:(?<=\d\s)|(?<=\b[A-Za-z]\s))", r"(?=\s[-−]?\.?\d)"
# Signs between or before numbers and variables, and how they are said.
OPERATORS = {
    rf"{_OPERAND_BEFORE}={_OPERAND_AFTER}": "equals",
    rf"{_OPERAND_BEFORE}\+{_OPERAND_AFTER}|(?<=\d)\+(?![\w+])": "plus",
    rf"{_NUMBER_BEFORE}[-−]{_IN_EQUATION}": "minus",
    rf"{_NUMBER_BEFORE}(?:\*{_NUMBER_AFTER}|[x×]{_IN_EQUATION})": "times",
    rf"{_NUMBER_BEFORE}[x×]{_NUMBER_AFTER}": "by",
    rf"{_OPERAND_BEFORE}(?:÷{_OPERAND_AFTER}|/{_IN_EQUATION})": "divided by",
    rf"≥{_OPERAND_AFTER}": "is greater than or equal to",
    rf"≤{_OPERAND_AFTER}": "is less than or equal to",
    rf"≠{_OPERAND_AFTER}": "is not equal to",
    rf"{_COMPARED}>{_COMPARED_WITH}": "is greater than",
    rf"{_COMPARED}<{_COMPARED_WITH}": "is less than",
    rf"(?:≈|(?<![\w/])~){_NUMBER_AFTER}": "about",
    rf"±{_NUMBER_AFTER}": "plus or minus",
    r"(?<=\w)\^(?=[-−]?\d)": "to the power of",
    rf"√{_NUMBER_AFTER}": "the square root of",
    r"(?<=\b[A-Z])\+\+(?!\w)": "plus plus",
    r"(?<!\S)@(?=[A-Za-z])": "at",
    r"(?<!\S)%(?!\S)": "percent",
}

_SIGNED = r"(?P<sign>(?<![\w.,)\]%])[-−])?"
FIGURES = re.compile(
    rf"(?=[^\w\s.,]|x)(?:(?P<tex>{_TEX})|(?P<operator>{'|'.join(OPERATORS)}))"
    rf"|(?:(?<=\d[x×])|(?<![\w.$€£¥¢₹₩₽₺₫฿])(?<!\d[,–])(?:(?<!\d-)|(?=[\d.,]+{_REST}))){_SIGNED}(?:"
    + "|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _KINDS.items())
    # After a time there may be another one.
    + r")(?![^\Wx×]|x(?!\d)|\.\d|,\d(?!\d?:\d\d))"
)
