"""How far the speech is, on a terminal."""

from __future__ import annotations

import sys
import time
from typing import Any

from tqdm import tqdm

from sidecar.cli import terminal

_INTERVAL_SECONDS = 0.1
_UNKNOWN = "speech: {desc} [{elapsed}]"
_KNOWN = "speech: {percentage:3.0f}% {bar:24} {desc} [{elapsed}]"


class Progress:
    """A line on stderr, if that is a terminal.

    Args:
        characters: of the text; None while it is still being written.
    """

    def __init__(self, characters: int | None, *, quiet: bool) -> None:
        self._bar: Any = None
        self._shown = 0.0
        if terminal.is_shown() and not quiet:
            bar_format = _UNKNOWN if characters is None else _KNOWN
            self._bar = tqdm(total=characters, bar_format=bar_format, file=sys.stderr)

    def show(self, seconds: float, position: int) -> None:
        """Show so much audio, which is about the text up to `position`."""
        if self._bar is None:
            return
        is_due = time.monotonic() - self._shown > _INTERVAL_SECONDS
        if is_due or position == self._bar.total:
            self._shown = time.monotonic()
            self._bar.n = position
            self._bar.set_description_str(f"{seconds:.1f} s of audio")

    def close(self) -> None:
        """Leave the line as it is."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
