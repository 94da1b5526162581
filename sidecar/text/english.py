"""English: spell figures, signs and abbreviations in words.

Only spans that match a pattern are changed. Times, fractions, ordinals, years and names are spelled
by the library; quantities are put together by `english_quantities`.
A span that does not become words completely stays as it is, and so does the rest of the text.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Callable

from sidecar.text.boundaries import is_end
from sidecar.text.english_quantities import UNIT, make_pattern, name_unit, read_quantity, read_range
from sidecar.text.numerals import any_of, load_names, spell_digits, spell_number, verbalize

_Match = re.Match[str]
_Reading = Callable[[_Match], str]

_NAMES = load_names("english")
_WORDS, _SIGNS = _NAMES["abbreviations"], _NAMES["signs"]
_MONTHS = [name.lower() for name in calendar.month_name]
_ROMAN = ["", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"]
# Months, days; and years of two digits, as POSIX has them.
_DECEMBER, _DAYS, _THIS_CENTURY, _CENTURY = 12, 31, 69, 100

# "may", "mar" and "march" in small letters are words.
_OTHER_MONTHS = (rf"{m[:3]}(?:{m[3:]}|t?\.|t\b)?" for m in _MONTHS if m[:2] not in ("", "ma"))
_MONTH = rf"(?:(?i:{'|'.join(_OTHER_MONTHS)})(?![a-z])|Mar(?:ch|\.)|May|MARCH|MAY)"
_YEAR, _DAY, _MM = r"(?:,?\s[12]\d{3}\b)?", r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])"
_TH, _NOON = r"(?:st|nd|rd|th)", r"\s?[aApP](?:[mM]\b|\.[mM]\b\.?)"
_CLOCK = rf"(?:[01]?\d|2[0-4]):[0-5]\d(?!:)(?:{_NOON})?"
_TIME = rf"(?:{_CLOCK}|(?:0?\d|1[0-2])\.[0-5]\d{_NOON}|\d{{1,2}}{_NOON})"
_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_OWNER = r"(?:\b(?:the|this|that|my|your|his|her|its|our|their|{})|\w['’]s)[*_`~]*[\s-]+$"
# After one of these words a date has no article, and "60s" is a decade, and not sixty seconds.
_DETERMINED = re.compile(_OWNER.format("an?|each|every"), re.I)
_AGED = re.compile(_OWNER.format("early|mid|late"), re.I)
# An equation goes on from here: at a sign, or at a number.
_REST = r"(?:\s?[-−+*/×÷x]\s?[\d.,]{1,30}){0,20}\s?="

# The kinds of figures, in the order in which they are tried: a pattern, and how it is read.
_KINDS: dict[str, tuple[str, _Reading]] = {}


def _kind(pattern: str) -> Callable[[_Reading], _Reading]:
    def add(reading: _Reading) -> _Reading:
        _KINDS[reading.__name__] = (f"(?P<{reading.__name__}>{pattern})", reading)
        return reading

    return add


def _span(match: _Match) -> str:
    """Return a figure without its sign."""
    return match[match.lastgroup or 0]


@_kind(r"(?<=[Ww]ar |[Aa]rt |[Aa]ct |ume |ter |ion |ook |ase )(?:[IVX]{2,}|V)(?![\w'’])")
def _read_roman(match: _Match) -> str:
    """Read World War II, Chapter IV."""
    return spell_number(str(_ROMAN.index(match[0]))) if match[0] in _ROMAN else match[0]


@_kind(r"(?:[Nn]o\.\s?|#)(?P<mark>\d+)(?!\.\d)")
def _read_mark(match: _Match) -> str:
    return f"number {spell_number(match['mark'])}"


@_kind(
    r"(?:\+?\d{1,3}[-. ]?)?\(\d{3}\)[-. ]?\d{3}[-. ]\d{4}|\d-\d{3}(?:-[A-Z\d]+)*-[A-Z]+"
    r"|(?:\+?\d{1,3}[-. ])?\d{3}[-. ]\d{3}[-. ]\d{4}(?:-\d+)?"
    r"|\+\d{1,3}(?:[-. ]?\(?\d{2,8}\)?){2,5}|0\d{2,4} \d{3,4} \d{3,4}|0\d{4} \d{6}"
    r"|(?!\d\d0-[1-9]\d\d0)[2-9]\d\d-\d{4}(?!-)"  # two numbers that end in zeros are a range
    r"|(?<=\bending in )\d{3,5}|(?<=, [A-Z]{2} |\s[A-Z]{2}, )\d{5}|\d{5}-\d{4}"
    rf"|\d{{4}}(?: \d{{4}}){{3}}|(?!\d{{4}}-{_MM}-{_DAY}\b|\d\d?-\d\d?-(?:1[1-9]|20)\d\d\b)"
    r"\d+(?:-\d+){2,}"
)
def _read_groups(match: _Match) -> str:
    """Read telephone numbers and the like: by digits, or as numbers if all groups are short."""
    groups = re.findall(r"\d+|[A-Z]+", _span(match))
    if max(map(len, groups)) <= len("99"):
        return " ".join(map(spell_number, groups))
    said = ", ".join(
        g if g.isalpha() else spell_number(g) if re.fullmatch("[1-9]00", g) else spell_digits(g)
        for g in groups
    )
    return f"plus {said}" if match[0][0] == "+" else said


def _say_date(match: _Match, day: str, month: int, year: str) -> str:
    """Say "the fifth of …", or without the article after a word that replaces it."""
    said = f"the {_order(day)} of {_MONTHS[month]} {year and verbalize(year)}".rstrip()
    return said.removeprefix("the ") if _DETERMINED.search(match.string, 0, match.start()) else said


def _order(day: str) -> str:
    return verbalize(f"2024-01-{int(day):02}").removeprefix("the ").partition(" of ")[0]


@_kind(
    rf"\d{{4}}(?P<by>[-/.]){_MM}(?P=by){_DAY}|\d{{1,2}}/\d{{1,2}}/(?:\d{{4}}|\d\d)(?!/)"
    r"|\d{1,2}(?P<to>[.-])\d{1,2}(?P=to)(?:1[1-9]|20)\d\d"
)
def _read_date(match: _Match) -> str:
    """Read 5/6/24 the American way and 5.6.2024 the European way, unless the month is above 12."""
    one, two, three = re.findall(r"\d+", _span(match))
    if len(one) == len("2024"):
        return _say_date(match, three, int(two), one)
    day, month = (two, one) if "/" in match[0] else (one, two)
    day, month = (month, day) if int(month) > _DECEMBER else (day, month)
    year = int(three) + (int(three) < _CENTURY) * (1900 if int(three) >= _THIS_CENTURY else 2000)
    known = int(month) <= _DECEMBER and int(day) <= _DAYS
    return _say_date(match, day, int(month), str(year)) if known else match[0]


@_kind(rf"(?:(?:{_TIME}|\d{{1,2}})[-–])?{_TIME}(?:[A-Z]{{3,4}}\b)?")
def _read_times(match: _Match) -> str:
    """Read a time or two, perhaps with the zone right after it, as in 14:45GMT."""
    clock = re.sub(r"(?<=\d)[A-Z]{3,4}$", "", _span(match))
    parts = re.split("[-–]", clock)
    said = " to ".join(spell_number(part) if part.isdigit() else verbalize(part) for part in parts)
    return f"{said} {_span(match).removeprefix(clock)}".rstrip()


@_kind(r"\d\d?:[0-5]\d:[0-5]\d|\d+\s?h\s?\d+\s?m(?:in)?\b(?:\s?\d+\s?s)?|\d+\s?m(?:in)?\s?\d+\s?s")
def _read_clock(match: _Match) -> str:
    """Read 21:51:31 or 1h30m."""
    names = {"h": "hour", "m": "minute", "s": "second"}
    counts = re.findall(r"(\d+)\s?([hms]?)", _span(match))
    return " ".join(
        f"{spell_number(str(int(n)))} {name_unit(names[unit or 'hms'[at]], plural=int(n) != 1)}"
        for at, (n, unit) in enumerate(counts)
    )


# Three to one, or chapter three, verse one; minutes, metres or millions; heights and angles;
# timestamps; addresses with a port. The model decides.
@_kind(
    r"\d+(?::\d+)+|\d+m|\ds|10+s(?=\s+of\b)"
    r"|\d+(?:\.\d+)?[eE][-+−]?\d+|\d+[°'’′]\s?\d+(?:['’′\"”″]|'')(?:\s?\d+[\"”″])?(?:\s?[NSEW]\b)?"
    r"|Q[1-4]\s?['’]\d\d|\d{4}-\d\d-\d\dT[\d:.+−Z-]+|\d+(?:\.\d+){3}[:/]\d+"
)
def _keep(match: _Match) -> str:
    return match[0]


@_kind(r"(?:mid[-–])?['’]?(?:1[1-9]|20)?\d0['’]?s(?:[-–]['’]?(?:1[1-9]|20)?\d0['’]?s)?")
def _read_decades(match: _Match) -> str:
    """Read "80s" as the eighties, or as 80 seconds."""
    span, years = _span(match), re.findall(r"\d+", _span(match))
    if re.fullmatch(r"\d\ds", span) and not _AGED.search(match.string, 0, match.start()):
        return f"{spell_number(years[0])} seconds"
    said = (verbalize("2000" if year == "00" else year) for year in years)
    return ("mid-" if span[0] == "m" else "") + " to ".join(
        re.sub("y$", "ie", s) + "s" for s in said
    )


@_kind(r"(?P<v>[vV])\d+(?:\.\d+)+|\d{1,3}(?:\.\d{1,3}){2}|\d{1,3}(?:\.\d{1,3}){4,}")
def _read_version(match: _Match) -> str:
    said = " point ".join(map(spell_number, re.findall(r"\d+", _span(match))))
    return f"version {said}" if match["v"] else said


@_kind(
    r"(?!\d)[^\W_]+[-–.]?\d(?:[\w.-]*\w)?(?<!['’]s)|\d{3}\([a-z]\)|\dQ\d\d"
    rf"|{_OCTET}(?:\.{_OCTET}){{3}}|\d+(?:\.\d+)?[xA-Z](?![A-Za-z\d])"
    r"|\d+(?:[A-Z]{1,2}|[a-z])?[-–][^\W\d_](?:-?\w)*"
)
def _read_name(match: _Match) -> str:
    """Read a name with a number in it, such as COVID-19, 401(k) or 10x."""
    found = re.fullmatch(r"([\d.]+)(\(?)([a-zA-Z])\)?", _span(match))
    if not found:
        return verbalize(_span(match))
    return f"{spell_digits(found[1]) if found[2] else spell_number(found[1])} {found[3]}"


def _find_month(name: str) -> int:
    return next(at for at, month in enumerate(_MONTHS) if month[:3] == name[:3].lower())


@_kind(rf"(?P<mm>{_MONTH})\s(?P<days>{_DAY}(?:{_TH}?[-–]{_DAY})?){_TH}?(?P<yy>{_YEAR})")
def _read_monthday(match: _Match) -> str:
    """Read a date in its written order, without an article: "May fifth, twenty …"."""
    days = " to ".join(map(_order, re.findall(r"\d+", match["days"])))
    comma, year = "," if "," in match["yy"] else "", match["yy"][-4:]
    month = _MONTHS[_find_month(match["mm"])].capitalize()
    return f"{month} {days}{comma} {year and verbalize(year)}".rstrip()


@_kind(rf"(?P<day>{_DAY})(?P<th>{_TH}?\s(?:of\s)?)(?P<month>(?i:{_MONTH}))(?P<year>{_YEAR})")
def _read_daymonth(match: _Match) -> str:
    said = _say_date(match, match["day"], _find_month(match["month"]), match["year"][-4:])
    return said.removeprefix("the ") if match["th"].strip() else said


@_kind(rf"(?:\d{{1,3}}(?:,\d{{3}})+|\d+){_TH}")
def _read_ordinal(match: _Match) -> str:
    return verbalize(_span(match))


_kind(rf"{make_pattern(2)}[-–]{make_pattern(3)}(?![-–]\d|\s?=)")(read_range)


@_kind(
    r"(?<![/\d])(?P<whole>\d{1,3} )?(?P<part>(?:\d\.)?\d{1,5}/\d{1,5})(?i:th|rds?)?(?!/|\s?=)"
    rf"(?:\s(?P<of>{UNIT}))?"
)
def _read_fraction(match: _Match) -> str:
    """Read a fraction; but not 24/7, nor a date, by the denominator or the numerator."""
    one, other = match["part"].split("/")
    unit = f" {name_unit(match['of'], plural=True)}" if match["of"] else ""
    if "." in one:
        return f"{spell_number(one)} out of {spell_number(other)}"
    known = 2 <= int(other) <= 10 or int(other) > _DAYS or other in ("16", "32", "64")
    if match["whole"] or match[0][-1].isalpha() or (known and 0 < int(one) < int(other)):
        return verbalize((match["whole"] or "") + match["part"]) + unit
    small = max(int(one), int(other)) <= _DAYS
    return f"{spell_number(one)} {spell_number(other)}{unit}" if small else match[0]


_kind(rf"{make_pattern(1)}(?:(?![-–]\d)|(?={_REST}))")(read_quantity)

_LEFT = r"(?:(?<=[\d)%])|(?<=\b[A-Za-z])|(?<=[\d)%]\s)|(?<=\b[A-Za-z]\s))"
_RIGHT = r"(?=\s?[-−.(]?(?:\d|[A-Za-z]\b))"
_AFTER, _NEXT = r"(?:(?<=\d)|(?<=\d\s))", r"(?=\s?[-−]?\.?\d)"
# A sign between numbers or variables, in an equation or between numbers, spaced, before a number.
_OPERATOR = (
    rf"{_LEFT}[=+÷≥≤≠]{_RIGHT}|(?<=\d)\+(?![\w+])|{_AFTER}[-−x×/](?=\s?[\d.,]+{_REST})"
    rf"|{_AFTER}[*x×]{_NEXT}|(?:(?<=\d\s)|(?<=\b[A-Za-z]\s))[<>](?=\s[-−]?\.?\d)"
    rf"|(?:[≈±√]|(?<![\w/])~){_NEXT}|(?<=\w)\^(?=[-−]?\d)"
)
_FIGURES = re.compile(
    rf"(?P<operator>{_OPERATOR})"
    rf"|(?:(?<=\d[x×])|(?<![\w.$€£¥¢₹₩₽₺₫฿])(?<!\d[,–])(?:(?<!\d-)|(?=[\d.,]+{_REST})))"
    rf"(?P<sign>(?<![\w.,)\]%])[-−])?(?:{'|'.join(pattern for pattern, _ in _KINDS.values())})"
    # After a time there may be another one.
    r"(?![^\Wx×]|\$|x(?!\d)|\.\d|,\d(?!\d?:\d\d))"
)
_PART = re.compile(r"(\d?)([¼½¾⅐-⅞])(?!\d)")
_WORD = re.compile(
    rf"(?<![\w.])(?:(?:{any_of(word for word in _WORDS if word[0].isupper())})(?=\s+\w)"
    rf"|(?i:{any_of(word for word in _WORDS if word[0].islower())}))(?!\w)"
)
# The word behind an abbreviation; and how much of the text before it tells whether a sentence ends.
_FOLLOWING = re.compile(r"(\s{1,20})[\"'(\[*_‘“«]{0,8}(\w\S{0,23})")
_NEAR = 8
# Signs that were not spelled, and words by which the library reads a span as arithmetic.
_UNSAID = re.compile(r"[^\w ,'’-]|[\d_]|\bdivided by\b")


def spell(text: str, *, has_more: bool = False, before: str = "") -> str:
    """Spell the figures in a part of a text.

    Args:
        has_more: whether the text goes on after this part.
        before: the text right before it.
    """
    at, said = len(before), list[str]()
    text = _WORD.sub(lambda match: _spell_word(match, has_more), _PART.sub(_write_fraction, text))
    text = before + text
    for match in _FIGURES.finditer(text, at):
        said += [text[at : match.start()], _spell_figure(match, has_more)]
        at = match.end()
    return "".join([*said, text[at:]])


def _spell_figure(match: _Match, has_more: bool) -> str:
    if match["operator"]:
        return _spell_operator(match)
    said = _KINDS[match.lastgroup or ""][1](match)
    if _UNSAID.search(said):
        return match[0]
    sign = match["sign"] or ""  # before other figures a hyphen is only a hyphen
    said = f"minus {said}" if sign and (match["n1"] or match["n2"]) else sign + said
    return _end(said, match, has_more) if match[0][-1] == "." else said


def _spell_operator(match: _Match) -> str:
    before, after = match.string[: match.start()], match.string[match.end() :]
    area = match[0] in "x×" and not re.match(rf"\s?[\d.,]+{_REST}", after)
    left = "" if not before or before[-1].isspace() or before[-1] in "([" else " "
    right = "" if not after or after[0].isspace() else " "
    return f"{left}{'by' if area else _SIGNS[match[0]]}{right}"


def _write_fraction(match: _Match) -> str:
    """Write ½ as 1/2, and 1½ as 1 1/2."""
    part = unicodedata.normalize("NFKC", match[2]).replace("\N{FRACTION SLASH}", "/")
    return f"{match[1]} {part}".lstrip()


def _spell_word(match: _Match, has_more: bool) -> str:
    said = _WORDS.get(match[0]) or _WORDS[match[0].lower()].capitalize()
    return _end(said, match, has_more)


def _end(said: str, match: _Match, has_more: bool) -> str:
    """Keep a full stop that ends both the span and the sentence."""
    text, end = match.string, match.end()
    following = _FOLLOWING.match(text, end)
    ends = end == len(text) and not has_more
    if following:
        near = text[max(0, match.start() - _NEAR) : following.end(1)]
        ends = is_end(near, following[2], "english")
    return f"{said}." if ends else said
