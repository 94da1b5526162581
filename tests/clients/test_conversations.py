"""The recipe of docs/conversations.md for a listener who interrupts, with the real sidecar."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

from qwen_tts_client import Sidecar

from tests.support.command import COMMAND
from tests.support.harness import ROOT, TIMEOUT

PIECES = ["One two ", "three four five. ", "Six seven eight nine ten."]
RATE = 24000


class Player:
    """Plays at once what it is given, up to a second of audio, at which the listener speaks."""

    def __init__(self, interrupted: asyncio.Event) -> None:
        self.played_ms = 0.0
        self.is_stopped = False
        self._interrupted = interrupted

    async def play(self, audio: bytes) -> None:
        self.played_ms = min(self.played_ms + len(audio) / 2 / RATE * 1000, 1000.0)
        if self.played_ms == 1000.0:
            self._interrupted.set()
            await asyncio.sleep(0)

    async def drain(self) -> None:
        """Return at once, since everything was played."""

    def stop(self) -> None:
        self.is_stopped = True


async def pieces() -> AsyncIterator[str]:
    for piece in PIECES:
        yield piece


async def interrupt() -> tuple[str, Player]:
    recipes = re.findall(r"```python\n(.*?)```", (ROOT / "docs/conversations.md").read_text(), re.S)
    names: dict[str, Any] = {"asyncio": asyncio}
    exec(next(recipe for recipe in recipes if "def reply" in recipe), names)
    interrupted = asyncio.Event()
    player = Player(interrupted)
    async with Sidecar(COMMAND, restart=False) as tts:
        speaking = names["reply"](tts, player, interrupted, pieces())
        return await asyncio.wait_for(speaking, TIMEOUT), player


def test_a_listener_who_interrupts_has_heard_the_beginning_of_the_text() -> None:
    heard, player = asyncio.run(interrupt())
    assert player.is_stopped
    text = "".join(PIECES)
    assert text.startswith(heard)
    # The voice says two to four words in a second.
    assert 1 <= len(heard.split()) <= 5
    assert heard.endswith(" ")
