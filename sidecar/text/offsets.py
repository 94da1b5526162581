"""Sentences of a text without its HTML → their places in the original."""

from __future__ import annotations

from collections import deque

import msgspec
from msgspec.structs import replace

from sidecar.text.lines import Run


class Sentence(msgspec.Struct, frozen=True):
    """One utterance, as offsets in code points of the whole text.

    Consecutive sentences cover the text exactly: white space belongs to the sentence before it.

    Attributes:
        ends_paragraph: whether a paragraph ends with it: a blank line, a heading, an item of a list
            or a row of a table follows, or it is a heading or a row itself, or the text ends.
        is_silent: whether nothing in it is spoken: it is fenced code, a horizontal rule, or only
            punctuation.
    """

    start: int
    end: int
    ends_paragraph: bool
    is_silent: bool


class _Stretch(msgspec.Struct):
    """Characters that are consecutive in both texts, up to these offsets."""

    end: int
    original: int


class OffsetMap:
    """Maps the offsets of a text without HTML to those of the original; both only grow."""

    def __init__(self) -> None:
        self._stretches: deque[_Stretch] = deque([_Stretch(0, 0)])
        self._even = True  # the last stretch may be extended
        self._borders: deque[_Stretch] = deque()
        self._start = 0  # of the next sentence, in the original

    def add(self, run: Run) -> None:
        """Take the next run of both texts."""
        last = self._stretches[-1]
        end, original = last.end + len(run.text), last.original + run.length
        even, self._even = self._even, run.span is None
        if even and self._even:
            last.end, last.original = end, original
        else:
            self._stretches.append(_Stretch(end, original))

    def add_border(self, end: int) -> None:
        """End a paragraph: the HTML that was removed before this place belongs to it."""
        self._borders.append(_Stretch(end, self._stretches[-1].original))

    def to_original(self, sentences: list[Sentence]) -> list[Sentence]:
        """Return the next sentences with offsets in the original; call it once for each."""
        return [self._move(one, self._find_original(one.end)) for one in sentences]

    def finish(self, sentences: list[Sentence]) -> list[Sentence]:
        """Return the last sentences likewise; together they cover the rest of the original."""
        end = self._stretches[-1].original
        if not sentences:
            rest = Sentence(self._start, end, ends_paragraph=True, is_silent=True)
            return [rest] if end > self._start else []
        return [*self.to_original(sentences[:-1]), self._move(sentences[-1], end)]

    def _move(self, one: Sentence, end: int) -> Sentence:
        start, self._start = self._start, end
        return replace(one, start=start, end=end)

    def _find_original(self, end: int) -> int:
        """Return where a sentence ends: at a border, else right after its last character."""
        if self._borders and self._borders[0].end == end:
            return self._borders.popleft().original
        while self._stretches[0].end < end:
            self._stretches.popleft()
        return self._stretches[0].original - (self._stretches[0].end - end)
