"""Dates, times of day and spans of time."""

from __future__ import annotations

import re

from sidecar.text.english.patterns import MONTH
from sidecar.text.english.readings import (
    DIGITS,
    Figure,
    Reading,
    match_parts,
    read_with_library,
    spell_count,
    spell_number,
)
from sidecar.text.numerals import spell_ordinal

# After one of these words the date has no article.
_DETERMINED = re.compile(
    r"(?:\b(?:the|an?|this|that|my|your|his|her|its|our|their|each|every)|\w['’]s)[*_`~]*\s+$",
    re.IGNORECASE,
)
# After one of these words "60s" is a decade, and not sixty seconds.
_AGES = re.compile(
    r"\b(?:the|my|your|his|her|its|our|their|early|mid|late)[*_`~]*[\s-]+$",
    re.IGNORECASE,
)
# The first year with two digits that is in the last century: as POSIX has it.
_LAST_CENTURY = 69
_MONTHS = 12


def _read_iso(figure: Figure) -> str:
    said = read_with_library(re.sub(r"[/.]", "-", figure.span))
    return said.removeprefix("the ") if _DETERMINED.search(figure.before) else said


def _read_day(figure: Figure) -> str:
    """Read 5/6/24 the American way and 5.6.2024 the European way, unless the month is above 12."""
    one, other, year = (int(part) for part in DIGITS.findall(figure.span))
    month, day = (one, other) if "/" in figure.span else (other, one)
    if month > _MONTHS:
        month, day = day, month
    if month > _MONTHS:
        return figure.span
    if year < 100:
        year += 1900 if year >= _LAST_CENTURY else 2000
    return _read_iso(figure._replace(span=f"{year:04}-{month:02}-{day:02}"))


def _read_timestamp(figure: Figure) -> str:
    date, _, rest = figure.span.partition("T")
    clock, zone = match_parts(r"([\d:]+)(?:\.\d+)?(.*)", rest)
    said = f"{_read_iso(figure._replace(span=date))}, {read_with_library(clock[:5])}"
    seconds = int(clock[6:] or 0)
    if seconds:
        said += f" and {spell_count(str(seconds), 'second')}"
    return f"{said}{_spell_zone(zone)}"


def _spell_zone(zone: str) -> str:
    hours, minutes, *_ = [int(part) for part in re.findall(r"\d\d", zone)] + [0, 0]
    if not zone:
        return ""
    if not hours and not minutes:
        return " UTC"
    sign = "plus" if zone[0] == "+" else "minus"
    return f" UTC {sign} {spell_number(str(hours))}" + (
        f" {spell_number(str(minutes))}" if minutes else ""
    )


def _read_monthday(figure: Figure) -> str:
    """Read a date in its written order, without an article: "May fifth, twenty …"."""
    month, days, year = match_parts(rf"({MONTH})\s(\S+?)((?:,?\s\d{{4}})?)", figure.span)
    day, *last = (spell_ordinal(int(numeral), "en") for numeral in DIGITS.findall(days))
    said = " to ".join([day, *last])
    name = read_with_library(f"{month.lower()} 1").removeprefix("the first of ").capitalize()
    comma = "," if "," in year else ""
    return f"{name} {said}" + (f"{comma} {read_with_library(year[-4:])}" if year else "")


def _read_daymonth(figure: Figure) -> str:
    """Read "5 May 2026" as "the fifth of …"; the library says it with or without an article."""
    bare = re.sub(r"(?<=\d)(?:st|nd|rd|th)|\bof ", "", figure.span)
    said = read_with_library(bare.lower())
    determined = bare != figure.span or _DETERMINED.search(figure.before)
    return said.removeprefix("the ") if determined else said


def _read_decade(figure: Figure) -> str:
    """Read "80s" as the eighties, as 80 seconds, or as eighties of something."""
    mid, mark, years, other = match_parts(r"(mid[-–])?(['’]?)(\d+)(['’]?)s", figure.span)
    short = len(years) == 2
    if short and not (mid or mark or other or _AGES.search(figure.before)):
        return _read_seconds(figure)
    said = _make_plural(read_with_library("2000" if short and years == "00" else years))
    return f"mid-{said}" if mid else said


def _make_plural(numeral: str) -> str:
    return re.sub(r"y$", "ie", numeral) + "s"


def _read_seconds(figure: Figure) -> str:
    count = figure.span.removesuffix("s")
    if re.match(r"\s+of\b", figure.after):  # 10s of thousands
        return _make_plural(spell_number(count).removeprefix("one "))
    return spell_count(count, "second")


def _read_duration(figure: Figure) -> str:
    names = {"h": "hour", "m": "minute", "s": "second"}
    counts = re.findall(r"(\d+)\s?([hms])", figure.span)
    return " ".join(spell_count(str(int(count)), names[unit]) for count, unit in counts)


def _read_time(figure: Figure) -> str:
    return read_with_library(figure.span)


def _read_times(figure: Figure) -> str:
    one, other = re.split("[-–]", figure.span)
    first = spell_number(one) if one.isdigit() else read_with_library(one)
    return f"{first} to {read_with_library(other)}"


DATES: dict[str, Reading] = {
    "iso": _read_iso,
    "day": _read_day,
    "timestamp": _read_timestamp,
    "monthday": _read_monthday,
    "daymonth": _read_daymonth,
    "decade": _read_decade,
    "seconds": _read_seconds,
    "duration": _read_duration,
    "time": _read_time,
    "times": _read_times,
}
