"""One frame of codes for every row: the talker's step, then the code predictor's.

The weights are those of mlx-audio's modules; how they are arranged and stepped is decided here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import mlx.core as mx

from sidecar.models.protocols import FrameSampler
from sidecar.models.qwen3_tts.backend import Backend
from sidecar.models.qwen3_tts.embeddings import CodeTable
from sidecar.models.qwen3_tts.kv_cache import BatchKVCache, KVCache, PerRowKVCache
from sidecar.models.qwen3_tts.predictor import Predictor
from sidecar.models.qwen3_tts.prompt import Prompt
from sidecar.models.qwen3_tts.text_track import TextTrack
from sidecar.models.qwen3_tts.transformer import Stack
from sidecar.models.slots import Slot, gather


@dataclass(eq=False)
class TalkerState:
    """One row between two frames.

    Attributes:
        cache: its keys and values; None while they are in the batch's cache.
        rest: float [1, length, hidden], the part of the prompt still to run.
        text: what joins the frames drawn.
        is_closed: the row has left; the batch's cache drops it with the next step.
        hidden: float [1, hidden] of a batch, the talker's last output.
        logits: float [vocab] of a batch, codebook 0 of the next frame.
    """

    cache: KVCache | None
    rest: mx.array
    text: TextTrack
    is_closed: bool = False
    hidden: Slot = field(init=False)
    logits: Slot = field(init=False)


class Talker:
    """Steps mlx-audio's Qwen3TTSTalkerForConditionalGeneration."""

    def __init__(self, module: Any, codes: CodeTable, backend: Backend) -> None:
        self._codes = codes
        self._backend = backend
        self._head = backend.fused([module.codec_head])
        self._norm = backend.norm(module.model.norm)
        self._predictor = Predictor(module.code_predictor, codes, backend)
        self._stack = Stack(module.model.layers, module.config.rope_theta, backend)
        self._piece = backend.prompt_piece
        self._shared = BatchKVCache(len(self._stack)) if backend.rows_share_cost else None
        self._members: list[TalkerState] = []  # the rows of the shared cache, in its order

    def open(self, prompt: Prompt) -> TalkerState:
        return TalkerState(KVCache(len(self._stack)), prompt.embeddings, prompt.text)

    def pieces_left(self, state: TalkerState) -> int:
        return -(-state.rest.shape[1] // self._piece)

    def prefill(self, state: TalkerState) -> bool:
        """Run the next piece of the prompt; return whether that was the last."""
        assert state.cache is not None
        piece, state.rest = state.rest[:, : self._piece], state.rest[:, self._piece :]
        y = self._stack.extend(piece, state.cache)
        if state.rest.shape[1]:
            mx.eval(y)
            return False
        self._keep([state], y[:, -1:])
        mx.async_eval(state.logits.array)
        return True

    def frame(self, states: Sequence[TalkerState], sampler: FrameSampler) -> mx.array:
        """Draw one frame for every row; what the talker makes of it is for the next one.

        Returns:
            uint32 [rows, codebooks], not yet computed. The talker's own step is not part of it:
            it is computed with the next frame, and never if there is none.
        """
        first = sampler.first(gather([state.logits for state in states]))
        hidden = gather([state.hidden for state in states])
        codes = self._predictor(hidden, first, sampler)
        text = [state.text.next for state in states]
        x = self._codes.sum(codes[:, None]) + (text[0] if len(text) == 1 else mx.concatenate(text))
        if self._shared is None:
            cache = PerRowKVCache([state.cache for state in states if state.cache is not None])
            y = self._stack(x, self._stack.positions.at(cache.lengths, 1), cache, None)
        else:
            cache = self._shared
            y = self._step_shared(cache, states, x)
        # Only now, and all at once: a frame that cannot be built leaves its rows where they were.
        self._keep(states, y)
        cache.advance()
        for state in states:
            state.text.advance()
        return codes

    def close(self, state: TalkerState) -> None:
        """Forget a row; a shared cache drops it with the next step, or when all its rows left."""
        state.cache = None
        state.is_closed = True
        if self._shared is not None and all(member.is_closed for member in self._members):
            self._members = []
            self._shared = BatchKVCache(len(self._stack))

    def _keep(self, states: Sequence[TalkerState], y: mx.array) -> None:
        hidden = self._norm(y)
        logits = self._head(hidden)[:, 0]
        for row, state in enumerate(states):
            state.hidden, state.logits = Slot(hidden, row), Slot(logits, row)

    def _step_shared(
        self, cache: BatchKVCache, states: Sequence[TalkerState], x: mx.array
    ) -> mx.array:
        if set(self._members) != set(states):
            self._rebuild(cache, states)
        order = [states.index(member) for member in self._members]
        moved = order != list(range(len(states)))
        if moved:
            x = x[mx.array(order)]
        visible = cache.begin()
        mask = None if visible is None else self._backend.mask(visible)
        y = self._stack(x, self._stack.positions.at(cache.lengths, 1), cache, mask)
        return y[mx.array([order.index(row) for row in range(len(states))])] if moved else y

    def _rebuild(self, cache: BatchKVCache, states: Sequence[TalkerState]) -> None:
        """Make the shared cache hold the rows of this step; a row that pauses takes a copy of its
        keys and values out of it."""
        for row, member in enumerate(self._members):
            if member not in states and not member.is_closed:
                member.cache = cache.row(row)
        keep = [row for row, member in enumerate(self._members) if member in states]
        new = [state for state in states if state not in self._members]
        cache.rebuild(keep, [state.cache for state in new if state.cache is not None])
        for state in new:
            state.cache = None
        self._members = [self._members[row] for row in keep] + new
