"""A cache that is bounded by the size of what it keeps."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class BytesLRU(Generic[K, V]):
    """Values by key. When they exceed the limit, the least recently used are forgotten first.

    One thread writes; `nbytes` and the length may be read from any thread.

    Args:
        limit: bytes to keep at most.
        size: returns the bytes that a value counts for; called again when it is forgotten.
    """

    def __init__(self, limit: int, size: Callable[[V], int]) -> None:
        self._limit = limit
        self._size = size
        self._values: OrderedDict[K, V] = OrderedDict()
        self.nbytes = 0

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: K) -> V | None:
        """Return a value, which counts as its use; None if it is not here."""
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def put(self, key: K, value: V) -> None:
        """Keep a value, which is the most recently used now."""
        if (before := self._values.pop(key, None)) is not None:
            self.nbytes -= self._size(before)
        self._values[key] = value
        self.nbytes += self._size(value)
        while self.nbytes > self._limit:
            self.nbytes -= self._size(self._values.popitem(last=False)[1])

    def clear(self) -> None:
        """Forget all values."""
        self._values.clear()
        self.nbytes = 0
