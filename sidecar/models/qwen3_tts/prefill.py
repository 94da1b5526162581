"""Runs prompts through the talker, piece by piece: the head, which other prompts share, and the
body.

The cut between them is the same whether the head's keys and values are known or not, so the numbers
are, too: on the CPU bit for bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import mlx.core as mx

from sidecar.models.qwen3_tts.backend import Backend
from sidecar.models.qwen3_tts.kv_cache import KVCache, RowKV
from sidecar.models.qwen3_tts.prompt_cache import PromptCache
from sidecar.models.qwen3_tts.rows import Outputs, TalkerState, keep_outputs
from sidecar.models.qwen3_tts.transformer import Stack

# Prompts of several rows are padded to a multiple of this, so that few shapes occur.
_STEP = 16
# As many rows join at once as one launch of a frame's kernel takes.
_MOST_ROWS = 8


class Prefill(Protocol):
    """Runs prompts."""

    def run(self, states: Sequence[TalkerState]) -> list[TalkerState]:
        """Run a piece of the first row's prompt, and of those others that cost little beside it.

        If this raises an error, no row has advanced.

        Returns:
            the rows whose prompt has ended with it
        """
        ...

    def begin_after_head(self, state: TalkerState) -> None:
        """Skip the head of a row that has not begun, if its keys and values are known."""
        ...


class SeparatePrefill:
    """One row at a time, in a cache of its own. For the CPU."""

    def __init__(
        self, stack: Stack, outputs: Outputs, backend: Backend, prompts: PromptCache
    ) -> None:
        self._stack, self._outputs, self._prompts = stack, outputs, prompts
        self._most = backend.prompt_piece

    def run(self, states: Sequence[TalkerState]) -> list[TalkerState]:
        state = states[0]
        cache, piece = state.cache or KVCache(len(self._stack)), state.piece(self._most)
        assert isinstance(cache, KVCache)
        y = self._stack.extend(piece, cache)
        if state.pieces_left(self._most) == 1:
            keep_outputs([state], *self._outputs(y[:, -1:]))
            mx.async_eval(state.logits.array)
        else:
            mx.eval(y)
        state.cache = cache
        if state.note_run(piece.shape[1]):
            self._prompts.keep_keys(state.key, cache.held())
        return [] if state.pieces_left(self._most) else [state]

    def begin_after_head(self, state: TalkerState) -> None:
        kept = None if state.has_begun else self._prompts.find_keys(state.key)
        if kept is not None:
            state.cache, state.head = KVCache.holding(kept), None


class SharedPrefill:
    """Rows that come together, in one pass. For GPUs, where a pass of several short prompts takes
    about as long as one.

    Rows are padded at their ends, where nothing that counts looks.
    """

    def __init__(
        self, stack: Stack, outputs: Outputs, backend: Backend, prompts: PromptCache
    ) -> None:
        self._stack, self._outputs, self._prompts = stack, outputs, prompts
        self._backend, self._most = backend, backend.prompt_piece

    def run(self, states: Sequence[TalkerState]) -> list[TalkerState]:
        rows = self._choose(states)
        pieces = [state.piece(self._most) for state in rows]
        past = [state.cache.kv if isinstance(state.cache, RowKV) else None for state in rows]
        ends = [piece.shape[1] for piece in pieces]
        y, made = self._pass(pieces, past)
        ready = [row for row, state in enumerate(rows) if state.pieces_left(self._most) == 1]
        if ready:
            last = mx.array([ends[row] - 1 for row in ready])
            hidden, logits = self._outputs(y[mx.array(ready), last][:, None])
            mx.async_eval(hidden, logits, made)
            keep_outputs([rows[row] for row in ready], hidden, logits)
        else:
            mx.eval(made)
        for state, kv, end in zip(rows, made, ends, strict=True):
            state.cache = RowKV(kv)
            if state.note_run(end):
                mx.eval(kv)
                self._prompts.keep_keys(state.key, [kv])
        return [rows[row] for row in ready]

    def begin_after_head(self, state: TalkerState) -> None:
        kept = None if state.has_begun else self._prompts.find_keys(state.key)
        if kept is not None:
            state.cache, state.head = RowKV(kept[0]), None

    def _choose(self, states: Sequence[TalkerState]) -> list[TalkerState]:
        """Return the first row, and others as long as all of them, padded, are a piece."""
        chosen, longest = [states[0]], _padded(states[0].piece(self._most).shape[1])
        for state in states[1:]:
            length = max(longest, _padded(state.piece(self._most).shape[1]))
            if len(chosen) < _MOST_ROWS and (len(chosen) + 1) * length <= self._most:
                chosen.append(state)
                longest = length
        return chosen

    def _pass(
        self, pieces: Sequence[mx.array], past: Sequence[mx.array | None]
    ) -> tuple[mx.array, list[mx.array]]:
        """Run one piece of each row.

        Args:
            past: each row's keys and values, as in `RowKV`; None if it has none.

        Returns:
            float [rows, padded length, hidden], and each row's keys and values
        """
        held = [0 if kv is None else kv.shape[4] for kv in past]
        ends = [piece.shape[1] for piece in pieces]
        length, before = max(map(_padded, ends)), max(map(_padded, held))
        x = _joined([_extended(piece, 1, length) for piece in pieces], axis=0)
        joined = _join_past(past, before) if before else None
        visible = _visible(held, before, length)
        y, kv = self._stack.run_prompts(x, held, joined, self._backend.mask(visible))
        made = [kv[:, :, row : row + 1, :, :end] for row, end in enumerate(ends)]
        return y, [
            new if old is None else mx.concatenate([old, new], axis=4)
            for old, new in zip(past, made, strict=True)
        ]


def _visible(held: Sequence[int], before: int, length: int) -> mx.array:
    """Return which keys each query sees: bool [rows, 1, 1, length, before + length].

    Args:
        held: how many of the first `before` keys each row has; the others are padding.
        length: of the queries, each of which sees its own key and those of the queries before it.
    """
    keys, starts = mx.arange(before + length), mx.array(list(held))[:, None, None, None, None]
    own = (keys >= before) & (keys - before <= mx.arange(length)[:, None])
    return (keys < starts) | own


def _join_past(past: Sequence[mx.array | None], before: int) -> mx.array:
    """Return the keys and values of all rows, each padded to `before` positions."""
    layers, two, _, heads, _, size = next(kv.shape for kv in past if kv is not None)
    dtype = next(kv.dtype for kv in past if kv is not None)
    nothing = mx.zeros((layers, two, 1, heads, before, size), dtype)
    parts = [nothing if kv is None else _extended(kv, 4, before) for kv in past]
    return _joined(parts, axis=2)


def _padded(length: int) -> int:
    return -(-length // _STEP) * _STEP


def _extended(array: mx.array, axis: int, length: int) -> mx.array:
    missing = length - array.shape[axis]
    if not missing:
        return array
    widths = [(0, 0)] * array.ndim
    widths[axis] = (0, missing)
    return mx.pad(array, widths)


def _joined(parts: Sequence[mx.array], axis: int) -> mx.array:
    return mx.concatenate(list(parts), axis=axis) if len(parts) > 1 else parts[0]
