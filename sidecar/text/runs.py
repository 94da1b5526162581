"""Pieces of a text without its markup, each with its length in the original."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

import msgspec
from msgspec.structs import replace

from sidecar.text.directives import Directive
from sidecar.text.faults import Faults


class Reader(Protocol):
    """Makes runs of a text in any pieces."""

    faults: Faults

    def feed(self, text: str) -> list[Run]:
        """Take the next piece; return the runs that no further text can change."""
        ...

    def finish(self) -> list[Run]:
        """Return the rest, since the text has ended."""
        ...

    def flush(self) -> list[Run]:
        """Return what can be spoken of the rest, since no more is waited for; more may follow."""
        ...


class Run(msgspec.Struct, frozen=True):
    """A piece of the text.

    Attributes:
        text: its words; with `GONE` and `KEPT`, see `marks`.
        span: the number of characters of the original that it stands for.
        opens: whether a paragraph ends before it.
        row: whether it is in a row of a table.
        is_silent: whether its paragraph is code, reasoning or the like, which is not spoken.
        cuts: whether a sentence ends before it, though no paragraph does.
        directive: what the text asks for at its beginning.
    """

    text: str
    span: int
    opens: bool = False
    row: bool = False
    is_silent: bool = False
    cuts: bool = False
    directive: Directive | None = None

    def cut(self, size: int, span: int) -> tuple[Run, Run]:
        """Return two runs: the first one has so many characters, and so many of the original."""
        rest = Run(self.text[size:], self.span - span, False, self.row, self.is_silent)
        return replace(self, text=self.text[:size], span=span), rest


def merge_runs(runs: list[Run]) -> Iterator[Run]:
    """Join runs that are consecutive in both texts: readers look at a word again for each run."""
    parts: list[str] = []
    last: Run | None = None
    for run in [*runs, None]:
        is_even = run is not None and run.span == len(run.text) and run.directive is None
        opens = run is not None and (run.opens or run.cuts)
        if run and last and is_even and not opens and run.row == last.row:
            parts.append(run.text)
            continue
        if last is not None:
            text = "".join(parts)
            yield Run(text, len(text), last.opens, last.row, cuts=last.cuts)
            last, parts = None, []
        if run and is_even:
            last, parts = run, [run.text]
        elif run:
            yield run


def join_runs(runs: Iterable[Run]) -> str:
    """Return the words of runs, with a line break between two paragraphs."""
    parts = [""]
    for run in runs:
        if run.opens and parts[-1][-1:].strip():
            parts.append("\n")
        if run.text:
            parts.append(run.text)
    return "".join(parts)


def condense_runs(runs: Iterable[Run]) -> tuple[Run, ...]:
    """Return only texts and spans, in as few runs as that takes, whatever pieces they came in."""
    found: list[Run] = []
    for run in runs:
        is_even = run.span == len(run.text)
        last = found[-1] if found else None
        if run.opens and last and last.text[-1:].strip():
            found.append(Run("\n", 0))  # words are not joined over the border of a paragraph
            last = None
        if last and not (run.text or last.text):
            found[-1] = Run("", last.span + run.span)
        elif last and last.text and run.text and is_even and last.span == len(last.text):
            found[-1] = Run(last.text + run.text, last.span + run.span)
        elif run.text or run.span:
            found.append(Run(run.text, run.span))
    return tuple(found)
