"""One frame of codes for every row: the talker's step, then the code predictor's.

The weights are those of mlx-audio's modules; how they are arranged and stepped is decided here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mlx.core as mx

from sidecar.models.protocols import FrameSampler
from sidecar.models.qwen3_tts.backend import Backend
from sidecar.models.qwen3_tts.cuda.rows import KernelRows
from sidecar.models.qwen3_tts.cuda.selection import Layered
from sidecar.models.qwen3_tts.embeddings import CodeTable
from sidecar.models.qwen3_tts.predictor import Predictor
from sidecar.models.qwen3_tts.prefill import Prefill, SeparatePrefill, SharedPrefill
from sidecar.models.qwen3_tts.prompt import Prompt
from sidecar.models.qwen3_tts.prompt_cache import PromptCache
from sidecar.models.qwen3_tts.rows import (
    Rows,
    SeparateRows,
    SharedRows,
    TalkerState,
    keep_outputs,
)
from sidecar.models.qwen3_tts.transformer import Stack
from sidecar.models.slots import gather


class Talker:
    """Steps mlx-audio's Qwen3TTSTalkerForConditionalGeneration.

    Args:
        prompts: keeps the keys and values of the prompts' heads.
    """

    def __init__(
        self, module: Any, codes: CodeTable, backend: Backend, prompts: PromptCache
    ) -> None:
        self._codes = codes
        self._head = backend.fused([module.codec_head])
        self._norm = backend.norm(module.model.norm)
        self._predictor = Predictor(module.code_predictor, codes, backend)
        self._stack = Stack(module.model.layers, module.config.rope_theta, backend)
        self._piece = backend.prompt_piece
        self._rows = self._arrange(module.config.rope_theta, backend)
        run = SharedPrefill if backend.rows_share_cost else SeparatePrefill
        self._prefill: Prefill = run(self._stack, self._outputs, backend, prompts)

    def _arrange(self, base: float, backend: Backend) -> Rows:
        """Return what steps the rows: kernels for whole frames, if there are some."""
        if not backend.rows_share_cost:
            return SeparateRows(self._stack, self._outputs)
        shared = SharedRows(self._stack, self._outputs, backend)
        layered = Layered(shared.step_once, self._predictor.forced, self._predictor.narrowed)
        kernels = backend.frame_kernels(
            lambda: self._stack.weights(self._norm, [self._head], base),
            self._predictor.weights,
            self._predictor.table,
            layered,
        )
        if kernels is None:
            return shared
        self._predictor.use(kernels.predictor)
        return KernelRows(kernels.talker)

    @property
    def has_kernels(self) -> bool:
        """Whether a frame takes two kernels."""
        return isinstance(self._rows, KernelRows)

    def open(self, prompt: Prompt) -> TalkerState:
        state = TalkerState(None, prompt.head, prompt.key, prompt.body, prompt.text)
        self._prefill.begin_after_head(state)
        return state

    def pieces_left(self, state: TalkerState) -> int:
        return state.pieces_left(self._piece)

    def prefill(self, states: Sequence[TalkerState]) -> list[TalkerState]:
        """Run a piece of the first row's prompt, and of others that cost little beside it; return
        the rows whose prompt has ended."""
        for state in states:  # another row may have run the same head meanwhile
            self._prefill.begin_after_head(state)
        return self._prefill.run(states)

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
        hidden, logits = self._rows.step(states, x)
        # Only now, and all at once: a frame that cannot be built leaves its rows where they were.
        keep_outputs(states, hidden, logits)
        self._rows.advance()
        for state in states:
            state.text.advance()
        return codes

    def close(self, state: TalkerState) -> None:
        """Forget a row; a shared cache drops it with the next step, or when all its rows left."""
        state.cache = None
        state.is_closed = True
        self._rows.close()

    def _outputs(self, y: mx.array) -> tuple[mx.array, mx.array]:
        """float [rows, 1, hidden] of the last layer → after the norm, and logits [rows, vocab]."""
        hidden = self._norm(y)
        return hidden, self._head(hidden)[:, 0]
