"""Sentences of a text without its HTML → where they are in the original."""

from __future__ import annotations

from collections import deque

import msgspec
from msgspec.structs import replace

from sidecar.text.lines import Run


class Sentence(msgspec.Struct, frozen=True):
    """One utterance, as offsets in code points of the whole text.

    Consecutive ones cover the text exactly: white space belongs to what it follows.

    Attributes:
        ends_paragraph: a blank line follows, a heading, an item of a list or a row of a table; or
            it is one; or the text ends.
        silent: nothing in it is spoken: fenced code, a horizontal rule, only punctuation.
    """

    start: int
    end: int
    ends_paragraph: bool
    silent: bool


class _Stretch(msgspec.Struct):
    """Characters that are one behind the other in both texts, up to these offsets."""

    end: int
    original: int


class OffsetMap:
    """The offsets of a text without HTML, and the original's, which only grow."""

    def __init__(self) -> None:
        self._stretches: deque[_Stretch] = deque([_Stretch(0, 0)])
        self._even = True  # the last of these goes on
        self._borders: deque[_Stretch] = deque()
        self._start = 0  # of the next sentence, in the original

    def add(self, run: Run) -> None:
        """Take what comes next in both texts."""
        last = self._stretches[-1]
        end, original = last.end + len(run.text), last.original + run.length
        even, self._even = self._even, run.span is None
        if even and self._even:
            last.end, last.original = end, original
        else:
            self._stretches.append(_Stretch(end, original))

    def add_border(self, end: int) -> None:
        """A paragraph ends here: what has been taken out before belongs to it."""
        self._borders.append(_Stretch(end, self._stretches[-1].original))

    def to_original(self, sentences: list[Sentence]) -> list[Sentence]:
        """Return the sentences as they are in the original; each is asked for once."""
        return [self._move(one, self._find_original(one.end)) for one in sentences]

    def finish(self, sentences: list[Sentence]) -> list[Sentence]:
        """As `to_original`, of the last ones: nothing of the original is left over."""
        end = self._stretches[-1].original
        if not sentences:
            rest = Sentence(self._start, end, ends_paragraph=True, silent=True)
            return [rest] if end > self._start else []
        return [*self.to_original(sentences[:-1]), self._move(sentences[-1], end)]

    def _move(self, one: Sentence, end: int) -> Sentence:
        start, self._start = self._start, end
        return replace(one, start=start, end=end)

    def _find_original(self, end: int) -> int:
        """Where a sentence ends: at a border, else right behind its last character."""
        if self._borders and self._borders[0].end == end:
            return self._borders.popleft().original
        while self._stretches[0].end < end:
            self._stretches.popleft()
        return self._stretches[0].original - (self._stretches[0].end - end)
