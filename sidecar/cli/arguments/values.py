"""Types of values: each takes the text of an argument, or says what is wrong with it."""

from __future__ import annotations

import math
import os
from argparse import ArgumentTypeError

from sidecar.audio.formats import MAX_RATE, MAX_SPEED, MIN_RATE, MIN_SPEED
from sidecar.limits import LONGEST_REFERENCE_SECONDS
from sidecar.memory import MemoryLimit, parse_limit

_DAY_SECONDS = 86400


def whole(text: str) -> int:
    """Return a whole number."""
    try:
        return int(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a whole number") from None


def number(text: str) -> float:
    """Return a number."""
    try:
        return float(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a number") from None


def seconds(text: str) -> float:
    """Return seconds, from 0 to a day."""
    value = number(text)
    if not 0 <= value <= _DAY_SECONDS:
        raise ArgumentTypeError(f"{text!r} is not between 0 and {_DAY_SECONDS} seconds")
    return value


def speed(text: str) -> float:
    """Return how many times as fast the speech is to be."""
    value = number(text)
    if not MIN_SPEED <= value <= MAX_SPEED:
        raise ArgumentTypeError(f"{text!r} is not between {MIN_SPEED:g} and {MAX_SPEED:g}")
    return value


def sample_rate(text: str) -> int:
    """Return Hz."""
    value = whole(text)
    if not MIN_RATE <= value <= MAX_RATE:
        raise ArgumentTypeError(f"{text!r} is not between {MIN_RATE} and {MAX_RATE} Hz")
    return value


def keep_alive(text: str) -> float:
    """Return seconds, or -1 for ever."""
    return -1.0 if text == "-1" else seconds(text)


def memory_limit(text: str) -> MemoryLimit:
    """Return what models may take together."""
    try:
        return parse_limit(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None


def folder(text: str) -> str:
    """Return a folder's path, with the home folder for a ~ at its beginning."""
    path = os.path.expanduser(text)
    if path.startswith("~"):  # as it does where the user is unknown
        raise ArgumentTypeError(
            f"{text!r} begins with the home folder of a user that there is not; a folder that is "
            f"called so is ./{text}"
        )
    return path


def reference_seconds(text: str) -> float:
    """Return the length that a reference recording may have."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 1 <= value <= LONGEST_REFERENCE_SECONDS:
        raise ArgumentTypeError(
            f"{text!r} is not between 1 and {LONGEST_REFERENCE_SECONDS:g} seconds; a longer "
            "reference does not make a voice better, and takes memory in every stream"
        )
    return value
