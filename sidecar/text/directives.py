"""What a text asks for between its words: a pause, another speaker, another rate.

A reader of the text (`markup`, `ssml`) puts each directive into a run of its own, in the order of
the text. What is nested in the text is resolved by the reader: a directive holds from its place on,
until the next one of its kind.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

# The most silence at one place of a text.
MAX_PAUSE_SECONDS = 10.0


class Pause(msgspec.Struct, frozen=True):
    """Silence of so many seconds, instead of the automatic pause at this place."""

    seconds: float


class Speaker(msgspec.Struct, frozen=True):
    """Another speaker from here on.

    Attributes:
        name: as it was written; None is the request's own voice.
        at: where the text names it, in code points.
    """

    name: str | None
    at: int


class Rate(msgspec.Struct, frozen=True):
    """Another speaking rate from here on: a factor of the request's own."""

    factor: float


Directive = Pause | Speaker | Rate


class Direction(msgspec.Struct, frozen=True):
    """What holds for a part of the text.

    Attributes:
        pause: seconds of silence before it, if the text says so; None leaves the automatic pause.
        speaker: who speaks; None is the request's own voice.
        rate: a factor of the request's speaking rate.
    """

    pause: float | None = None
    speaker: Speaker | None = None
    rate: float = 1.0

    def follow(self, directives: Iterable[Directive]) -> Direction:
        """Return what holds for the next part, before which these directives are."""
        now = replace(self, pause=None)
        for one in directives:
            match one:
                case Pause(seconds):
                    total = min((now.pause or 0.0) + seconds, MAX_PAUSE_SECONDS)
                    now = replace(now, pause=total)
                case Speaker(name):
                    now = replace(now, speaker=None if name is None else one)
                case Rate(factor):
                    now = replace(now, rate=factor)
        return now
