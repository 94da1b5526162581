"""A text that is still being written, and its sentences as they are spoken."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Generator, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias, cast

from qwen_tts_client.protocol import SentenceProgress

TextSource: TypeAlias = "AsyncIterable[str] | Iterable[str]"
"""A text that is still being written, in pieces that may end anywhere."""

# Number of characters that may wait to be spoken before reading pauses: minutes of speech.
_AHEAD = 4000
_END = object()
_ENDS_IN_HALF_A_CHARACTER = re.compile("[\ud800-\udbff]$")


@dataclass(frozen=True)
class Sentence:
    """A part of the text that is spoken without a cut. All sentences joined are the text."""

    index: int
    """Index of the sentence: 0, 1, 2, … without gaps."""

    text: str
    """The sentence as it was written, white space included."""

    text_start: int
    """Where it starts in the whole text, in characters."""

    text_end: int
    """Where it ends in the whole text, in characters."""

    start_ms: float
    """Where it starts in the audio, in milliseconds. It ends where the next one starts."""

    speaker: str | None = None
    """Who says it, if the speech has `speakers`; None: the speech's own voice."""

    is_ssml: bool = False
    """Whether the text is SSML; captions do not show its tags."""


class SpokenText:
    """A text whose sentences are taken from its front.

    Attributes:
        whole: all of the text so far.

    Args:
        is_ssml: whether the text is SSML.
    """

    def __init__(self, is_ssml: bool = False) -> None:
        self.whole = ""
        self._start = 0
        self._is_ssml = is_ssml

    @property
    def waiting(self) -> int:
        """Number of characters that are not in a sentence yet."""
        return len(self.whole) - self._start

    def add(self, text: str) -> None:
        """Append to the text."""
        self.whole += text

    def take(self, mark: SentenceProgress) -> Sentence:
        """Take the next sentence from the front."""
        text = self.whole[self._start : mark.text_end]
        place = self._start, mark.text_end
        sentence = Sentence(mark.index, text, *place, mark.start_ms, mark.speaker, self._is_ssml)
        self._start = mark.text_end
        return sentence


class TextFeed:
    """Reads a text that is still being written, no further ahead of the voice than necessary.

    Args:
        text: receives everything that was read.
    """

    def __init__(self, source: TextSource, text: SpokenText) -> None:
        self._source = source
        self._text = text
        self._proceed = asyncio.Event()

    async def run(self, append: Callable[[str], None]) -> None:
        """Read to the end. Cancelling it releases the source.

        Raises:
            TypeError: a piece is not a string.
            Exception: whatever the source raises.
        """
        half = ""
        pieces = _iterate(self._source)
        try:
            async for piece in pieces:
                if not isinstance(piece, str):  # pyright: ignore[reportUnnecessaryIsInstance]
                    raise TypeError(f"A piece of text is a {type(piece).__name__}.")
                piece = half + piece
                half = piece[-1:] if _ENDS_IN_HALF_A_CHARACTER.search(piece) else ""
                self._send(piece.removesuffix(half), append)
                await self._room()
            self._send(half, append)
        finally:
            with suppress(Exception):  # The speech has ended, so this error concerns no caller.
                await pieces.aclose()

    def update(self) -> None:
        """Continue reading if sentences were spoken and there is room for more text."""
        self._proceed.set()

    def _send(self, piece: str, append: Callable[[str], None]) -> None:
        # Without half surrogate pairs, which JSON cannot carry.
        text = piece.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if text:
            self._text.add(text)
            append(text)

    async def _room(self) -> None:
        while self._text.waiting > _AHEAD:
            self._proceed.clear()
            await self._proceed.wait()


async def _iterate(source: TextSource) -> AsyncGenerator[str, None]:
    """Yield the pieces, and close the source if it is a generator."""
    if isinstance(source, AsyncIterable):
        async_pieces = aiter(source)
        try:
            async for piece in async_pieces:
                yield piece
        finally:
            if isinstance(async_pieces, AsyncGenerator):
                await async_pieces.aclose()
        return
    pieces = iter(source)
    try:
        # In a thread, since it may wait for a language model.
        while (piece := await asyncio.to_thread(next, pieces, _END)) is not _END:
            yield cast(str, piece)
    finally:
        if isinstance(pieces, Generator):
            pieces.close()
