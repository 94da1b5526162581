"""Units of measure and currencies: the symbols that are recognised, and their names."""

from __future__ import annotations

import re

from sidecar.text.numerals import spell_number, verbalize

# Without "m", "s" and "in", which are also minutes or millions, plurals, and a word; and without
# capitals that mostly mean something else after a number, as in "5 A" and "4K".
SYMBOL = (
    r"(?:(?:km|cm|mm|nm|kg|mg|g|mi|ft|yd|lbs?|fl oz|oz|tsp|tbsp|m[lL]|dL|[lL]|ha|hp|mph|rpm|psi|dB"
    r"|fps|bps|[kMGT]bps|[kKMGTP]B|[KMGT]iB|[kMG]?Hz|[kMGT]?W|[km]?V|mA|m?Ah|[kMGT]?Wh|[kMh]?Pa|kJ|ms"
    r"|ns|[µμ][gms]|mins?|hrs?|secs?|yrs?|h|k?cal|mol|gal|KG|KM)(?:/(?:[hsLl]|kg|k?m[²³]?|dL))?"
    r"|[kcm]?m[²³23](?![\d])|m/s²?)"
)
# Units that the library does not know, or takes for others.
_NAMES = {
    "l": "liter", "dL": "deciliter", "psi": "pound per square inch", "dB": "decibel",
    "fps": "frame per second", "bps": "bit per second", "Gbps": "gigabit per second",
    "Tbps": "terabit per second", "KiB": "kibibyte", "MiB": "mebibyte", "GiB": "gibibyte",
    "TiB": "tebibyte", "kHz": "kilohertz", "W": "watt", "TW": "terawatt", "V": "volt",
    "kV": "kilovolt", "Ah": "ampere-hour", "mAh": "milliampere-hour", "Wh": "watt-hour",
    "kWh": "kilowatt-hour", "MWh": "megawatt-hour", "GWh": "gigawatt-hour",
    "TWh": "terawatt-hour", "kPa": "kilopascal", "hPa": "hectopascal", "MPa": "megapascal",
    "kJ": "kilojoule", "cal": "calorie", "kcal": "kilocalorie", "μg": "microgram", "s": "second",
    "hr": "hour", "sec": "second", "yr": "year", "gal": "gallon", "tsp": "teaspoon",
    "tbsp": "tablespoon", "fl oz": "fluid ounce", "m/s": "meter per second",
    "m/s²": "meter per second squared", "¢": "cent", "m": "meter", "h": "hour", "d": "day",
    "mo": "month", "wk": "week",
}  # fmt: skip
# Other spellings of known symbols.
_ALIASES = {"mL": "ml", "L": "l", "kB": "KB", "KG": "kg", "KM": "km"} | {
    f"{unit}s": unit for unit in ("min", "hr", "sec", "yr")
}
# Units that are written with a full stop, too.
ABBREVIATED = re.compile(r"(?:min|hr|sec|yr|lb|oz|ft|mi|yd|gal|tsp|tbsp)s?$")

# A sign or code → what one is called, several, and a hundredth, if there is one.
CURRENCIES: dict[str, tuple[str, str, str]] = {
    sign: (one, many or f"{one}s", part)
    for names, one, many, part in (
        ("US$ USD", "US dollar", "", "cent"),
        ("CA$ C$ CAD", "Canadian dollar", "", "cent"),
        ("AU$ A$ AUD", "Australian dollar", "", "cent"),
        ("NZ$ NZD", "New Zealand dollar", "", "cent"),
        ("HK$ HKD", "Hong Kong dollar", "", "cent"),
        ("S$ SGD", "Singapore dollar", "", "cent"),
        ("R$ BRL", "Brazilian real", "Brazilian reais", "centavo"),
        ("$", "dollar", "", "cent"),
        ("€ EUR", "euro", "", "cent"),
        ("£ GBP", "pound", "", "pence"),
        ("¥ ￥ JPY", "yen", "yen", ""),
        ("₹ INR", "rupee", "", "paise"),
        ("₩ KRW", "won", "won", ""),
        ("₽ RUB", "ruble", "", "kopeck"),
        ("₺ TRY", "lira", "", ""),
        ("CNY RMB", "yuan", "yuan", ""),
        ("CHF", "Swiss franc", "", "centime"),
        ("PLN", "zloty", "", ""),
        ("SEK", "Swedish krona", "Swedish kronor", ""),
    )
    for sign in names.split()
}


def spell_measure(count: str, symbol: str) -> str:
    """Spell a numeral and its unit; a numeral in words is a plural."""
    plural = count != "1"
    said = spell_number(count) if re.search(r"\d", count) else count
    return f"{said} {name_unit(symbol, plural=plural)}"


def name_unit(symbol: str, *, plural: bool) -> str:
    """Return the name of a unit; the symbol itself if it has none."""
    symbol = symbol.replace("µ", "μ")
    base, _, per = _ALIASES.get(symbol, symbol).partition("/")
    base = _ALIASES.get(base, base)
    name = _NAMES.get(symbol) or (_NAMES.get(base) if not per else None)
    if name:
        return _put_in_number(name, plural=plural)
    said = verbalize(f"{2 if plural else 1} {base}{'/' if per else ''}{per}").partition(" ")[2]
    if (per and "/" in said) or base in _NAMES:
        return f"{name_unit(base, plural=plural)} per {name_unit(per, plural=False)}"
    return said


def _put_in_number(name: str, *, plural: bool) -> str:
    head, space, rest = name.partition(" ")
    if not plural or head.endswith(("s", "z")):
        return name
    return f"{head}s{space}{rest}"
