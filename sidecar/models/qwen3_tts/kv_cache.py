"""Where a stack of decoder layers keeps the keys and values of its rows.

Those of a layer are one array, float [2, rows, kv_heads, positions, head_dim], so that a step
writes both at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import mlx.core as mx

from sidecar.models.slots import unstacked

# How many positions a cache grows by.
GROWTH = 256


class KVStore(Protocol):
    """Keys and values of the past; `update` is called once for each layer."""

    def update(self, index: int, kv: mx.array) -> list[mx.array]:
        """Add `kv` to the past of layer `index`.

        Args:
            kv: float [2, rows, kv_heads, length, head_dim]

        Returns:
            keys and values to attend to, `kv` included: one array for all rows, or one for each
        """
        ...


class KVCache:
    """Keys and values of rows that are all at the same position, preallocated in steps.

    Attributes:
        length: positions held; the caller advances it when all layers have run.
        layers: per layer the keys and values, with room to spare; None before the first.
    """

    def __init__(self, depth: int, growth: int = GROWTH) -> None:
        self.length = 0
        self.layers: list[mx.array | None] = [None] * depth
        self._growth = growth

    @classmethod
    def holding(cls, layers: Sequence[mx.array]) -> KVCache:
        """Return a cache with these keys and values of each layer, which it never writes to."""
        cache = cls(len(layers))
        cache.layers[:] = layers
        cache.length = layers[0].shape[3]
        return cache

    def held(self) -> list[mx.array]:
        """Return the keys and values of each layer without room; a copy only if there is room."""
        layers = [layer for layer in self.layers if layer is not None]
        if layers[0].shape[3] > self.length:
            layers = [mx.contiguous(layer[:, :, :, : self.length]) for layer in layers]
            mx.eval(layers)
        return layers

    def update(self, index: int, kv: mx.array) -> list[mx.array]:
        if self.layers[index] is None:
            self.layers[index] = kv  # as it is: the next ones find no room, and go into a copy
            return [kv]
        end = self.length + kv.shape[3]
        held = self._room(index, kv, end)
        held[:, :, :, self.length : end] = kv
        return [held[:, :, :, :end]]

    def _room(self, index: int, kv: mx.array, end: int) -> mx.array:
        held = self.layers[index]
        assert held is not None
        if held.shape[3] < end:
            room = -(-end // self._growth) * self._growth
            grown = mx.zeros((*kv.shape[:3], room, kv.shape[4]), kv.dtype)
            grown[:, :, :, : self.length] = held[:, :, :, : self.length]
            held = self.layers[index] = grown
        return held


@dataclass(frozen=True)
class RowKV:
    """Keys and values of one row apart from a batch: float [layers, 2, 1, kv_heads, positions,
    head_dim]."""

    kv: mx.array

    @property
    def length(self) -> int:
        return self.kv.shape[4]


class PromptKVStore:
    """Keys and values of prompts in one pass, of rows at any position.

    Args:
        past: per layer what the rows have already, float [2, rows, kv_heads, positions, head_dim].

    Attributes:
        made: per layer those of this pass.
    """

    def __init__(self, past: Sequence[mx.array]) -> None:
        self._past = past
        self.made: list[mx.array] = []

    def update(self, index: int, kv: mx.array) -> list[mx.array]:
        self.made.append(kv)
        return [mx.concatenate([self._past[index], kv], axis=3) if self._past else kv]


class PerRowKVCache:
    """One cache for each row, which attend one by one: the result of a row does not depend on the
    lengths of its neighbours. For the CPU."""

    def __init__(self, caches: Sequence[KVCache]) -> None:
        self._caches = caches

    @property
    def lengths(self) -> list[int]:
        return [cache.length for cache in self._caches]

    def update(self, index: int, kv: mx.array) -> list[mx.array]:
        if len(self._caches) == 1:
            return self._caches[0].update(index, kv)
        rows = enumerate(self._caches)
        return [kvs for row, cache in rows for kvs in cache.update(index, kv[:, row : row + 1])]

    def advance(self) -> None:
        for cache in self._caches:
            cache.length += 1


class BatchKVCache:
    """Rows of any length side by side in one array per layer, so that all attend in one kernel.
    For GPUs: a row joins or leaves by a copy; between those nothing is moved.

    All rows end at the same position, where the next step writes. Shorter rows begin later; the
    positions before their beginning are masked.
    """

    def __init__(self, depth: int) -> None:
        self._end = 0
        self._lengths: list[int] = []
        self._masked = False
        self._layers: list[mx.array] = [mx.array(0)] * depth

    @property
    def lengths(self) -> list[int]:
        """Positions held, per row."""
        return list(self._lengths)

    def row(self, index: int) -> RowKV:
        """Return a copy of a row's keys and values."""
        span = slice(self._end - self._lengths[index], self._end)
        one = slice(index, index + 1)
        row = RowKV(mx.stack([held[:, one, :, span] for held in self._layers]))
        mx.async_eval(row.kv)
        return row

    def rebuild(self, keep: Sequence[int], new: Sequence[RowKV]) -> None:
        """Keep these rows, and append the new ones after them."""
        kept = [self._lengths[row] for row in keep]
        lengths = kept + [row.length for row in new]
        end, span = max(lengths, default=0), max(kept, default=0)
        joining = [unstacked(row.kv) for row in new]
        for index, held in enumerate(self._layers):
            like = joining[0][index] if new else held
            _, _, heads, _, size = like.shape
            room = mx.zeros((2, len(lengths), heads, rounded(end), size), like.dtype)
            if keep:
                held = held[:, :, :, self._end - span : self._end]
                if len(keep) < held.shape[1]:
                    held = mx.take(held, mx.array(list(keep)), axis=1)
                room[:, : len(keep), :, end - span : end] = held
            for row, layers in enumerate(joining, start=len(keep)):
                room[:, row : row + 1, :, end - lengths[row] : end] = layers[index]
            self._layers[index] = room
        self._end, self._lengths = end, lengths

    def begin(self) -> mx.array | None:
        """Make room for one more position.

        Returns:
            which positions each row sees in this step, bool [rows, 1, 1, 1, positions], or None if
            every row sees all
        """
        room = self._layers[0].shape[3]
        if self._end >= room:
            self._layers = [_grown(held) for held in self._layers]
            room += GROWTH
        self._masked = len(set(self._lengths)) > 1
        if not self._masked:
            return None
        starts = mx.array([self._end - length for length in self._lengths])
        at = mx.arange(room)
        return (at >= starts[:, None, None, None, None]) & (at <= self._end)

    def update(self, index: int, kv: mx.array) -> list[mx.array]:
        held = self._layers[index]
        held[:, :, :, self._end : self._end + 1] = kv
        # With a mask the rows attend to all the room: its size changes rarely, and so the kernel.
        return [held if self._masked else held[:, :, :, : self._end + 1]]

    def advance(self) -> None:
        self._end += 1
        self._lengths = [length + 1 for length in self._lengths]


def rounded(positions: int) -> int:
    return (positions // GROWTH + 1) * GROWTH


def _grown(kv: mx.array) -> mx.array:
    return mx.pad(kv, [(0, 0), (0, 0), (0, 0), (0, GROWTH), (0, 0)])
