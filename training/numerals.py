"""Sums of money and whole numbers → words: stages of the normaliser (see there)."""

from __future__ import annotations

# A pattern (Oniguruma) and the constant that replaces it.
Stage = tuple[str, str]

_UNITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_TEENS = [
    "ten", "eleven", "twelve", "thirteen", "fourteen",
    "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]  # fmt: skip
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]

_AMOUNT = r"\d+(?:,\d{3})*"
_CURRENCIES = (
    (r"\$", "dollar", "dollars", "cents"),
    ("€", "euro", "euros", "cents"),
    ("£", "pound", "pounds", "pence"),
    ("¥", "yen", "yen", "sen"),
)


def money() -> list[Stage]:
    """Return the stages for money: the sign comes first and is spoken last.

    M marks where the main unit is said, E where the small one is; C is "and" between the two, and
    an N replaces "0." where there is nothing but cents.
    """
    stages: list[Stage] = [
        (rf"[$€£¥]{_AMOUNT}\K-(?=[$€£¥]?\d)", " to "),
        (rf"[$€£]{_AMOUNT}\K\.00(?!\d)", ""),
        (r"(?<=[$€£])0?\.(?=\d\d(?!\d))", "N"),
        (rf"[$€£]{_AMOUNT}\K\.(?=\d\d(?!\d))", "MC"),
        (r"[CN]\d\d\K", "E"),
        (r"(?<=[CN])0(?=\d)", ""),
        (rf"[$€£¥] ?(?>{_AMOUNT}(?:\.\d+)?(?: (?:thousand|[mbtr]+illion)\b)?)\K(?!M)", "M"),
    ]
    for sign, one, several, small in _CURRENCIES:
        stages += [
            (rf"{sign}1\KM", f" {one} "),
            (rf"{sign}[^$€£¥M]*\KM", f" {several} "),
            (rf"{sign}[^$€£¥E]*\KE", f" {small} "),
            (rf"(?<=\d) ?{sign}(?! ?\d)", f" {several} "),
            (rf"{sign}(?! ?[\dN])", f" {several} "),
        ]
    return [*stages, ("C", " and "), ("N", ""), ("¢", " cents ")]


def cardinals() -> list[Stage]:
    """What is left in digits: whole numbers below a thousand million, or strings of digits.

    T stands between two groups of three digits, G at the beginning of a later group, H after the
    hundreds, Z for the zero of twenty.
    """
    long = "|".join(rf"(?<=\d{{{n}}})(?=\d{{{10 - n}}})" for n in range(1, 10))
    stages: list[Stage] = [
        (long, " "),
        ("(?<=" + "|".join(r"\b0" + r"\d" * n for n in range(9)) + r")(?=\d)", " "),
        (r"(?<=\d)(?=(?:\d{3})+(?!\d))", "T"),
        (r"T(?=\d{3}T)", " millionG"),
        ("G000T", "G"),
        ("T", " thousandG"),
        ("G0{0,3}", ""),
        (r"(?<=\d)(?=\d\d(?!\d))", "H"),
        ("H00|H0|H", " hundred"),
        *((f"1{n}", f" {word}") for n, word in enumerate(_TEENS)),
        (r"(?<=[2-9])0", "Z"),
        *((rf"{n}(?=[\dZ])", f" {word}") for n, word in enumerate(_TENS, 2)),
        ("Z", ""),
        *((f"{n}", f" {word}") for n, word in enumerate(_UNITS)),
    ]
    irregular = "one first two second three third five fifth eight eighth nine ninth twelve twelfth"
    pairs = irregular.split()
    return [
        *stages,
        *((f"{a}O", b) for a, b in zip(pairs[::2], pairs[1::2], strict=True)),
        ("tyO", "tieth"),
        ("O", "th"),
        ("tyP", "ties"),
        ("xP", "xes"),
        ("P", "s"),
    ]
