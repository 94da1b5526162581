"""Dates, times of day and spans of time."""

from __future__ import annotations

import re

from sidecar.text.english.patterns import MONTH
from sidecar.text.english.readings import DIGITS, Figure, Reading, library, number, parts, several
from sidecar.text.numerals import ordinal

# Behind one of these an article is too many.
_DETERMINED = re.compile(
    r"(?:\b(?:the|an?|this|that|my|your|his|her|its|our|their|each|every)|\w['’]s)[*_`~]*\s+$",
    re.IGNORECASE,
)
# Behind one of these "60s" is no minute.
_AGES = re.compile(
    r"\b(?:the|my|your|his|her|its|our|their|early|mid|late)[*_`~]*[\s-]+$",
    re.IGNORECASE,
)
# Of the years that are written with two digits, the first of the last century: as POSIX has it.
_LAST_CENTURY = 69
_MONTHS = 12


def _iso(figure: Figure) -> str:
    said = library(re.sub(r"[/.]", "-", figure.span))
    return said.removeprefix("the ") if _DETERMINED.search(figure.before) else said


def _day(figure: Figure) -> str:
    """5/6/24 as Americans read it, 5.6.2024 as others do, and either if a month is too large."""
    one, other, year = (int(part) for part in DIGITS.findall(figure.span))
    month, day = (one, other) if "/" in figure.span else (other, one)
    if month > _MONTHS:
        month, day = day, month
    if month > _MONTHS:
        return figure.span
    if year < 100:
        year += 1900 if year >= _LAST_CENTURY else 2000
    return _iso(figure._replace(span=f"{year:04}-{month:02}-{day:02}"))


def _timestamp(figure: Figure) -> str:
    date, _, rest = figure.span.partition("T")
    clock, zone = parts(r"([\d:]+)(?:\.\d+)?(.*)", rest)
    said = f"{_iso(figure._replace(span=date))}, {library(clock[:5])}"
    seconds = int(clock[6:] or 0)
    if seconds:
        said += f" and {several(str(seconds), 'second')}"
    return f"{said}{_zone(zone)}"


def _zone(zone: str) -> str:
    hours, minutes, *_ = [int(part) for part in re.findall(r"\d\d", zone)] + [0, 0]
    if not zone:
        return ""
    if not hours and not minutes:
        return " UTC"
    sign = "plus" if zone[0] == "+" else "minus"
    return f" UTC {sign} {number(str(hours))}" + (f" {number(str(minutes))}" if minutes else "")


def _monthday(figure: Figure) -> str:
    """In the order in which it is written, which no article goes with: "May fifth, twenty …"."""
    month, days, year = parts(rf"({MONTH})\s(\S+?)((?:,?\s\d{{4}})?)", figure.span)
    day, *last = (ordinal(int(numeral), "en") for numeral in DIGITS.findall(days))
    said = " to ".join([day, *last])
    name = library(f"{month.lower()} 1").removeprefix("the first of ").capitalize()
    comma = "," if "," in year else ""
    return f"{name} {said}" + (f"{comma} {library(year[-4:])}" if year else "")


def _daymonth(figure: Figure) -> str:
    """The library wants "may 5, 2026", and says "the fifth of …", with or without an article."""
    bare = re.sub(r"(?<=\d)(?:st|nd|rd|th)|\bof ", "", figure.span)
    said = library(bare.lower())
    determined = bare != figure.span or _DETERMINED.search(figure.before)
    return said.removeprefix("the ") if determined else said


def _decade(figure: Figure) -> str:
    """The eighties, or 80 seconds, or 80s of what there is."""
    mid, mark, years, other = parts(r"(mid[-–])?(['’]?)(\d+)(['’]?)s", figure.span)
    short = len(years) == 2
    if short and not (mid or mark or other or _AGES.search(figure.before)):
        return _seconds(figure)
    said = _plural(library("2000" if short and years == "00" else years))
    return f"mid-{said}" if mid else said


def _plural(numeral: str) -> str:
    return re.sub(r"y$", "ie", numeral) + "s"


def _seconds(figure: Figure) -> str:
    count = figure.span.removesuffix("s")
    if re.match(r"\s+of\b", figure.after):  # 10s of thousands
        return _plural(number(count).removeprefix("one "))
    return several(count, "second")


def _duration(figure: Figure) -> str:
    names = {"h": "hour", "m": "minute", "s": "second"}
    counts = re.findall(r"(\d+)\s?([hms])", figure.span)
    return " ".join(several(str(int(count)), names[unit]) for count, unit in counts)


def _time(figure: Figure) -> str:
    return library(figure.span)


def _times(figure: Figure) -> str:
    one, other = re.split("[-–]", figure.span)
    return f"{number(one) if one.isdigit() else library(one)} to {library(other)}"


DATES: dict[str, Reading] = {
    "iso": _iso,
    "day": _day,
    "timestamp": _timestamp,
    "monthday": _monthday,
    "daymonth": _daymonth,
    "decade": _decade,
    "seconds": _seconds,
    "duration": _duration,
    "time": _time,
    "times": _times,
}
