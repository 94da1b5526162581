"""Pieces of a text without its markup, each with its length in the original."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec


class Run(msgspec.Struct, frozen=True):
    """A piece of the text.

    Attributes:
        text: its words; with `GONE` and `KEPT`, see `marks`.
        span: the number of characters of the original that it stands for.
        opens: whether a paragraph ends before it.
        row: whether it is in a row of a table.
        is_silent: whether its paragraph is code, reasoning or the like, which is not spoken.
    """

    text: str
    span: int
    opens: bool = False
    row: bool = False
    is_silent: bool = False

    def cut(self, size: int, span: int) -> tuple[Run, Run]:
        """Return two runs: the first one has so many characters, and so many of the original."""
        rest = Run(self.text[size:], self.span - span, False, self.row, self.is_silent)
        return Run(self.text[:size], span, self.opens, self.row, self.is_silent), rest


def merge_runs(runs: list[Run]) -> Iterator[Run]:
    """Join runs that are consecutive in both texts: readers look at a word again for each run."""
    parts: list[str] = []
    last: Run | None = None
    for run in [*runs, None]:
        is_even = run is not None and run.span == len(run.text)
        if run and last and is_even and not run.opens and run.row == last.row:
            parts.append(run.text)
            continue
        if last is not None:
            text = "".join(parts)
            yield Run(text, len(text), last.opens, last.row)
            last, parts = None, []
        if run and is_even:
            last, parts = run, [run.text]
        elif run:
            yield run
