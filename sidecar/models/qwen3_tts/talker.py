"""One frame of codes for every row: the talker's step, then the code predictor's.

Weights are mlx-audio's modules'; how they are arranged and stepped is ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import mlx.core as mx

from sidecar.models.base import FrameSampler
from sidecar.models.qwen3_tts.backend import Backend
from sidecar.models.qwen3_tts.embeddings import CodeTable
from sidecar.models.qwen3_tts.predictor import Predictor
from sidecar.models.qwen3_tts.prompt import Prompt
from sidecar.models.qwen3_tts.text_track import TextTrack
from sidecar.models.qwen3_tts.transformer import Apart, Cache, Slab, Stack
from sidecar.models.slots import Slot, gather


@dataclass(eq=False)
class TalkerState:
    """One row between two frames.

    Attributes:
        cache: its keys and values; None while they are in the slab.
        rest: float [1, length, hidden], the part of the prompt still to run.
        text: what joins the frames drawn.
        closed: the row has left; what the slab still holds of it goes with the next step.
        hidden: float [1, hidden] of a batch, the talker's last output.
        logits: float [vocab] of a batch, codebook 0 of the next frame.
    """

    cache: Cache | None
    rest: mx.array
    text: TextTrack
    closed: bool = False
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
        self._slab = Slab(len(self._stack)) if backend.rows_share_cost else None
        self._members: list[TalkerState] = []  # the rows of the slab, in its order

    def open(self, prompt: Prompt) -> TalkerState:
        return TalkerState(Cache(len(self._stack)), prompt.embeddings, prompt.text)

    def pieces_left(self, state: TalkerState) -> int:
        return -(-state.rest.shape[1] // self._piece)

    def prefill(self, state: TalkerState) -> bool:
        """Runs the next piece of the prompt; True when that was the last."""
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
        """Draws one frame for every row; what the talker makes of it is for the next one.

        Returns:
            uint32 [rows, codebooks], not yet computed. The talker's own step is not part of it:
            it is computed with the next frame, and never if there is none.
        """
        first = sampler.first(gather([state.logits for state in states]))
        hidden = gather([state.hidden for state in states])
        codes = self._predictor(hidden, first, sampler)
        text = [state.text.next for state in states]
        x = self._codes.sum(codes[:, None]) + (text[0] if len(text) == 1 else mx.concatenate(text))
        if self._slab is None:
            memory = Apart([state.cache for state in states if state.cache is not None])
            y = self._stack(x, self._stack.positions.at(memory.lengths, 1), memory, None)
        else:
            memory = self._slab
            y = self._step_together(self._slab, states, x)
        # Only now, and all at once: a frame that cannot be built leaves its rows where they were.
        self._keep(states, y)
        memory.advance()
        for state in states:
            state.text.advance()
        return codes

    def close(self, state: TalkerState) -> None:
        """Forgets a row; the slab drops it with the next step, or when nobody is left in it."""
        state.cache = None
        state.closed = True
        if self._slab is not None and all(member.closed for member in self._members):
            self._members = []
            self._slab = Slab(len(self._stack))

    def _keep(self, states: Sequence[TalkerState], y: mx.array) -> None:
        hidden = self._norm(y)
        logits = self._head(hidden)[:, 0]
        for row, state in enumerate(states):
            state.hidden, state.logits = Slot(hidden, row), Slot(logits, row)

    def _step_together(self, slab: Slab, states: Sequence[TalkerState], x: mx.array) -> mx.array:
        if set(self._members) != set(states):
            self._gather_members(slab, states)
        order = [states.index(member) for member in self._members]
        moved = order != list(range(len(states)))
        if moved:
            x = x[mx.array(order)]
        visible = slab.begin()
        mask = None if visible is None else self._backend.mask(visible)
        y = self._stack(x, self._stack.positions.at(slab.lengths, 1), slab, mask)
        return y[mx.array([order.index(row) for row in range(len(states))])] if moved else y

    def _gather_members(self, slab: Slab, states: Sequence[TalkerState]) -> None:
        """The slab holds the rows of this step; who pauses takes his own out of it."""
        for row, member in enumerate(self._members):
            if member not in states and not member.closed:
                member.cache = slab.row(row)
        keep = [row for row, member in enumerate(self._members) if member in states]
        new = [state for state in states if state not in self._members]
        slab.rebuild(keep, [state.cache for state in new if state.cache is not None])
        for state in new:
            state.cache = None
        self._members = [self._members[row] for row in keep] + new
