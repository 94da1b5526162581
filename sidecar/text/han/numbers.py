"""Spell Chinese and Japanese numbers that `wetext` would read as something else."""

from __future__ import annotations

import re

from sidecar.text.numerals import strip_grouping, verbalize

_GROUPED = re.compile(r"(?<![\d,])\d{1,3}(?:,\d{3})+(?!\d)")


def spell_digits(number: str, code: str) -> str:
    """Spell each digit, as in a year."""
    return re.sub(r"\d", lambda match: verbalize(match[0], code), number)


def spell_dialled(number: str) -> str:
    """Spell a Chinese number that is a name: with 幺 for 一, which sounds like 七."""
    return spell_digits(number, "zh").replace("一", "幺")


def spell_plain_numbers(text: str, code: str) -> str:
    """Spell the numbers that the grammar would read as something else.

    It takes 12.5 for a date, and with many measure words 120 and 12,345 for telephone numbers.
    """
    if code == "zh":
        text = _AS_DATE.sub(lambda match: spell_number(match[0]), text)
        text = _AS_SERVICE.sub(lambda match: spell_number(match[0]), text)
        text = _GROUPED_ALONE.sub(lambda match: spell_number(strip_grouping(match[0])), text)
    return _GROUPED.sub(lambda match: strip_grouping(match[0]), text)


_AS_DATE = re.compile(
    r"(?<![\d.:/+-])(?:1[0-2]\.\d{1,2}|\d{1,2}\.\d{4}|\d{4}\.\d\d?(?=[元美欧英日港万亿]))"
    r"(?![\d.:/A-Za-z%‰℃°²³-]|[^\d\s]{1,3}/)"
)
_AS_SERVICE = re.compile(
    r"(?<![A-Za-z\d.:/-])(?:1[12]\d|[19]\d{4})(?=[步笔份台例股亩次种班项]|部(?!门)|所(?![以有])|起(?![来诉])"
    r"|平[方米]|公[里斤分顷])|(?<=第)(?:1[12]\d|[19]\d{4})(?![\d.])"
)
_GROUPED_ALONE = re.compile(r"(?<![\d.,+-])\d{2},\d{3}(?![\d,.A-Za-z%‰℃°²³/-])")


def spell_number(number: str) -> str:
    about = "约"  # after this word the grammar expects a number only
    return verbalize(about + number, "zh").removeprefix(about)


# Numbers of more digits than the grammar reads, with the number as it is counted. A Chinese one
# without commas may be a telephone's.
_GROUPED_LONG = r"\d{1,3}(?:,\d{3}){2,}(?:\.\d+)?(?![\d,.])"
_COUNTED = r"(?=\.\d|[元块美欧英日港人个次米克吨天倍]|公[里斤])"
_LONG_COUNTS = {
    "zh": re.compile(
        rf"(?<![\d,./])(?:{_GROUPED_LONG}|(?<=第)[1-9]\d{{8,11}}(?![\d.])"
        rf"|[1-9]\d{{8,15}}{_COUNTED}(?:\.\d+)?)",
        re.ASCII,
    ),
    "ja": re.compile(
        rf"(?<![\d,./])(?:{_GROUPED_LONG}|[1-9]\d{{8,15}}(?:\.\d+)?(?![\d.]))", re.ASCII
    ),
}
_SYMBOL = re.compile(r"\s?[A-Za-z℃°%％‰]")
_MOST = 10**16


def spell_long_counts(text: str, code: str) -> str:
    """Spell the numbers with more digits than the grammar reads, in groups of four."""
    return _LONG_COUNTS[code].sub(lambda match: _spell_long(match, code), text)


def _spell_long(match: re.Match[str], code: str) -> str:
    whole, _, part = match[0].replace(",", "").partition(".")
    if int(whole) >= _MOST or _SYMBOL.match(match.string, match.end()):
        return match[0]
    said = _spell_count(int(whole), code)
    return f"{said}{'点' + spell_digits(part, code) if part else ''}"


def _spell_count(value: int, code: str) -> str:
    powers = ((8, "亿"), (4, "万")) if code == "zh" else ((12, "兆"), (8, "億"), (4, "万"))
    for power, name in powers:
        head, tail = divmod(value, 10**power)
        if not head:
            continue
        said = _spell_count(head, code)
        if code == "ja" and said.startswith("千"):
            said = f"一{said}"
        nought = "零" if code == "zh" and 0 < tail < 10 ** (power - 1) else ""
        return said + name + nought + (_spell_count(tail, code) if tail else "")
    return spell_number(str(value)) if code == "zh" else verbalize(str(value), code)
