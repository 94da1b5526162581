"""A progress line on the terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Any

from tqdm import tqdm

from sidecar.cli import terminal
from sidecar.synthesis.request import Mark

_INTERVAL_SECONDS = 0.1
_UNKNOWN = "speech: {desc} [{elapsed}]"
_KNOWN = "speech: {percentage:3.0f}% {bar:24} {desc} [{elapsed}]"
# How fast people speak; the position within a sentence is estimated from it.
_CHARACTERS_PER_SECOND = 15.0


class Progress:
    """A line on stderr, if that is a terminal.

    Args:
        characters: length of the text; None while it is still being written.
    """

    def __init__(self, characters: int | None, *, quiet: bool) -> None:
        self._bar: Any = None
        self._shown = 0.0
        if terminal.is_shown() and not quiet:
            bar_format = _UNKNOWN if characters is None else _KNOWN
            self._bar = tqdm(total=characters, bar_format=bar_format, file=sys.stderr)

    def show(self, seconds: float, marks: Sequence[Mark]) -> None:
        """Show the length of the audio.

        Args:
            marks: the sentence that the audio has reached; empty if it is not known yet.
        """
        if self._bar is not None and time.monotonic() - self._shown > _INTERVAL_SECONDS:
            self._draw(seconds, _position(seconds, marks))

    def finish(self, seconds: float) -> None:
        """Show that the whole text has been spoken."""
        if self._bar is not None and self._bar.total is not None:
            self._draw(seconds, self._bar.total)

    def close(self) -> None:
        """End the line."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _draw(self, seconds: float, position: int) -> None:
        self._shown = time.monotonic()
        self._bar.n = position
        self._bar.set_description_str(f"{seconds:.1f} s of audio")


def _position(seconds: float, marks: Sequence[Mark]) -> int:
    """Return how many characters of the text have been spoken, as far as is known."""
    if not marks:
        return 0
    [mark] = marks
    spoken = (seconds - mark.start_seconds) * _CHARACTERS_PER_SECOND
    return min(mark.start + max(int(spoken), 0), mark.end)
