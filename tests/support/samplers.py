"""Samplers for tests that call a model without the engine."""

from __future__ import annotations

import mlx.core as mx

from sidecar.models.protocols import ResidualDraws


class Greedy:
    """A sampler that takes the most likely code, in every row."""

    def first(self, logits: mx.array) -> mx.array:
        self._rows = logits.shape[0]
        # The tiny checkpoints have 256 codes; the end of speech is one of those after them.
        return mx.argmax(logits[:, :256], axis=-1)

    def residual(self, codebook: int, logits: mx.array) -> mx.array:
        return mx.argmax(logits, axis=-1)

    def residual_draws(self, vocab: int) -> ResidualDraws:
        greedy = [float(vocab), 1.0, 0.0]
        return ResidualDraws(None, mx.array([greedy] * self._rows, dtype=mx.float32))

    def note_finite(self, finite: mx.array) -> None:
        assert mx.all(finite).item()
