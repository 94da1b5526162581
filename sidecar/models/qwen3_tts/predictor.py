"""The code predictor: codebooks 1 and up of one frame, one after another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mlx.core as mx

from sidecar.models.protocols import FrameSampler
from sidecar.models.qwen3_tts.backend import Backend, Rotation
from sidecar.models.qwen3_tts.cuda.predictor import PredictorKernel
from sidecar.models.qwen3_tts.cuda.weights import StackWeights
from sidecar.models.qwen3_tts.embeddings import CodeTable
from sidecar.models.qwen3_tts.kv_cache import KVCache
from sidecar.models.qwen3_tts.transformer import Stack


class Predictor:
    """Steps mlx-audio's Qwen3TTSTalkerCodePredictor.

    All rows are always at the same position, so everything that does not depend on the data is
    computed once, at load: the rotations of every step, the first step's mask, and every code's
    embedding in the predictor's own width.
    """

    def __init__(self, module: Any, codes: CodeTable, backend: Backend) -> None:
        narrower = module.small_to_mtp_projection
        self._projection = None if narrower is None else backend.fused([narrower])
        table = codes.table
        if self._projection is not None:
            table = self._projection(table[None]).squeeze(0)
        self.table = table
        self._inputs = codes.split(table)
        self._heads = [backend.fused([head]) for head in module.lm_head]
        self._norm = backend.norm(module.model.norm)
        self._stack = Stack(module.model.layers, module.config.rope_theta, backend)
        self._mask = backend.causal(2, 2)
        mx.eval(self._inputs)
        self._tables: dict[int, list[list[Rotation]]] = {}
        self._base: float = module.config.rope_theta
        self._kernel: PredictorKernel | None = None

    def __call__(self, hidden: mx.array, first: mx.array, sampler: FrameSampler) -> mx.array:
        """Draw the rest of a frame.

        Args:
            hidden: float [rows, 1, hidden], the talker's output.
            first: uint32 [rows], codebook 0.

        Returns:
            uint32 [rows, codebooks]
        """
        hidden = self.narrowed(hidden)
        if self._kernel is not None:
            return self._draw(self._kernel, hidden, first, sampler)
        return self._run(hidden, first, sampler.residual)

    def _run(
        self, hidden: mx.array, first: mx.array, draw: Callable[[int, mx.array], mx.array]
    ) -> mx.array:
        """Draw layer by layer; `hidden` is in the predictor's width."""
        x = mx.concatenate([hidden, self._inputs[0][first[:, None]]], axis=1)
        cache = KVCache(len(self._stack), growth=len(self._heads) + 1)
        codes = [first]
        for book, head in enumerate(self._heads, start=1):
            tables = self._steps(x.shape[0])
            y = self._stack(x, tables[book - 1], cache, self._mask if book == 1 else None)
            cache.length += x.shape[1]
            logits = head(self._norm(y[:, -1:]))[:, 0]
            codes.append(draw(book, logits))
            x = self._inputs[book][codes[-1][:, None]]
        return mx.stack(codes, axis=1)

    @staticmethod
    def _draw(
        kernel: PredictorKernel, hidden: mx.array, first: mx.array, sampler: FrameSampler
    ) -> mx.array:
        draws = sampler.residual_draws(kernel.shape.vocab)
        codes, _, finite = kernel(hidden, first, draws.noise, draws.settings)
        sampler.note_finite(finite)
        return codes

    def narrowed(self, hidden: mx.array) -> mx.array:
        """Return the talker's output in the predictor's width."""
        return hidden if self._projection is None else self._projection(hidden)

    def weights(self) -> StackWeights:
        """Return the weights for a kernel.

        Raises:
            Unsuitable: they are stored in a way that the kernels do not know.
        """
        return self._stack.weights(self._norm, self._heads, self._base)

    def use(self, kernel: PredictorKernel) -> None:
        """Draw all frames from now on with this kernel; the layers' own weights are freed."""
        self._kernel = kernel
        self._stack.free()
        self._heads.clear()
        self._inputs.clear()

    def forced(self, hidden: mx.array, codes: mx.array) -> mx.array:
        """Return the logits of codebooks 1 and up if `codes`, uint32 [rows, codebooks], are drawn:
        float [rows, codebooks − 1, vocab]."""
        logits: list[mx.array] = []

        def known(book: int, of_book: mx.array) -> mx.array:
            logits.append(of_book)
            return codes[:, book]

        self._run(self.narrowed(hidden), codes[:, 0], known)
        return mx.stack(logits, axis=1)

    def _steps(self, rows: int) -> list[list[Rotation]]:
        """Return the rotations of a frame's steps; the first step has positions 0 and 1."""
        if rows not in self._tables:
            later = range(2, len(self._heads) + 1)
            at = self._stack.positions.at
            steps = [at([0] * rows, 2), *(at([position] * rows, 1) for position in later)]
            mx.eval([pair for step in steps for pair in step])
            self._tables[rows] = steps
        return self._tables[rows]
