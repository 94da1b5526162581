"""Units of measure: the symbols that are recognised, and their names."""

from __future__ import annotations

from sidecar.text.english.readings import read_with_library, spell_count, spell_number

# Without "m", "s" and "in", which are also minutes or millions, plurals, and a word; and without
# capitals that mostly mean something else after a number, as in "5 A" and "4K".
SYMBOL = (
    r"(?:(?:km|cm|mm|nm|kg|mg|g|mi|ft|yd|lbs?|oz|m[lL]|[lL]|ha|hp|mph|rpm|psi|dB|fps|[kMGT]bps"
    r"|[kKMGTP]B|[KMGT]iB|[kMG]?Hz|[kMGT]?W|[km]?V|mA|m?Ah|[kMGT]?Wh|[kMh]?Pa|kJ|ms|ns|[µμ][gms]"
    r"|mins?|hrs?|secs?|yrs?|h|k?cal|mol|gal)(?:/[hs])?|[kcm]?m[²³]|m/s²?)"
)
# Units that the library does not know, or takes for others.
_NAMES = {
    "l": "liter",
    "psi": "pound per square inch",
    "dB": "decibel",
    "fps": "frame per second",
    "Gbps": "gigabit per second",
    "Tbps": "terabit per second",
    "KiB": "kibibyte",
    "MiB": "mebibyte",
    "GiB": "gibibyte",
    "TiB": "tebibyte",
    "kHz": "kilohertz",
    "W": "watt",
    "TW": "terawatt",
    "V": "volt",
    "kV": "kilovolt",
    "Ah": "ampere-hour",
    "mAh": "milliampere-hour",
    "Wh": "watt-hour",
    "kWh": "kilowatt-hour",
    "MWh": "megawatt-hour",
    "GWh": "gigawatt-hour",
    "TWh": "terawatt-hour",
    "kPa": "kilopascal",
    "hPa": "hectopascal",
    "MPa": "megapascal",
    "kJ": "kilojoule",
    "cal": "calorie",
    "kcal": "kilocalorie",
    "μg": "microgram",
    "s": "second",
    "hr": "hour",
    "sec": "second",
    "yr": "year",
    "gal": "gallon",
    "m/s": "meter per second",
    "m/s²": "meter per second squared",
    "¢": "cent",
}
# Other spellings of known symbols.
_ALIASES = {
    "mL": "ml",
    "L": "l",
    "kB": "KB",
    "mins": "min",
    "hrs": "hr",
    "secs": "sec",
    "yrs": "yr",
    "µm": "μm",
    "µs": "μs",
    "µg": "μg",
}


def spell_measure(count: str, symbol: str) -> str:
    """Spell a numeral without commas, and its unit."""
    base, per, time = _ALIASES.get(symbol, symbol).partition("/")
    base = _ALIASES.get(base, base)
    if name := _NAMES.get(f"{base}{per}{time}"):
        return spell_count(count, name)
    if per and base in _NAMES:
        return f"{spell_count(count, _NAMES[base])} per {'hour' if time == 'h' else 'second'}"
    _, _, name = read_with_library(f"{1 if count == '1' else 2} {base}{per}{time}").partition(" ")
    return f"{spell_number(count)} {name}"
