"""Markdown's lines: where paragraphs end, and which lines a voice should not read.

Only the beginning of a line is held back. `markup` handles what is inside the lines.
"""

from __future__ import annotations

import enum
import re
from functools import cache
from typing import Any

import msgspec

# A line's kind shows in its first characters. One whose mark is longer is plain text.
_BEGINNING = 80


class LineKind(enum.Enum):
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
        text: never empty, unless `html` has removed it.
        kind: of its line.
        opens_paragraph: whether a paragraph ends before it.
        starts_line: whether it is the beginning of a line.
        span: its length in the original; None if that is the length of `text`.
    """

    text: str
    kind: LineKind
    opens_paragraph: bool
    starts_line: bool
    span: int | None = None

    @property
    def length(self) -> int:
        """The number of characters of the original that it stands for."""
        return len(self.text) if self.span is None else self.span


# Each ends after the mark, so that a partial match tells a mark that may go on from a complete one.
_PATTERNS = {
    LineKind.BLANK: r"[^\S\n]*\n",
    LineKind.FENCED: r"[ \t]*(?:`{3,}[^`\n]*|~{3,}[^\n]*)\n",
    LineKind.RULE: r"[ \t]*(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,}|={3,}[ \t]*)\r?\n",
    LineKind.HEADING: r"[ \t]*#{1,6}[ \t\r\n]",
    LineKind.ITEM: r"[ \t]*(?:[-*+•]|\d{1,9}[.)])[ \t]",
    LineKind.ROW: r"[ \t]*\|",
}
# The paragraph ends after a line of these kinds. Before a line of any kind but text it always ends.
_ALONE = (LineKind.HEADING, LineKind.ROW, LineKind.RULE, LineKind.FENCED)

# Lines of these kinds are not read aloud.
SILENT_KINDS = (LineKind.FENCED, LineKind.RULE)

_PARTS = re.compile(r"[^\n]*\n|[^\n]+")
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})")


@cache
def _compiled() -> list[tuple[LineKind, Any]]:
    import regex

    return [(kind, regex.compile(pattern)) for kind, pattern in _PATTERNS.items()]


def classify_line(beginning: str) -> LineKind | None:
    """Return a line's kind by its beginning; None if more of the line could still change it."""
    if beginning[0].isalpha():
        return LineKind.TEXT
    complete = beginning.endswith("\n") or len(beginning) >= _BEGINNING
    for kind, pattern in _compiled():
        match = pattern.match(beginning[:_BEGINNING], partial=not complete)
        if match:
            return None if match.partial else kind
    return LineKind.TEXT


class LineParser:
    """Text in any pieces → its runs. The pieces only change how long the runs are."""

    def __init__(self) -> None:
        self._seen = ""  # the beginning of the current line
        self._kind: LineKind | None = None  # of the current line, if it is known
        self._before: LineKind | None = None  # of the last line that was not blank
        self._blank = False  # a blank line came after that one
        self._fence = ""  # the mark of the open fence

    def feed(self, text: str) -> list[Run]:
        runs: list[Run] = []
        for part in _PARTS.findall(text):
            self._feed(part, runs)
        return runs

    def finish(self) -> list[Run]:
        """Return what is held back of the last line, since the text has ended."""
        if self._kind is not None or not self._seen:
            return []
        return [self._begin(classify_line(self._seen + "\n") or LineKind.TEXT)]

    def _feed(self, part: str, runs: list[Run]) -> None:
        """Take a part of one line, perhaps with its line feed."""
        if self._kind is not None:
            runs.append(Run(part, self._kind, opens_paragraph=False, starts_line=False))
            self._seen += part[: max(0, _BEGINNING - len(self._seen))]
        else:
            self._seen += part
            kind = LineKind.FENCED if self._fence else classify_line(self._seen)
            if kind is None:
                return
            runs.append(self._begin(kind))
        if part.endswith("\n"):
            self._end()

    def _begin(self, kind: LineKind) -> Run:
        self._kind = kind
        opens = False
        if kind is LineKind.BLANK:
            self._blank = True
        elif not self._fence:
            apart = kind is not LineKind.TEXT or self._blank or self._before in _ALONE
            opens = apart and self._before is not None
            self._before, self._blank = kind, False
        return Run(self._seen, kind, opens_paragraph=opens, starts_line=True)

    def _end(self) -> None:
        """End the line, which may open or close a fence."""
        mark = _FENCE.match(self._seen) if self._kind is LineKind.FENCED else None
        if not self._fence:
            self._fence = mark[1] if mark else ""
        elif mark and mark[1].startswith(self._fence) and not self._seen[mark.end() :].strip():
            self._fence = ""
        self._seen, self._kind = "", None
