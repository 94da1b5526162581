"""Quantities and codes: numbers, money, measures, ranges of them, and digits that are names."""

from __future__ import annotations

import re

from sidecar.text.english.figure import DIGITS, Figure, Reading, match_parts
from sidecar.text.english.patterns import CODE, NUMBER, POWER, SCALE, SIGN
from sidecar.text.english.units import CURRENCIES, name_unit, spell_measure
from sidecar.text.numerals import spell_digits, spell_number, verbalize

_AMOUNT = rf"({NUMBER}|\.\d+)(?:\s?({SCALE}))?"
_SCALES = {"k": "thousand", "m": "million", "b": "billion", "bn": "billion", "tn": "trillion"}
_CENTS = 2
# Fractions that are no dates, and not "24/7": by the denominator alone, or the numerator is below.
_DENOMINATORS = (*range(2, 11), 16, 32, 64)
_DAYS = 31
# A part of an IP number with so many digits is read by its digits: "ten dot", "one nine two dot".
_LONG = 3


def _spell_number(numeral: str) -> str:
    # A number that may be a year is read as a year, in pairs of digits.
    return (
        verbalize(numeral) if re.fullmatch(r"1[1-9]\d\d|20\d\d", numeral) else spell_number(numeral)
    )


def _read_money(figure: Figure) -> str:
    """Read a sum with its currency before or after it, and perhaps what it is paid for."""
    span, _, per = figure.span.partition("/")
    found = re.search(f"{SIGN}|{CODE}", span)
    assert found is not None
    amount, scale = match_parts(rf"\D*?{_AMOUNT}[^\d.]*", span)
    said = _spell_sum(amount, scale, found[0])
    return said + (f" per {_name_counted(per.strip())}" if per else "")


def _spell_sum(amount: str, scale: str, sign: str) -> str:
    one, many, part = CURRENCIES[sign]
    if scale:
        return f"{spell_number(amount)} {_name_scale(scale)} {many}"
    whole, _, decimals = amount.replace(",", "").partition(".")
    if len(decimals) > _CENTS:
        decimals = decimals.rstrip("0").ljust(_CENTS, "0")
    if len(decimals) > _CENTS or (decimals.strip("0") and not part):
        return f"{spell_number(f'{whole}.{decimals}')} {many}"
    said: list[str] = []
    if cents := int(decimals.ljust(_CENTS, "0") or 0):
        plural = cents != 1 and not part.endswith(("ce", "se"))
        name = "penny" if part == "pence" and cents == 1 else part
        said = [f"{spell_number(str(cents))} {name}{'s' if plural else ''}"]
    if int(whole or 0) or not said:
        said = [f"{spell_number(whole)} {one if whole == '1' else many}", *said]
    return " ".join(said)


def _name_scale(scale: str) -> str:
    return _SCALES.get(scale.lower(), scale)


def _name_counted(name: str) -> str:
    """Return the name of a unit, or a word as it is: "per kilogram", "per month"."""
    return name if len(name) > _LONG else name_unit(name, plural=False)


def _read_sums(figure: Figure) -> str:
    """Read $5-10 or $5-$10k: a sign or a scale of the last number alone holds for both."""
    one, other = re.split("[-–]", figure.span)
    sign = re.match(f"{SIGN}|{CODE}", one)
    assert sign is not None
    both = re.match(f"{SIGN}|{CODE}", other) is not None
    amount, scale = match_parts(rf"\D*?{_AMOUNT}", one)
    last, scaled = match_parts(rf"\D*?{_AMOUNT}", other)
    said = _spell_sum(last, scaled, sign[0])
    if not scale and (scaled or (not both and "." not in amount)):
        return f"{spell_number(amount)} to {said}"
    return f"{_spell_sum(amount, scale, sign[0])} to {said}"


def _read_measure(figure: Figure) -> str:
    """Read a number with its unit, perhaps with a scale, and with what it is counted for."""
    count, scale, symbol = match_parts(rf"({NUMBER}|\.\d+)(?:\s({POWER}))?[\s-]?(.*)", figure.span)
    base, _, per = symbol.partition("/")
    if per and len(per) > _LONG:
        return f"{spell_measure(count, base.strip())} per {per.strip()}"
    number = f"{spell_number(count)} {scale}" if scale else count
    symbol = re.sub(r"(?<=m)[23]$", lambda match: "²" if match[0] == "2" else "³", symbol)
    return spell_measure(number, symbol)


def _read_measures(figure: Figure) -> str:
    one, other = re.split("[-–]", figure.span)
    bare = re.fullmatch(NUMBER, one)
    said = spell_number(one) if bare else _read_measure(figure._replace(span=one))
    return f"{said} to {_read_measure(figure._replace(span=other))}"


def _read_range(figure: Figure) -> str:
    one, other = (_spell_number(numeral) for numeral in re.split("[-–]", figure.span))
    return f"{one} {other}" if one == other else f"{one} to {other}"  # 50-50


def _read_fraction(figure: Figure) -> str:
    one, other = map(int, DIGITS.findall(figure.span))
    if figure.span[-1].isalpha() or (0 < one < other and (other in _DENOMINATORS or other > _DAYS)):
        return verbalize(f"{one}/{other}")
    if max(one, other) > _DAYS:
        return f"{spell_number(str(one))} over {spell_number(str(other))}"
    return f"{spell_number(str(one))} {spell_number(str(other))}"  # 24/7


def _read_mixed(figure: Figure) -> str:
    span, symbol = match_parts(r"(\d+ \d+/\d+)(?i:th)?\s?(.*)", figure.span)
    said = verbalize(span)
    return f"{said} {name_unit(symbol, plural=True)}" if symbol else said


def _read_rating(figure: Figure) -> str:
    one, other = figure.span.split("/")
    return f"{spell_number(one)} out of {spell_number(other)}"


def _read_height(figure: Figure) -> str:
    feet, inches = DIGITS.findall(figure.span)
    return f"{spell_measure(feet, 'ft')} {spell_number(inches)}"


def _read_angle(figure: Figure) -> str:
    names = ("degree", "minute", "second")
    counts = re.findall(NUMBER, figure.span)
    said = [
        f"{spell_number(count)} {name}{'' if count == '1' else 's'}"
        for count, name in zip(counts, names, strict=False)
    ]
    side = {"N": "north", "S": "south", "E": "east", "W": "west"}[figure.span[-1]]
    return " ".join([*said, side])


def _read_name(figure: Figure) -> str:
    """Read a name with a number in it, such as COVID-19, 401(k) or 10x."""
    number, letter = match_parts(r"(\d+(?:\.\d+)?)([xA-Z]|\([a-z]\))", figure.span) or ["", ""]
    if letter:
        return (
            f"{spell_number(number)} {letter}"
            if letter.isalpha()
            else f"{spell_digits(number)} {letter[1]}"
        )
    return verbalize(figure.span)


def _read_phone(figure: Figure) -> str:
    said = ", ".join(map(_spell_group, DIGITS.findall(figure.span)))
    return f"plus {said}" if figure.span.startswith("+") else said


def _spell_group(group: str) -> str:
    # "one eight hundred"
    return spell_number(group) if re.fullmatch(r"[1-9]00", group) else spell_digits(group)


def spell_state(code: str) -> str:
    """Return the name of a state of the USA; the code itself if it is none."""
    return verbalize(f"X, {code}").removeprefix("X, ")


def _read_postal(figure: Figure) -> str:
    state, comma, digits = match_parts(r"(?:([A-Z]{2})(,?) )?([\d-]+)", figure.span)
    said = ", ".join(map(spell_digits, DIGITS.findall(digits)))
    return f"{spell_state(state)}{comma} {said}" if state else said


def _read_address(figure: Figure) -> str:
    """Read an IP number such as 192.168.1.1, perhaps with a port or the length of a prefix."""
    host, sign, rest = match_parts(r"([\d.]+)([:/]?)(\d*)", figure.span)
    said = " dot ".join(
        spell_number(p) if len(p) < _LONG else spell_digits(p) for p in host.split(".")
    )
    tail = f" port {spell_digits(rest)}" if sign == ":" else f" slash {spell_number(rest or '0')}"
    return said + (tail if sign else "")


def _read_groups(figure: Figure) -> str:
    groups = re.split("[- ]", figure.span)
    if all(len(group) <= 2 for group in groups):
        return " ".join(map(spell_number, groups))
    return ", ".join(map(spell_digits, groups))


def _read_version(figure: Figure) -> str:
    said = " point ".join(map(spell_number, DIGITS.findall(figure.span)))
    return f"version {said}" if figure.span[0] in "vV" else said


QUANTITIES: dict[str, Reading] = {
    "number": lambda figure: _spell_number(figure.span),
    "ordinal": lambda figure: verbalize(figure.span),
    "name": _read_name,
    "per": lambda figure: " per ".join(
        (spell_number(figure.span.partition("/")[0]), _name_counted(figure.span.partition("/")[2]))
    ),
    "money": _read_money,
    "sums": _read_sums,
    "measure": _read_measure,
    "measures": _read_measures,
    "range": _read_range,
    "fraction": _read_fraction,
    "rating": _read_rating,
    "mixed": _read_mixed,
    "height": _read_height,
    "angle": _read_angle,
    "phone": _read_phone,
    "postal": _read_postal,
    "address": _read_address,
    "groups": _read_groups,
    "version": _read_version,
    "mark": lambda figure: f"number {spell_number(DIGITS.findall(figure.span)[0])}",
}
