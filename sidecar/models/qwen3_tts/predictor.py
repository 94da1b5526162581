"""The code predictor: codebooks 1 and up of one frame, one after another."""

from __future__ import annotations

from typing import Any

import mlx.core as mx

from sidecar.models.protocols import FrameSampler
from sidecar.models.qwen3_tts.backend import Backend, Rotation
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
        self._inputs = codes.split(table)
        self._heads = [backend.fused([head]) for head in module.lm_head]
        self._norm = backend.norm(module.model.norm)
        self._stack = Stack(module.model.layers, module.config.rope_theta, backend)
        self._mask = backend.causal(2, 2)
        mx.eval(self._inputs)
        self._tables: dict[int, list[list[Rotation]]] = {}

    def __call__(self, hidden: mx.array, first: mx.array, sampler: FrameSampler) -> mx.array:
        """Draw the rest of a frame.

        Args:
            hidden: float [rows, 1, hidden], the talker's output.
            first: uint32 [rows], codebook 0.

        Returns:
            uint32 [rows, codebooks]
        """
        if self._projection is not None:
            hidden = self._projection(hidden)
        x = mx.concatenate([hidden, self._inputs[0][first[:, None]]], axis=1)
        cache = KVCache(len(self._stack), growth=len(self._heads) + 1)
        codes = [first]
        for book, head in enumerate(self._heads, start=1):
            tables = self._steps(x.shape[0])
            y = self._stack(x, tables[book - 1], cache, self._mask if book == 1 else None)
            cache.length += x.shape[1]
            logits = head(self._norm(y[:, -1:]))[:, 0]
            codes.append(sampler.residual(book, logits))
            x = self._inputs[book][codes[-1][:, None]]
        return mx.stack(codes, axis=1)

    def _steps(self, rows: int) -> list[list[Rotation]]:
        """Return the rotations of a frame's steps; the first step has positions 0 and 1."""
        if rows not in self._tables:
            later = range(2, len(self._heads) + 1)
            at = self._stack.positions.at
            steps = [at([0] * rows, 2), *(at([position] * rows, 1) for position in later)]
            mx.eval([pair for step in steps for pair in step])
            self._tables[rows] = steps
        return self._tables[rows]
