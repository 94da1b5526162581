"""What the readings of all kinds of figures share."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

DIGITS = re.compile(r"\d+")


class Figure(NamedTuple):
    """A recognised span of a text, without its minus sign, and the text before and after it."""

    span: str
    before: str
    after: str


Reading = Callable[[Figure], str]


def match_parts(pattern: str, span: str) -> list[str]:
    """Return the groups of a pattern that the span matches; a group that is missing is empty."""
    match = re.fullmatch(pattern, span)
    return [] if match is None else list(match.groups(""))
