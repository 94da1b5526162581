"""The rows that the talker steps, and where their keys and values are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import mlx.core as mx

from sidecar.models.qwen3_tts.backend import Backend
from sidecar.models.qwen3_tts.kv_cache import BatchKVCache, KVCache, PerRowKVCache, RowKV
from sidecar.models.qwen3_tts.text_track import TextTrack
from sidecar.models.qwen3_tts.transformer import Stack
from sidecar.models.slots import Slot


@dataclass(eq=False)
class TalkerState:
    """One row between two frames.

    Attributes:
        cache: its keys and values; None before there are any, and while they are in the batch's
            cache.
        head, body: float [1, length, hidden], the parts of the prompt still to run; the head is
            None when it has run.
        key: of the head, as in `Prompt`.
        text: what joins the frames drawn.
        is_closed: the row has left; the batch's cache drops it with the next step.
        hidden: float [1, hidden] of a batch, the talker's last output.
        logits: float [vocab] of a batch, codebook 0 of the next frame.
    """

    cache: KVCache | RowKV | None
    head: mx.array | None
    key: bytes
    body: mx.array
    text: TextTrack
    is_closed: bool = False
    hidden: Slot = field(init=False)
    logits: Slot = field(init=False)

    @property
    def has_begun(self) -> bool:
        """Whether a piece of its prompt has run."""
        return self.head is None or self.cache is not None

    def pieces_left(self, most: int) -> int:
        """Return how many pieces of at most `most` positions are still to run."""
        head = 0 if self.head is None else self.head.shape[1]
        return -(-head // most) - (-self.body.shape[1] // most)

    def piece(self, most: int) -> mx.array:
        """Return the next piece: float [1, length, hidden]."""
        return (self.body if self.head is None else self.head)[:, :most]

    def note_run(self, length: int) -> bool:
        """Note that the next `length` positions have run; return whether the head ended there."""
        if self.head is None:
            self.body = self.body[:, length:]
            return False
        self.head = self.head[:, length:] if length < self.head.shape[1] else None
        return self.head is None


class Outputs(Protocol):
    """float [rows, 1, hidden] of the last layer → the output after the norm, and its logits."""

    def __call__(self, y: mx.array) -> tuple[mx.array, mx.array]: ...


class Rows(Protocol):
    """Steps rows by one position."""

    def step(self, states: Sequence[TalkerState], x: mx.array) -> tuple[mx.array, mx.array]:
        """float [rows, 1, hidden] → the same after the last norm, and logits [rows, vocab].

        The rows stay where they are until `advance`.
        """
        ...

    def advance(self) -> None:
        """Count the position of the last step."""
        ...

    def close(self) -> None:
        """Drop the rows that are closed, at the latest with the next step."""
        ...


class SeparateRows:
    """Every row has its own cache, and attends to it alone. For the CPU."""

    def __init__(self, stack: Stack, outputs: Outputs) -> None:
        self._stack, self._outputs = stack, outputs
        self._cache = PerRowKVCache([])

    def step(self, states: Sequence[TalkerState], x: mx.array) -> tuple[mx.array, mx.array]:
        caches = [state.cache for state in states if isinstance(state.cache, KVCache)]
        self._cache = PerRowKVCache(caches)
        table = self._stack.positions.at(self._cache.lengths, 1)
        return self._outputs(self._stack(x, table, self._cache, None))

    def advance(self) -> None:
        self._cache.advance()
        self._cache = PerRowKVCache([])

    def close(self) -> None: ...


class SharedRows:
    """All rows have one cache. For GPUs."""

    def __init__(self, stack: Stack, outputs: Outputs, backend: Backend) -> None:
        self._stack, self._outputs, self._backend = stack, outputs, backend
        self._cache = BatchKVCache(len(stack))
        self._members: list[TalkerState] = []  # the rows of the cache, in its order

    def step(self, states: Sequence[TalkerState], x: mx.array) -> tuple[mx.array, mx.array]:
        if set(self._members) != set(states):
            self._members = regroup(self._cache, self._members, states)
        order = [states.index(member) for member in self._members]
        moved = order != list(range(len(states)))
        if moved:
            x = x[mx.array(order)]
        hidden, logits = self._run(x, self._cache)
        if moved:
            back = mx.array([order.index(row) for row in range(len(states))])
            hidden, logits = hidden[back], logits[back]
        return hidden, logits

    def step_once(self, x: mx.array, caches: Sequence[RowKV]) -> tuple[mx.array, mx.array]:
        """Step rows that have these keys and values, apart from the rows of the batch."""
        cache = BatchKVCache(len(self._stack))
        cache.rebuild([], caches)
        return self._run(x, cache)

    def _run(self, x: mx.array, cache: BatchKVCache) -> tuple[mx.array, mx.array]:
        visible = cache.begin()
        mask = None if visible is None else self._backend.mask(visible)
        table = self._stack.positions.at(cache.lengths, 1)
        return self._outputs(self._stack(x, table, cache, mask))

    def advance(self) -> None:
        self._cache.advance()

    def close(self) -> None:
        if all(member.is_closed for member in self._members):
            self._members = []
            self._cache = BatchKVCache(len(self._stack))


class SharedCache(Protocol):
    """Keys and values of several rows, as `BatchKVCache`."""

    def row(self, index: int) -> RowKV: ...

    def rebuild(self, keep: Sequence[int], new: Sequence[RowKV]) -> None: ...


def regroup(
    cache: SharedCache, members: Sequence[TalkerState], states: Sequence[TalkerState]
) -> list[TalkerState]:
    """Make a shared cache hold the rows of a step; a row that pauses takes a copy of its keys and
    values out of it.

    Returns:
        the rows of the cache, in its order
    """
    for row, member in enumerate(members):
        if member not in states and not member.is_closed:
            member.cache = cache.row(row)
    keep = [row for row, member in enumerate(members) if member in states]
    new = [state for state in states if state not in members]
    cache.rebuild(keep, [state.cache for state in new if isinstance(state.cache, RowKV)])
    for state in new:
        state.cache = None
    return [members[row] for row in keep] + new


def keep_outputs(states: Sequence[TalkerState], hidden: mx.array, logits: mx.array) -> None:
    """Give each row its part of the talker's outputs, from which its next frame is drawn."""
    for row, state in enumerate(states):
        state.hidden, state.logits = Slot(hidden, row), Slot(logits, row)
