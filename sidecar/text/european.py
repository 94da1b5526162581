"""Spell long numbers and sums of money in German, French, Spanish, Italian and other languages.

Short integers stay as they are. How they are said depends on the words around them (3시 is 세 시,
but 3분 is 삼 분; "1 Haus" is not "eins Haus"; в 5 домах), which the model knows and the library
does not.
"""

from __future__ import annotations

import re
from functools import cache

from sidecar.text.numerals import spell_cardinal, spell_money

_CURRENCIES = {"$": "USD", "€": "EUR", "£": "GBP"}
# The separator of thousands and the decimal sign; those of the other languages are "." and ",".
_SIGNS = {"ko": (",", ".")} | dict.fromkeys(("fr", "ru"), ("[ \xa0\u202f]", ","))
_LONG = 5


@cache
def _compile_patterns(code: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    group, point = _SIGNS.get(code, (r"\.", ","))
    number = (
        rf"\d{{1,3}}(?:{group}\d{{3}})+(?:{re.escape(point)}\d+)?|\d+(?:{re.escape(point)}\d+)?"
    )
    around = r"(?<![\w.,:/+-]){}(?![\w:/-]|[.,]\d)"
    sums = rf"(?P<sign>[$€£])\s?(?P<amount>{number})|(?P<sum>{number})\s?(?P<after>[$€£])"
    return re.compile(around.format(f"(?:{sums})")), re.compile(around.format(f"(?:{number})"))


def spell(text: str, code: str) -> str:
    """Spell the numbers in a text; `code` is de, fr, es, it, pt, ru or ko."""
    sums, numbers = _compile_patterns(code)
    text = sums.sub(lambda match: _spell_money(match, code), text)
    return numbers.sub(lambda match: _spell_number(match[0], code), text)


def _strip_grouping(number: str, code: str) -> str:
    """Return the number as Python writes it."""
    group, point = _SIGNS.get(code, (r"\.", ","))
    return re.sub(group, "", number).replace(point, ".")


def _spell_money(match: re.Match[str], code: str) -> str:
    amount = _strip_grouping(match["amount"] or match["sum"], code)
    return spell_money(amount, _CURRENCIES[match["sign"] or match["after"]], code) or match[0]


def _spell_number(number: str, code: str) -> str:
    bare = _strip_grouping(number, code)
    plain = bare == number
    if plain and (len(number) < _LONG or number.startswith("0")):
        return number
    return spell_cardinal(bare, code)
