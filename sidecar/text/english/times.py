"""Dates, times of day and spans of time."""

from __future__ import annotations

import re

from sidecar.text.english.figure import DIGITS, Figure, Reading, match_parts
from sidecar.text.english.patterns import MONTH
from sidecar.text.numerals import spell_number, verbalize

# After one of these words the date has no article.
_DETERMINED = re.compile(
    r"(?:\b(?:the|an?|this|that|my|your|his|her|its|our|their|each|every)|\w['’]s)[*_`~]*\s+$", re.I
)
# After one of these words "60s" is a decade, and not sixty seconds.
_AGES = re.compile(r"\b(?:the|my|your|his|her|its|our|their|early|mid|late)[*_`~]*[\s-]+$", re.I)
# The first year with two digits that is in the last century: as POSIX has it.
_LAST_CENTURY = 69
_MONTHS = 12


def _read_date(figure: Figure, span: str) -> str:
    """Read a date as "the fifth of …", or without the article after a word that replaces it."""
    said = verbalize(span)
    return said.removeprefix("the ") if _DETERMINED.search(figure.before) else said


def _read_iso(figure: Figure) -> str:
    return _read_date(figure, re.sub(r"[/.]", "-", figure.span))


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
    return _read_date(figure, f"{year:04}-{month:02}-{day:02}")


def _read_timestamp(figure: Figure) -> str:
    date, _, rest = figure.span.partition("T")
    clock, zone = match_parts(r"([\d:]+)(?:\.\d+)?(.*)", rest)
    said = f"{_read_date(figure, date)}, {verbalize(clock[:5])}"
    if seconds := int(clock[6:] or 0):
        said += f" and {_count(seconds, 'second')}"
    hours, minutes, *_ = [int(part) for part in re.findall(r"\d\d", zone)] + [0, 0]
    if not hours and not minutes:
        return said + (" UTC" if zone else "")
    said += f" UTC {'plus' if zone[0] == '+' else 'minus'} {spell_number(str(hours))}"
    return said + (f" {spell_number(str(minutes))}" if minutes else "")


def _read_monthday(figure: Figure) -> str:
    """Read a date in its written order, without an article: "May fifth, twenty …"."""
    month, days, year = match_parts(rf"({MONTH})\s(\S+?)((?:,?\s\d{{4}})?)", figure.span)
    day = " to ".join(_read_ordinal(numeral) for numeral in DIGITS.findall(days))
    name = verbalize(f"{month.lower().rstrip('.')} 1").removeprefix("the first of ").capitalize()
    comma = "," if "," in year else ""
    return f"{name} {day}" + (f"{comma} {verbalize(year[-4:])}" if year else "")


def _read_ordinal(numeral: str) -> str:
    return verbalize(f"2024-01-{int(numeral):02}").removeprefix("the ").partition(" of ")[0]


def _read_daymonth(figure: Figure) -> str:
    bare = re.sub(r"(?<=\d)(?:st|nd|rd|th)|\bof ", "", figure.span)
    said = _read_date(figure, bare.lower())
    return said.removeprefix("the ") if bare != figure.span else said


def _read_decade(figure: Figure) -> str:
    """Read "80s" as the eighties, as 80 seconds, or as eighties of something."""
    mid, mark, years, other = match_parts(r"(mid[-–])?(['’]?)(\d+)(['’]?)s", figure.span)
    short = len(years) == 2
    if short and not (mid or mark or other or _AGES.search(figure.before)):
        return _read_seconds(figure)
    said = _make_plural(verbalize("2000" if short and years == "00" else years))
    return f"mid-{said}" if mid else said


def _read_decades(figure: Figure) -> str:
    parts = re.findall(r"\d+", figure.span)
    return " to ".join(_make_plural(verbalize(part)) for part in parts)


def _make_plural(numeral: str) -> str:
    return re.sub(r"y$", "ie", numeral) + "s"


def _read_seconds(figure: Figure) -> str:
    count = figure.span.removesuffix("s")
    if re.fullmatch("10+", count) and re.match(r"\s+of\b", figure.after):  # 10s of thousands
        return _make_plural(spell_number(count).removeprefix("one "))
    return f"{spell_number(count)} seconds"


def _count(count: int, one: str) -> str:
    return f"{spell_number(str(count))} {one}{'' if count == 1 else 's'}"


def _read_duration(figure: Figure) -> str:
    names = {"h": "hour", "m": "minute", "s": "second"}
    counts = re.findall(r"(\d+)\s?([hms])", figure.span)
    return " ".join(_count(int(count), names[unit]) for count, unit in counts)


def _read_time(figure: Figure) -> str:
    """Read a time, perhaps with the zone right after it, as in 14:45GMT."""
    clock, zone = match_parts(r"(.*?)((?:(?<=\d)[A-Z]{3,4})?)", figure.span)
    found = match_parts(r"(\d+):(\d\d):(\d\d)\s?(\D*)", clock)
    if found:
        *parts, noon = found
        names = ("hour", "minute", "second")
        said = [_count(int(part), name) for part, name in zip(parts, names, strict=True)]
        noon = noon.replace(".", "").upper()
        return f"{said[0]} {said[1]} and {said[2]} {noon} {zone}".rstrip()
    return f"{verbalize(clock)} {zone}".rstrip()


def _read_times(figure: Figure) -> str:
    one, other = re.split("[-–]", figure.span)
    first = spell_number(one) if one.isdigit() else verbalize(one)
    return f"{first} to {verbalize(other)}"


def _read_quarter(figure: Figure) -> str:
    """Read 2Q22 or Q2'22."""
    quarter, year = re.findall(r"\d+", figure.span)
    return f"the {_read_ordinal(quarter)} quarter of {spell_number(year)}"


TIMES: dict[str, Reading] = {
    "iso": _read_iso,
    "day": _read_day,
    "timestamp": _read_timestamp,
    "monthday": _read_monthday,
    "daymonth": _read_daymonth,
    "decade": _read_decade,
    "decades": _read_decades,
    "quarter": _read_quarter,
    "seconds": _read_seconds,
    "duration": _read_duration,
    "time": _read_time,
    "times": _read_times,
}
