"""Back-pressure: how much audio waits in memory, and when the other side is read."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Generic, TypeVar

T = TypeVar("T")


class FlowGate:
    """Decides when the other side is read.

    Up to `limit` bytes of audio, over all streams, wait in memory. Beyond that nothing is read, and
    the sidecar pauses; but only while no call or reader is waiting, so that a slow reader never
    delays another one, or a ping.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._waiting = 0
        self._apply: Callable[[bool], object] = bool
        self.buffered = 0
        self.paused = False

    def attach(self, apply: Callable[[bool], object]) -> None:
        """Control the output of the next process instead of the last one's."""
        self._apply = apply
        apply(self.paused)

    def buffer(self, size: int) -> None:
        """Add to the bytes that wait; a negative number takes some away."""
        self.buffered += size
        self._update()

    @contextmanager
    def waiting(self) -> Generator[None]:
        """Read inside the `with`, however much audio waits in memory."""
        self._waiting += 1
        self._update()
        try:
            yield
        finally:
            self._waiting -= 1
            self._update()

    def _update(self) -> None:
        paused = self._waiting == 0 and self.buffered > self.limit
        if paused != self.paused:
            self.paused = paused
            self._apply(paused)


class Channel(Generic[T]):
    """A queue between one writer and one reader."""

    def __init__(self) -> None:
        self._items: deque[T] = deque()
        self._more = asyncio.Event()
        self._has_ended = False
        self._error: BaseException | None = None

    def push(self, item: T) -> None:
        """Add an item."""
        self._items.append(item)
        self._more.set()

    def end(self, error: BaseException | None = None) -> None:
        """End the queue: what was pushed can still be read, then comes the end, or the error."""
        if not self._has_ended:
            self._has_ended, self._error = True, error
            self._more.set()

    async def next(self) -> T | None:
        """Wait for the next item; return None at the end."""
        while not self._items:
            if self._error is not None:
                raise self._error.with_traceback(None)
            if self._has_ended:
                return None
            self._more.clear()
            await self._more.wait()
        return self._items.popleft()

    def clear(self) -> list[T]:
        """Remove and return everything that has not been read."""
        items = list(self._items)
        self._items.clear()
        return items
