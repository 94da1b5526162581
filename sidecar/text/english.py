"""English: spell figures, signs and abbreviations in words.

Only spans that match a pattern are changed, most of them by the library alone; quantities are put
together by `english_quantities`. A span that does not become words completely stays as it is.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Callable

from sidecar.text import english_quantities as amounts
from sidecar.text.boundaries import is_end
from sidecar.text.numerals import any_of, load_names, spell_digits, spell_number, verbalize

_Reading = Callable[[re.Match[str], str], str]

_NAMES = load_names("english")
_WORDS, _SIGNS = _NAMES["abbreviations"], _NAMES["signs"]
_MONTHS = [name.lower() for name in calendar.month_name]
_ROMAN = ["", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"]
_DECEMBER, _DAYS = 12, 31
# "may", "mar" and "march" in small letters are words.
_OTHER_MONTHS = (rf"{m[:3]}(?:{m[3:]}|t?\.|t\b)?" for m in _MONTHS if m[:2] not in ("", "ma"))
_MONTH = rf"(?:(?i:{'|'.join(_OTHER_MONTHS)})(?![a-z])|Mar(?:ch|\.)|May|MARCH|MAY)"
_YEAR, _DAY, _MM = r"(?:,?\s[12]\d{3}\b)?", r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])"
_TH, _NOON = r"(?:st|nd|rd|th)", r"\s?[aApP](?:[mM]\b|\.[mM]\b\.?)"
_CLOCK = rf"(?:[01]?\d|2[0-4]):[0-5]\d(?!:)(?:{_NOON})?"
_TIME = rf"(?:{_CLOCK}|(?:0?\d|1[0-2])\.[0-5]\d{_NOON}|\d{{1,2}}{_NOON})"
_VULGAR, _DECADE = "¼½¾⅐-⅞", r"['’]?(?:1[1-9]|20)?\d0['’]?s"
_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_OWNER = r"(?:\b(?:the|this|that|my|your|his|her|its|our|their|{})|\w['’]s)[*_`~]*[\s-]+$"
# After one of these words a date has no article, and "60s" is a decade, and not sixty seconds.
_DETERMINED = re.compile(_OWNER.format("an?|each|every"), re.I)
_AGED = re.compile(_OWNER.format("early|mid|late"), re.I)
_ALONE = r"(?![-–]\d|(?<=\d)/\d)"  # no part of a row of numbers goes on
# A sign of arithmetic stands between numbers or variables.
_LEFT = r"(?:(?<=[\d)%])|(?<=\b[A-Za-z])|(?<=[\d)%]\s)|(?<=\b[A-Za-z]\s))"
_RIGHT = r"(?=\s?[-−.(]?(?:\d|[A-Za-z]\b))"

# The kinds of figures, in the order in which they are tried: a pattern, and how it is read. A
# reading receives the match, and the figure in it without its sign.
_KINDS: dict[str, tuple[str, _Reading]] = {}


def _kind(pattern: str) -> Callable[[_Reading], _Reading]:
    def add(reading: _Reading) -> _Reading:
        _KINDS[reading.__name__] = (f"(?P<{reading.__name__}>{pattern})", reading)
        return reading

    return add


@_kind(rf"\d[\d.,]{{0,20}}(?:\s?[-−+*/×÷x]\s?\d[\d.,]{{0,20}}){{1,20}}(?=\s?={_RIGHT})")
def _read_sum(_: re.Match[str], span: str) -> str:
    """Read the left side of an equation, such as 9-4=5, where "×" is "times", and not "by"."""
    signs = _SIGNS | {"x": "times", "×": "times"}
    return " ".join(
        signs.get(part) or spell_number(part) for part in re.findall(r"[\d.,]+|\S", span)
    )


@_kind(r"(?<=[Ww]ar |[Aa]rt |[Aa]ct |ume |ter |ion |ook |ase )(?:IX|IV|XII?|VI*|III?)(?![\w'’])")
def _read_roman(_: re.Match[str], span: str) -> str:
    """Read World War II, Chapter IV."""
    return spell_number(str(_ROMAN.index(span))) if span in _ROMAN else span


@_kind(r"(?:[Nn]o\.\s?|#)(?P<mark>\d+)(?!\.\d)")
def _read_mark(match: re.Match[str], _: str) -> str:
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
def _read_groups(_: re.Match[str], span: str) -> str:
    """Read telephone numbers and the like: by digits, or as numbers if all groups are short."""
    groups = re.findall(r"\d+|[A-Z]+", span)
    if max(map(len, groups)) <= len("99"):
        return " ".join(map(spell_number, groups))
    said = ", ".join(
        g if g.isalpha() else spell_number(g) if re.fullmatch("[1-9]00", g) else spell_digits(g)
        for g in groups
    )
    return f"plus {said}" if span[0] == "+" else said


def _say_date(match: re.Match[str], day: str, month: int, year: str) -> str:
    """Say "the fifth of …", or without the article after a word that replaces it."""
    said = verbalize(f"{year or 2000}-{month:02}-{int(day):02}")
    said = said if year else said.removesuffix(" two thousand")
    return said.removeprefix("the ") if _DETERMINED.search(match.string, 0, match.start()) else said


def _order(day: str) -> str:
    return verbalize(f"2000-01-{int(day):02}").removeprefix("the ").partition(" of ")[0]


@_kind(
    rf"\d{{4}}(?P<by>[-/.]){_MM}(?P=by){_DAY}|(?<!/)\d{{1,2}}/\d{{1,2}}/(?:\d{{4}}|\d\d)(?!/)"
    r"|\d{1,2}(?P<to>[.-])\d{1,2}(?P=to)(?:1[1-9]|20)\d\d"
)
def _read_date(match: re.Match[str], span: str) -> str:
    """Read 5/6/24 the American way and 5.6.2024 the European way, unless the month is above 12."""
    day, month, year = re.findall(r"\d+", span)
    if len(day) == len("2024"):
        day, year = year, day
    elif int(day) <= _DECEMBER and ("/" in span or int(month) > _DECEMBER):
        day, month = month, day
    if len(year) == len("24"):  # the years of POSIX: 1969 to 2068
        year = ("19" if year >= "69" else "20") + year
    known = 0 < int(month) <= _DECEMBER and 0 < int(day) <= _DAYS
    return _say_date(match, day, int(month), year) if known else span


@_kind(rf"(?:(?:{_TIME}|\d{{1,2}})[-–])?{_TIME}(?:[A-Z]{{3,4}}\b)?")
def _read_times(_: re.Match[str], span: str) -> str:
    """Read a time or two, perhaps with the zone right after it, as in 14:45GMT."""
    parts = re.split("[-–]", re.sub(r"(?<=\d)(?=[A-Z]{3,4}$)", " ", span))
    return " to ".join(map(verbalize, parts))


@_kind(r"\d\d?:[0-5]\d:[0-5]\d|\d+\s?h\s?\d+\s?m(?:in)?\b(?:\s?\d+\s?s)?|\d+\s?m(?:in)?\s?\d+\s?s")
def _read_clock(_: re.Match[str], span: str) -> str:
    """Read 21:51:31 or 1h30m."""
    counts = re.findall(r"(\d+)\s?([hms]?)", span)
    units = {"h": "h", "m": "min", "s": "s"}
    return " ".join(
        amounts.say_measure(str(int(n)), units[unit or "hms"[at]])
        for at, (n, unit) in enumerate(counts)
    )


# Three to one, or chapter three, verse one; heights and angles; timestamps; addresses with a port.
# The model decides.
@_kind(
    r"\d+(?::\d+)+|10+s(?=\s+of\b)|\d+(?:\.\d+)?[eE][-+−]?\d+"
    r"|\d+[°'’′]\s?\d+(?:['’′\"”″]|'')(?:\s?\d+[\"”″])?(?:\s?[NSEW]\b)?"
    r"|Q[1-4]\s?['’]\d\d|\d{4}-\d\d-\d\dT[\d:.+−Z-]+|\d+(?:\.\d+){3}[:/]\d+"
)
def _keep(_: re.Match[str], span: str) -> str:
    return span


@_kind(rf"(?:mid[-–])?{_DECADE}(?:[-–]{_DECADE})?")
def _read_decades(match: re.Match[str], span: str) -> str:
    """Read "80s" as the eighties, or as 80 seconds."""
    if re.fullmatch(r"\d\ds", span) and not _AGED.search(match.string, 0, match.start()):
        return amounts.say_measure(span[:2], "s")
    years = (verbalize("2000" if year == "00" else year) for year in re.findall(r"\d+", span))
    said = " to ".join(re.sub("y$", "ie", year) + "s" for year in years)
    return f"mid-{said}" if span[0] == "m" else said


@_kind(r"[vV]\d+(?:\.\d+)+|\d{1,3}(?:\.\d{1,3}){2}|\d{1,3}(?:\.\d{1,3}){4,}")
def _read_version(_: re.Match[str], span: str) -> str:
    said = " point ".join(map(spell_number, re.findall(r"\d+", span)))
    return said if span[0].isdigit() else f"version {said}"


def _find_month(name: str) -> int:
    return next(at for at, month in enumerate(_MONTHS) if month[:3] == name[:3].lower())


@_kind(rf"(?P<mm>{_MONTH})\s(?P<days>{_DAY}(?:{_TH}?[-–]{_DAY})?){_TH}?(?P<yy>{_YEAR})")
def _read_monthday(match: re.Match[str], _: str) -> str:
    """Read a date in its written order, without an article: "May fifth, twenty …"."""
    days = " to ".join(map(_order, re.findall(r"\d+", match["days"])))
    month, year = _MONTHS[_find_month(match["mm"])].capitalize(), match["yy"]
    return f"{month} {days}{year[:1].strip()} {year and verbalize(year[-4:])}".rstrip()


@_kind(rf"(?P<day>{_DAY})(?P<th>{_TH}?\s(?:of\s)?)(?P<month>(?i:{_MONTH}))(?P<year>{_YEAR})")
def _read_daymonth(match: re.Match[str], _: str) -> str:
    said = _say_date(match, match["day"], _find_month(match["month"]), match["year"][-4:])
    return said.removeprefix("the ") if match["th"].strip() else said


@_kind(
    r"(?!\d)[^\W_]+[-–.]?\d(?:[\w.-]*\w)?(?<!['’]s)|\d{3}\([a-z]\)|\dQ\d\d"
    rf"|(?:\d{{1,3}}(?:,\d{{3}})+|\d+){_TH}|{_OCTET}(?:\.{_OCTET}){{3}}|\d+(?:\.\d+)?[xA-Z](?![A-Za-z\d])"
    r"|\d+(?:[A-Z]{1,2}|[a-z])?[-–][^\W\d_](?:-?\w)*"
)
def _read_name(_: re.Match[str], span: str) -> str:
    """Read ordinals, and names with a number in them, such as COVID-19, 401(k) or 10x."""
    found = re.fullmatch(r"([\d.]+)(\(?)([a-zA-Z])\)?", span)
    if not found:
        return verbalize(span)
    return f"{spell_digits(found[1]) if found[2] else spell_number(found[1])} {found[3]}"


_kind(rf"{amounts.make_pattern(2)}[-–]{amounts.make_pattern(3)}(?!\s?=){_ALONE}")(amounts.say_range)


@_kind(
    rf"(?<![/\d])(?P<whole>\d{{1,3}} ?(?=[{_VULGAR}])|\d{{1,3}} )?"
    rf"(?P<part>[{_VULGAR}](?!\d)|(?:\d\.)?\d{{1,5}}/\d{{1,5}})(?i:th|rds?)?(?!/)"
    rf"(?:\s?(?P<of>{amounts.UNIT}))?"
)
def _read_fraction(match: re.Match[str], span: str) -> str:
    """Read a fraction; but not what may be a date or a score."""
    part = unicodedata.normalize("NFKC", match["part"]).replace("\N{FRACTION SLASH}", "/")
    one, other = part.split("/")
    if "." in one:
        return f"{spell_number(one)} out of {spell_number(other)}"
    known = 2 <= int(other) <= 10 or int(other) > _DAYS or other in ("16", "32", "64")
    if match["whole"] or span[-1].isalpha() or (known and 0 < int(one) < int(other)):
        unit = f" {amounts.name_unit(match['of'], plural=True)}" if match["of"] else ""
        return verbalize(f"{(match['whole'] or '').strip()} {part}".strip()) + unit
    return f"{verbalize(one)} {verbalize(other)}" if part in ("24/7", "9/11") else span


_kind(rf"(?!(?<=\d/)\d){amounts.make_pattern(1)}{_ALONE}")(amounts.say_quantity)

_AFTER, _NEXT = r"(?:(?<=\d)|(?<=\d\s))", r"(?=\s?[-−]?\.?\d)"
# A sign between numbers or variables, between numbers, spaced, before a number.
_OPERATOR = (
    rf"{_LEFT}[=+÷≥≤≠]{_RIGHT}|(?<=\d)\+(?![\w+])|{_AFTER}[*x×]{_NEXT}"
    rf"|(?:(?<=\d\s)|(?<=\b[A-Za-z]\s))[<>](?=\s[-−]?\.?\d)"
    rf"|(?:[≈±√]|(?<![\w/])~){_NEXT}|(?<=\w)\^(?=[-−]?\d)"
)
_FIGURES = re.compile(
    rf"(?P<operator>{_OPERATOR})"
    rf"|(?:(?<=\d[x×])|(?<![\w.$€£¥¢₹₩₽₺₫฿])(?<!\d[,–-]))"
    rf"(?P<sign>(?<![\w.,)\]%])[-−])?(?:{'|'.join(pattern for pattern, _ in _KINDS.values())})"
    # After a time there may be another one.
    r"(?![^\Wx×]|\$|x(?!\d)|\.\d|,\d(?!\d?:\d\d))"
)
_WORD = re.compile(
    rf"(?<![\w.])(?:(?:{any_of(word for word in _WORDS if word[0].isupper())})(?=\s+\w)"
    rf"|(?i:{any_of(word for word in _WORDS if word[0].islower())}))(?!\w)"
)
# The word behind an abbreviation; and how much of the text before it tells whether a sentence ends.
_FOLLOWING = re.compile(r"(\s{1,20})[\"'(\[*_‘“«]{0,8}(\w\S{0,23})")
_NEAR = 8
_UNSAID = re.compile(r"[^\w ,'’-]|[\d_]")


def spell(text: str, *, has_more: bool = False, before: str = "") -> str:
    """Spell the figures in a part of a text.

    Args:
        has_more: whether the text goes on after this part.
        before: the text right before it.
    """
    at, said = len(before), list[str]()
    text = before + _WORD.sub(lambda match: _spell_word(match, has_more), text)
    for match in _FIGURES.finditer(text, at):
        said += [text[at : match.start()], _spell_figure(match, has_more)]
        at = match.end()
    return "".join([*said, text[at:]])


def _spell_figure(match: re.Match[str], has_more: bool) -> str:
    if match["operator"]:
        return _spell_operator(match)
    kind = match.lastgroup or ""
    said = _KINDS[kind][1](match, match[kind])
    if _UNSAID.search(said):
        return match[0]
    sign = match["sign"] or ""  # before other figures a hyphen is only a hyphen
    said = (
        f"minus {said}"
        if sign and (match["n1"] or match["n2"] or match["_read_sum"])
        else sign + said
    )
    return _end(said, match, has_more) if match[0][-1] == "." else said


def _spell_operator(match: re.Match[str]) -> str:
    text, start, end = match.string, match.start(), match.end()
    left = "" if not start or text[start - 1].isspace() or text[start - 1] in "([" else " "
    right = "" if end == len(text) or text[end].isspace() else " "
    return f"{left}{_SIGNS[match[0]]}{right}"


def _spell_word(match: re.Match[str], has_more: bool) -> str:
    said = _WORDS.get(match[0]) or _WORDS[match[0].lower()].capitalize()
    return _end(said, match, has_more)


def _end(said: str, match: re.Match[str], has_more: bool) -> str:
    """Keep a full stop that ends both the span and the sentence."""
    text, end = match.string, match.end()
    following = _FOLLOWING.match(text, end)
    ends = end == len(text) and not has_more
    if following:
        near = text[max(0, match.start() - _NEAR) : following.end(1)]
        ends = is_end(near, following[2], "english")
    return f"{said}." if ends else said
