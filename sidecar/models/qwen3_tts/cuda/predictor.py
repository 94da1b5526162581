"""The code predictor's frame as one kernel."""

from __future__ import annotations

import mlx.core as mx

from sidecar.models.qwen3_tts.cuda import packing
from sidecar.models.qwen3_tts.cuda.launch import CHAIN, Launcher, Output, counter
from sidecar.models.qwen3_tts.cuda.shape import MAX_ROWS, StackShape
from sidecar.models.qwen3_tts.cuda.weights import StackWeights


class PredictorKernel:
    """Draws codebooks 1 and up of a frame.

    Args:
        table: float [codes of all codebooks, hidden], their embeddings in the predictor's width.
    """

    def __init__(
        self, stack: StackWeights, table: mx.array, shape: StackShape, launcher: Launcher
    ) -> None:
        self.shape, self._launcher, self._table = shape, launcher, table
        self._weights = packing.weights(stack, shape)
        self._gains = packing.gains(stack, shape)
        self._rotations = packing.rotations(shape.codebooks, stack.base, shape)
        self._counter, self._no_noise = counter(), mx.zeros((1,))

    def __call__(
        self, hidden: mx.array, first: mx.array, noise: mx.array | None, settings: mx.array
    ) -> tuple[mx.array, mx.array, mx.array]:
        """Draw the rest of a frame.

        Args:
            hidden: float [rows, 1, hidden], the talker's output in the predictor's width.
            first: uint32 [rows], codebook 0.
            noise: float32 [rows, (codebooks − 1) × vocab], Gumbel noise times the temperature;
                None if all rows are greedy.
            settings: float32 [rows, 3]: top-k, top-p, temperature; `ResidualDraws`.

        Returns:
            uint32 [rows, codebooks], float32 [rows, codebooks − 1, vocab] and bool [rows]: the
            codes, their logits, and whether the last codebook's are all finite
        """
        if len(hidden) <= MAX_ROWS:
            return self._launch(hidden, first, noise, settings)
        parts = [
            self._launch(
                hidden[at : at + MAX_ROWS],
                first[at : at + MAX_ROWS],
                None if noise is None else noise[at : at + MAX_ROWS],
                settings[at : at + MAX_ROWS],
            )
            for at in range(0, hidden.shape[0], MAX_ROWS)
        ]
        return (
            mx.concatenate([codes for codes, _, _ in parts]),
            mx.concatenate([logits for _, logits, _ in parts]),
            mx.concatenate([finite for _, _, finite in parts]),
        )

    def _launch(
        self, hidden: mx.array, first: mx.array, noise: mx.array | None, settings: mx.array
    ) -> tuple[mx.array, mx.array, mx.array]:
        rows, books, vocab = len(hidden), self.shape.codebooks, self.shape.vocab
        weights = self._weights
        codes, logits, finite = CHAIN.run(
            self._launcher,
            self._counter,
            [
                hidden,
                first,
                self._table,
                *weights.layers,
                weights.scales,
                weights.heads,
                weights.head_scales,
                self._gains,
                self._rotations,
                self._no_noise if noise is None else noise,
                settings,
            ],
            [
                Output((rows, books), mx.uint32),
                Output((rows, books - 1, vocab), mx.float32),
                Output((rows,), mx.uint32),
                Output((self.shape.scratch_bytes(rows),), mx.uint8),
            ],
            [rows, int(noise is not None)],
        )
        return codes, logits, finite.astype(mx.bool_)
