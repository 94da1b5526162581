"""Markdown's lines: where paragraphs end, and what no voice should read.

Only the beginning of a line is waited for. What the lines hold is left to `markdown`.
"""

from __future__ import annotations

import enum
import re
from functools import cache
from typing import Any

import msgspec

# Of a line, to know what it is. A longer beginning is that of plain text.
_BEGINNING = 80


class Kind(enum.Enum):
    TEXT = "text"
    BLANK = "blank"
    HEADING = "heading"
    ITEM = "item"
    ROW = "row"
    RULE = "rule"
    FENCED = "fenced"


class Run(msgspec.Struct, frozen=True):
    """A piece of the text; all runs together are the text.

    Attributes:
        text: never empty, but where `html` has taken out what there was.
        opens: a paragraph ends before it.
        starts: it is the beginning of a line.
        span: characters of the original, where that is not the length of `text`.
    """

    text: str
    kind: Kind
    opens: bool
    starts: bool
    span: int | None = None

    @property
    def length(self) -> int:
        """How many characters of the original it stands for."""
        return len(self.text) if self.span is None else self.span


# Decided by what follows the mark, so that a part of it can be told from all of it.
_PATTERNS = {
    Kind.BLANK: r"[^\S\n]*\n",
    Kind.FENCED: r"[ \t]*(?:`{3,}[^`\n]*|~{3,}[^\n]*)\n",
    Kind.RULE: r"[ \t]*(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,}|={3,}[ \t]*)\r?\n",
    Kind.HEADING: r"[ \t]*#{1,6}[ \t\r\n]",
    Kind.ITEM: r"[ \t]*(?:[-*+•]|\d{1,9}[.)])[ \t]",
    Kind.ROW: r"[ \t]*\|",
}
# No other line goes on in the same paragraph behind one of these; before one, none ever does.
_ALONE = (Kind.HEADING, Kind.ROW, Kind.RULE, Kind.FENCED)

_PARTS = re.compile(r"[^\n]*\n|[^\n]+")
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})")


@cache
def _compiled() -> list[tuple[Kind, Any]]:
    import regex

    return [(kind, regex.compile(pattern)) for kind, pattern in _PATTERNS.items()]


def kind_of(beginning: str) -> Kind | None:
    """What a line is; None where more of it could still change that."""
    if beginning[0].isalpha():
        return Kind.TEXT
    complete = beginning.endswith("\n") or len(beginning) >= _BEGINNING
    for kind, pattern in _compiled():
        match = pattern.match(beginning[:_BEGINNING], partial=not complete)
        if match:
            return None if match.partial else kind
    return Kind.TEXT


class Lines:
    """Text in any pieces → its runs. How it is cut changes only how long they are."""

    def __init__(self) -> None:
        self._seen = ""  # the beginning of the line that is under way
        self._kind: Kind | None = None  # of that line, where it is known
        self._before: Kind | None = None  # of the last line with something on it
        self._blank = False  # an empty line came after that one
        self._fence = ""  # the mark of the fence that is open

    def feed(self, text: str) -> list[Run]:
        runs: list[Run] = []
        for part in _PARTS.findall(text):
            self._feed(part, runs)
        return runs

    def finish(self) -> list[Run]:
        """What was held back of the last line."""
        if self._kind is not None or not self._seen:
            return []
        return [self._begin(kind_of(self._seen + "\n") or Kind.TEXT)]

    def _feed(self, part: str, runs: list[Run]) -> None:
        """A part of one line, with its line feed if that is there."""
        if self._kind is not None:
            runs.append(Run(part, self._kind, opens=False, starts=False))
            self._seen += part[: max(0, _BEGINNING - len(self._seen))]
        else:
            self._seen += part
            kind = Kind.FENCED if self._fence else kind_of(self._seen)
            if kind is None:
                return
            runs.append(self._begin(kind))
        if part.endswith("\n"):
            self._end()

    def _begin(self, kind: Kind) -> Run:
        self._kind = kind
        opens = False
        if kind is Kind.BLANK:
            self._blank = True
        elif not self._fence:
            apart = kind is not Kind.TEXT or self._blank or self._before in _ALONE
            opens = apart and self._before is not None
            self._before, self._blank = kind, False
        return Run(self._seen, kind, opens=opens, starts=True)

    def _end(self) -> None:
        """The line is complete: does it open or close a fence?"""
        mark = _FENCE.match(self._seen) if self._kind is Kind.FENCED else None
        if not self._fence:
            self._fence = mark[1] if mark else ""
        elif mark and mark[1].startswith(self._fence) and not self._seen[mark.end() :].strip():
            self._fence = ""
        self._seen, self._kind = "", None
