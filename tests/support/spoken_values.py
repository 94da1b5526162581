"""Numbers in words → their values: the other way round than the code under test, and without it."""

from __future__ import annotations

import re
from decimal import Decimal

_SMALL = (  # noqa: SIM905
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_ENGLISH = (
    {word: value for value, word in enumerate(_SMALL)}
    | {word: 20 + 10 * at for at, word in enumerate(_TENS)}
    | {"oh": 0, "o": 0}
)
_POWERS = {"thousand": 3, "million": 6, "billion": 9, "trillion": 12}
_ORDINALS = {
    "first": "one", "second": "two", "third": "three", "fifth": "five", "eighth": "eight",
    "ninth": "nine", "twelfth": "twelve",
}  # fmt: skip
_HAN = {char: value for value, char in enumerate("零一二三四五六七八九")} | {
    "〇": 0, "两": 2, "幺": 1, "ゼ": 0,
}  # fmt: skip
_HAN_PLACES = {"十": 10, "百": 100, "千": 1000}
_HAN_POWERS = {"万": 10**4, "亿": 10**8, "億": 10**8, "兆": 10**12}


def read_english(words: str) -> Decimal | None:
    """Return the value of a number in English words; None if there are other words in it."""
    tokens = [word for word in re.split(r"[\s,-]+", words) if word and word != "and"]
    if tokens[:1] == ["minus"]:
        value = read_english(" ".join(tokens[1:]))
        return None if value is None else -value
    if "point" in tokens:
        at = tokens.index("point")
        digits = [_ENGLISH.get(word, 10) for word in tokens[at + 1 :]]
        power = 0
        if tokens[-1] in _POWERS:
            power, digits = _POWERS[tokens[-1]], digits[:-1]
        whole = read_english(" ".join(tokens[:at])) if at else Decimal(0)
        if whole is None or not digits or max(digits) > 9:
            return None
        return Decimal(f"{whole}.{''.join(map(str, digits))}") * 10**power
    if not tokens or any(w not in _ENGLISH and w not in _POWERS and w != "hundred" for w in tokens):
        return None
    if not {"hundred", *_POWERS} & set(tokens):
        return _read_pairs([_ENGLISH[word] for word in tokens])
    total = part = 0
    for word in tokens:
        if word == "hundred":
            part *= 100
        elif word in _POWERS:
            total, part = total + part * 10 ** _POWERS[word], 0
        else:
            part += _ENGLISH[word]
    return Decimal(total + part)


def _read_pairs(values: list[int]) -> Decimal:
    """Read digits one by one, a year in two pairs, or a number below a hundred."""
    if len(values) > 1 and max(values) < 10:
        return Decimal("".join(map(str, values)))
    joined: list[int] = []
    for at, value in enumerate(values):
        if at and values[at - 1] >= 20 and 0 < value < 10:
            joined[-1] += value
        else:
            joined.append(value)
    if len(joined) == 3 and joined[1] == 0:
        joined = [joined[0], joined[2]]
    return Decimal(joined[0] if len(joined) == 1 else joined[0] * 100 + joined[1])


def read_english_ordinal(word: str) -> Decimal | None:
    """Return the value of an ordinal below a hundred."""
    *before, last = word.split()
    last = _ORDINALS.get(last) or re.sub("ieth$", "y", last)
    return read_english(" ".join([*before, last if last in _ENGLISH else last.removesuffix("th")]))


def read_han(words: str) -> Decimal | None:
    """Return the value of a number in Chinese or Japanese words."""
    negative = re.match("负|マイナス", words)
    if negative:
        value = read_han(words[negative.end() :])
        return None if value is None else -value
    words = words.replace("ゼロ", "零")
    whole, _, part = re.sub("[点點]", ".", words).partition(".")
    if any(char not in _HAN for char in part):
        return None
    if whole and all(char in _HAN for char in whole):  # digit by digit
        value = "".join(str(_HAN[char]) for char in whole)
    else:
        total = below = digit = last = 0
        for char in whole:
            if char in _HAN:
                digit = _HAN[char]
            elif char in _HAN_PLACES:
                below, digit = below + (digit or 1) * _HAN_PLACES[char], 0
            elif char in _HAN_POWERS:
                power, section = _HAN_POWERS[char], below + digit
                # 万亿 is 万 times 亿
                total = (total + section) * power if power > last else total + section * power
                below, digit, last = 0, 0, power
            else:
                return None
        value = str(total + below + digit)
    return Decimal(f"{value}.{''.join(str(_HAN[char]) for char in part)}" if part else value)
