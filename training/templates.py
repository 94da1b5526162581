"""Sentences of the kind that software speaks: numbers, times, prices, dates, messages, greetings.

The templates are in templates.txt, one per line; their [slots] are filled from template_lists.py
and the functions below, until nothing is left to fill. The greater part has numbers, since no prose
has enough of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from training.template_lists import LISTS

Slot = Callable[[Random], str]

_SYMBOLS = ("$", "$", "$", "€", "£")
_MONTHS = LISTS["month"]


def _number(random: Random) -> str:
    """Small ones are the common ones."""
    top = random.choice((10, 20, 30, 100, 100, 100, 1000, 1000, 10_000, 1_000_000))
    top = 999_999_999 if random.random() < 0.02 else top
    number = random.randrange(top)
    return f"{number:,}" if number > 9999 or random.random() < 0.3 else str(number)


def _small(random: Random) -> str:
    return str(random.randint(2, random.choice((9, 20, 59))))


def _decimal(random: Random) -> str:
    digits = random.choice((1, 1, 2, 3))
    return f"{random.uniform(0, random.choice((1, 10, 100))):.{digits}f}"


def _time(random: Random) -> str:
    if random.random() < 0.15:
        return f"{random.randrange(24):02}:{random.randrange(60):02}"
    hour, minute = random.randint(1, 12), random.choice((0, 5, 15, 30, 45, random.randrange(60)))
    suffix = random.choice(("", "", "", " am", " pm", " a.m.", " p.m.", "am", "pm"))
    return f"{hour}{suffix}" if suffix and minute == 0 else f"{hour}:{minute:02}{suffix}"


def _price(random: Random) -> str:
    symbol, top = random.choice(_SYMBOLS), random.choice((10, 50, 100, 1000, 20_000))
    if random.random() < 0.5:
        return f"{symbol}{random.randint(1, top):,}"
    return f"{symbol}{random.uniform(0, top):,.2f}"


def _ordinal(random: Random) -> str:
    return _ending(random.randint(1, random.choice((10, 31, 99))))


def _ending(number: int) -> str:
    ending = "th" if number // 10 == 1 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _date(random: Random) -> str:
    month, day = random.choice(_MONTHS), random.randint(1, 31)
    ordinal = _ending(day)
    date = random.choice((f"{month} {day}", f"{month} {ordinal}", f"the {ordinal} of {month}"))
    return f"{date}, {_year(random)}" if random.random() < 0.25 else date


def _year(random: Random) -> str:
    return str(random.choice((random.randint(1100, 1999), random.randint(1900, 2035))))


def _phone(random: Random) -> str:
    line = f"555-{random.randrange(10_000):04}"
    return f"{random.randint(200, 999)}-{line}" if random.random() < 0.5 else line


def _code(random: Random) -> str:
    """Letters and digits as in a seat, a gate, a flight or a version."""
    letter = random.choice("ABCDEFGHJKLMNPRSTVWXYZ")
    return random.choice(
        (
            f"{letter}{random.randrange(100)}",
            f"{random.randrange(1, 60)}{letter}",
            f"{letter}{random.choice('ABCDEFG')} {random.randrange(1000)}",
            f"{random.randrange(10)}.{random.randrange(20)}.{random.randrange(10)}",
        )
    )


_FUNCTIONS: dict[str, Slot] = {
    "n": _number,
    "k": _small,
    "decimal": _decimal,
    "time": _time,
    "price": _price,
    "ordinal": _ordinal,
    "date": _date,
    "year": _year,
    "decade": lambda random: f"{random.randrange(1700, 2030, 10)}s",
    "phone": _phone,
    "code": _code,
    "percent": lambda random: f"{random.choice((random.randint(1, 100), _decimal(random)))}%",
}


def _fill(template: str, random: Random) -> str:
    def value(slot: re.Match[str]) -> str:
        name = slot[1]
        return _FUNCTIONS[name](random) if name in _FUNCTIONS else random.choice(LISTS[name])

    while "[" in template:
        template = re.sub(r"\[([a-z]+)\]", value, template)
    return template


def sentences(random: Random) -> Iterator[str]:
    """Without an end. Every template is as likely as another; short ones soon repeat."""
    templates = Path(__file__).with_name("templates.txt").read_text().splitlines()
    while True:
        text = _fill(random.choice(templates), random)
        yield text[0].upper() + text[1:].replace(".m..", ".m.").replace(".m.?", ".m?")
