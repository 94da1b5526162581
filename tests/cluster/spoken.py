"""Texts, and what one process says for them by stdio."""

from __future__ import annotations

import asyncio
import random

from qwen_tts_client import Sidecar

from tests.support.command import COMMAND

_WORDS = [
    *("morning", "river", "seven", "cloud", "letter", "green", "window", "paper", "early", "music"),
    *("garden", "silver", "open", "water", "number", "yellow", "quiet", "answer", "travel"),
]

Request = tuple[str, int]
"""A text and a seed."""


def requests(count: int, seed: int) -> list[Request]:
    """Return different requests, the same ones on every run."""
    draw = random.Random(seed)
    return [(f"{' '.join(draw.choices(_WORDS, k=draw.randint(1, 5)))}.", n) for n in range(count)]


class Spoken:
    """The audio of one process, which is asked once for each request."""

    def __init__(self) -> None:
        self._known: dict[Request, bytes] = {}

    async def of(self, wanted: list[Request]) -> dict[Request, bytes]:
        """Return the audio of each request."""
        missing = [request for request in wanted if request not in self._known]
        if missing:
            async with Sidecar(COMMAND) as tts:
                for part in range(0, len(missing), 8):
                    some = missing[part : part + 8]
                    streams = [tts.synthesize(text, seed=seed) for text, seed in some]
                    audio = await asyncio.gather(*(stream.read() for stream in streams))
                    self._known.update(zip(some, audio, strict=True))
        return self._known
