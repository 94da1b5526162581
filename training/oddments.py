"""Texts that are no sentences: words, lists of them, letters, repetitions, nonsense.

They have few of the words that hold a sentence together. Without them a voice learns to go on where
a sentence would go on, and does not stop.
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from random import Random

_SHORT = (
    "ok OK yes no Yes. No. Hi! Hey, Oh, Ah! Um... Hmm. Huh? Wow! Ouch! Shh. Stop! Go. Wait, Really?"
    " Why? What? Who? Where? When? How? Please. Thanks! Sorry. Sure. Maybe. Never. Nothing. Right."
    " I a A an the The and but or it I'm I'll don't can't we're"
)
_CONSONANTS = [
    "b", "c", "d", "f", "g", "h", "j", "k", "l", "m", "n", "p", "r", "s", "t", "v", "w", "z",
    "br", "ch", "cl", "dr", "fl", "gr", "pl", "sh", "sl", "st", "th", "tr",
]  # fmt: skip
_VOWELS = ["a", "e", "i", "o", "u", "ai", "ea", "ee", "oo", "ou"]


def single(words: Sequence[str], random: Random) -> Iterator[str]:
    """Return a word as a person would type it."""
    while True:
        word = random.choice(words)
        styles = (word, word, word.capitalize(), f"{word}.", f"{word.capitalize()}.", f"{word}?")
        yield random.choice(styles)


def lists(words: Sequence[str], random: Random) -> Iterator[str]:
    """Two words, or more with spaces or commas between them."""
    while True:
        count = random.choice((2, 2, 2, 3, 3, 4, 5, 6, 8, 10, 14, 20))
        chosen = random.choices(words, k=count)
        separator = random.choice((" ", " ", ", ", ", "))
        end = random.choice(("", "", "."))
        if separator == ", " and count > 2 and random.random() < 0.3:
            yield f"{', '.join(chosen[:-1])} {random.choice(('and', 'or'))} {chosen[-1]}{end}"
        else:
            yield separator.join(chosen) + end


def _letters(random: Random) -> str:
    separator = random.choice((" ", " ", ", ", "-"))
    letters = random.choices(string.ascii_letters, k=random.randint(1, 15))
    return separator.join(letters)


def _digits(random: Random) -> str:
    return random.choice(("", " ", "-", ", ")).join(
        random.choices(string.digits, k=random.randint(1, 12))
    )


def _typed_at_random(random: Random) -> str:
    """What a cat on a keyboard writes, and what a program prints by mistake."""
    characters = random.choice(
        (
            string.ascii_lowercase + "    ",
            string.ascii_letters + string.punctuation + "  ",
            string.digits + " .,:/-$%",
            "etaoinshrdlu" * 3 + string.ascii_lowercase + "      ,.",
            string.punctuation + string.ascii_letters + string.digits + "    ",
            random.choice(string.ascii_letters) * 3 + string.ascii_lowercase,
        )
    )
    length = random.randint(2, random.choice((12, 30, 100, 200)))
    return "".join(random.choices(characters, k=length)).strip()


def _invented(random: Random) -> str:
    """Return words that there are not, but could be."""
    return " ".join(
        "".join(
            random.choice(_CONSONANTS) + random.choice(_VOWELS) for _ in range(random.randint(1, 4))
        )
        + random.choice(("", "n", "s", "t", "l"))
        for _ in range(random.choice((1, 1, 2, 3, 5, 8)))
    )


def _repeated(words: Sequence[str], random: Random) -> str:
    unit = random.choice((random.choice(words), random.choice(string.ascii_lowercase)))
    separator = random.choice((" ", " ", ", ", "! ", "-", "") if len(unit) == 1 else (" ", ", "))
    return separator.join([unit] * random.randint(2, random.choice((4, 10, 30, 100))))[:200]


def gibberish(random: Random) -> Iterator[str]:
    """Long strings of letters, with few spaces or none: what is easiest to lose one's place in."""
    while True:
        letters = random.choice((string.ascii_lowercase, string.ascii_letters))
        characters = letters + " " * random.choice((0, 2, 3, 3, 3, 3, 4, 6))
        yield "".join(random.choices(characters, k=random.randint(20, 200))).strip()


def odd(words: Sequence[str], random: Random) -> Iterator[str]:
    """First every letter, digit and short answer, then all kinds in turn."""
    yield from string.ascii_lowercase + string.ascii_uppercase + string.digits
    yield from _SHORT.split()
    long = [word for word in words if 13 <= len(word) <= 18]
    while True:
        yield _letters(random)
        yield _digits(random)
        yield _typed_at_random(random)
        yield _typed_at_random(random)
        yield _invented(random)
        yield _repeated(words, random)
        yield " ".join(random.choices(long, k=random.randint(1, 8)))
