"""English quantities: a number with a currency or a unit, a scale, and what it is paid for."""

from __future__ import annotations

import re

from sidecar.text.numerals import any_of, load_names, spell_number, verbalize

_NAMES = load_names("english")
_UNITS: dict[str, str] = _NAMES["units"]
_CURRENCIES: dict[str, list[str]] = {
    sign: names for signs, names in _NAMES["currencies"].items() for sign in signs.split()
}
_SCALES = {"k": "thousand", "m": "million", "b": "billion", "bn": "billion", "tn": "trillion"}

_NUMBER = r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
_SIGN = any_of(sign for sign in _CURRENCIES if not sign.isalpha())
_CODE = any_of(sign for sign in _CURRENCIES if sign.isalpha())
# After more than one digit "s" is seconds; "5s" may be a name. "µ" has two code points.
UNIT = rf"(?:{any_of(_UNITS).replace('µ', '[µμ]')}|(?<=\d\d)s|(?<=\.\d)s)(?![\w²³])"


def make_pattern(i: int) -> str:
    """Return the pattern of a number with a currency, a scale, a unit, and what it is paid for."""
    return (
        rf"(?:(?P<cur{i}>(?:{_SIGN})\s?|(?:{_CODE})\s))?(?P<n{i}>{_NUMBER})"
        rf"(?P<scale{i}>\s?(?:(?:thousand|[mbtr]+illion)\b"
        rf"|(?(cur{min(i, 2)})(?:[kKMBmb]|bn|tn)\b|(?!))))?"
        rf"(?:[\s-]?(?P<unit{i}>{UNIT})(?:(?<=[a-z])\.(?=\s+[a-z\d(]|[,;:]))?"
        rf"|(?P<behind{i}>(?(cur{i})(?!)|(?:\s?[$€£](?!\d)|\s(?:{_CODE})\b))))?"
        rf"(?:\s?/\s?(?P<per{i}>{UNIT}|(?(cur{i})|(?(unit{i})|(?!)))[a-z]{{2,}}\b))?"
    )


def _spell_quantity(match: re.Match[str], i: int, other: int, *, bare: bool = False) -> str:
    """Spell the i-th quantity; the currency of the one before it holds for it, too."""
    number, scale, unit, per = (match[f"{name}{i}"] or "" for name in ("n", "scale", "unit", "per"))
    scale = _SCALES.get(scale.strip().lower(), scale.strip())
    sign = match[f"cur{i}"] or match[f"behind{i}"] or match[f"cur{min(i, other)}"]
    if sign and not bare:
        said = _spell_sum(number, scale, *_CURRENCIES[sign.strip()])
    else:
        names = [f"{name}{j}" for name in ("cur", "scale", "unit", "behind") for j in (i, other)]
        year = re.fullmatch(r"1[1-9]\d\d|20\d\d", number) and not any(map(match.group, names))
        said = f"{verbalize(number) if year else spell_number(number)} {scale}".rstrip()
        said += f" {name_unit(unit, plural=said != 'one')}" if unit else ""
    return f"{said} per {name_unit(per, plural=False)}" if per else said


def _spell_sum(number: str, scale: str, one: str, many: str, *parts: str) -> str:
    whole, _, decimals = number.replace(",", "").partition(".")
    decimals = re.sub(r"(?<=\d\d)0+$", "", decimals)
    if scale or len(decimals) > len("00") or (decimals.strip("0") and not parts):
        return " ".join((spell_number(f"{whole}.{decimals}".rstrip(".")), *scale.split(), many))
    cents = int(decimals.ljust(2, "0"))
    said = [f"{spell_number(str(cents))} {parts[cents != 1]}"] if cents else []
    if int(whole or 0) or not cents:
        said.insert(0, f"{spell_number(whole)} {one if whole == '1' else many}")
    return " ".join(said)


def name_unit(unit: str, *, plural: bool) -> str:
    """Return the name of a unit; a word as it is, as in "per month"."""
    name = _UNITS.get(unit.replace("μ", "µ"), "second" if unit == "s" else unit)
    one, _, many = name.partition("|")
    head, per, rest = one.partition(" per ")
    return (many or f"{head}s{per}{rest}") if plural else one


def say_measure(number: str, unit: str) -> str:
    """Say a number of units."""
    said = spell_number(number)
    return f"{said} {name_unit(unit, plural=said != 'one')}"


def say_quantity(match: re.Match[str], _: str) -> str:
    """Say the first quantity of a match."""
    return _spell_quantity(match, 1, 1)


def say_range(match: re.Match[str], _: str) -> str:
    """Say $5-10k or 5-10 km: what only the last number has holds for both."""
    bare = not match["unit2"]
    if match["cur2"]:
        both = match["cur3"] or "." in match["n2"]
        bare = not match["scale2"] and bool(match["scale3"] or not both)
    first, last = _spell_quantity(match, 2, 3, bare=bare), _spell_quantity(match, 3, 2)
    return f"{first} {last}" if first == last else f"{first} to {last}"  # 50-50
