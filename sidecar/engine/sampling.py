"""Drawing codes: logits processors and samplers, per row, with per-row random keys.

The order is Hugging Face's: repetition penalty, minimum length, suppressed codes, then
temperature, top-k, top-p. A draw is the arg-max of logits plus Gumbel noise, and the noise
is a function of (seed, frame, codebook) alone, so that a row's codes do not depend on its
neighbours in the batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import mlx.core as mx

from sidecar.models.base import CodeSpec, SamplingParams

_MASK64 = 2**64 - 1
# More codebooks than any model has, so that (frame, codebook) → step is one to one.
_STEPS_PER_FRAME = 64


def key_words(seed: int, step: int) -> tuple[int, int]:
    """A random key for one draw: SplitMix64 (Steele, Lea, Flood 2014) of seed and step."""
    z = (seed * 0x9E3779B97F4A7C15 + (step + 1) * 0xD1B54A32D192ED03) & _MASK64
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK64
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK64
    z ^= z >> 31
    return z >> 32, z & 0xFFFFFFFF


@dataclass
class RowSampling:
    """Everything one row's draws depend on.

    Attributes:
        seen: bool [1, vocab], codes of codebook 0 drawn so far, over the whole history.
        frame: frames drawn so far.
    """

    talker: SamplingParams
    subtalker: SamplingParams
    repetition_penalty: float
    min_frames: int
    seed: int
    seen: mx.array
    frame: int = 0


class BatchSampler:
    """One frame's draws for all rows; made anew for every frame.

    Args:
        spec: the codes of the model that calls it.
        suppressed: bool [vocab], codes that are never drawn.
        rows: each row's state; `seen` and `frame` are advanced.
    """

    def __init__(self, spec: CodeSpec, suppressed: mx.array, rows: Sequence[RowSampling]) -> None:
        self._spec = spec
        self._suppressed = suppressed
        self._rows = rows
        self._talker = _Stage([row.talker for row in rows])
        self._subtalker = _Stage([row.subtalker for row in rows])
        self._noise: list[mx.array] = []  # of codebooks 1 and up

    def first(self, logits: mx.array) -> mx.array:
        """float [rows, vocab] → int32 [rows]; also counts the frame."""
        logits = self._process(logits.astype(mx.float32))
        if self._talker.draws:
            keys = [key_words(row.seed, row.frame * _STEPS_PER_FRAME) for row in self._rows]
            logits = self._talker.perturb(logits, _gumbel(keys, logits.shape[1]))
        codes = mx.argmax(logits, axis=-1).astype(mx.int32)
        ids = mx.arange(self._spec.vocab_size)
        for index, row in enumerate(self._rows):
            row.frame += 1
            # Kept only where it is used, and so computed: else its graph would grow for ever.
            if row.repetition_penalty != 1.0:
                row.seen = row.seen | (ids == codes[index])
        return codes

    def residual(self, codebook: int, logits: mx.array) -> mx.array:
        """float [rows, vocab] → int32 [rows]; after `first`."""
        logits = logits.astype(mx.float32)
        if self._subtalker.draws:
            if not self._noise:
                self._noise = self._residual_noise(logits.shape[1])
            logits = self._subtalker.perturb(logits, self._noise[codebook - 1])
        return mx.argmax(logits, axis=-1).astype(mx.int32)

    def _residual_noise(self, size: int) -> list[mx.array]:
        """All of a frame's noise at once: per codebook float32 [rows, size]."""
        books = range(1, self._spec.codebooks)
        keys = [
            key_words(row.seed, (row.frame - 1) * _STEPS_PER_FRAME + book)
            for book in books
            for row in self._rows
        ]
        rows = len(self._rows)
        noise = _gumbel(keys, size)
        return [noise[i * rows : (i + 1) * rows] for i in range(len(books))]

    def _process(self, logits: mx.array) -> mx.array:
        if any(row.repetition_penalty != 1.0 for row in self._rows):
            penalty = _column([row.repetition_penalty for row in self._rows])
            seen = mx.concatenate([row.seen for row in self._rows])
            penalised = mx.where(logits < 0, logits * penalty, logits / penalty)
            logits = mx.where(seen, penalised, logits)
        logits = mx.where(self._suppressed, -mx.inf, logits)
        if any(row.frame < row.min_frames for row in self._rows):
            too_short = mx.array([[row.frame < row.min_frames] for row in self._rows])
            is_eos = mx.arange(self._spec.vocab_size) == self._spec.eos
            logits = mx.where(too_short & is_eos, -mx.inf, logits)
        return logits


class _Stage:
    """What the draws of one stage have in common over a frame: each row's settings, as columns.

    Attributes:
        draws: whether any row draws at random.
    """

    def __init__(self, params: Sequence[SamplingParams]) -> None:
        greedy = [_is_greedy(p) for p in params]
        self.draws = not all(greedy)
        self._params = params
        self._greedy = mx.array(greedy)[:, None] if any(greedy) else None
        self._temperature = _column(
            [1.0 if g else p.temperature for g, p in zip(greedy, params, strict=True)]
        )

    def perturb(self, logits: mx.array, noise: mx.array) -> mx.array:
        """Logits whose arg-max is a draw; greedy rows as they were. float32 [rows, vocab]."""
        warped = self._warp(logits / self._temperature) + noise
        return warped if self._greedy is None else mx.where(self._greedy, logits, warped)

    def _warp(self, logits: mx.array) -> mx.array:
        """Top-k and top-p, each row by its own."""
        size = logits.shape[1]
        ks = [p.top_k if 0 < p.top_k < size else size for p in self._params]
        if any(k < size for k in ks):
            ascending = mx.sort(logits, axis=-1)
            kth = mx.take_along_axis(ascending, mx.array([[size - k] for k in ks]), axis=-1)
            logits = mx.where(logits < kth, -mx.inf, logits)
        if any(p.top_p < 1 for p in self._params):
            logits = mx.where(_outside_nucleus(logits, self._params), -mx.inf, logits)
        return logits


def _is_greedy(params: SamplingParams) -> bool:
    """Logits divided by a smaller temperature would leave float32."""
    return params.temperature < 1e-5


def _outside_nucleus(logits: mx.array, params: Sequence[SamplingParams]) -> mx.array:
    """Hugging Face's TopPLogitsWarper: drops the tail whose mass is at most 1 − top_p."""
    order = mx.argsort(logits, axis=-1)
    ascending = mx.take_along_axis(logits, order, axis=-1)
    mass = mx.cumsum(mx.softmax(ascending, axis=-1, precise=True), axis=-1)
    top_p = _column([p.top_p for p in params])
    last = mx.arange(logits.shape[1]) == logits.shape[1] - 1  # the likeliest always stays
    dropped = (mass <= 1.0 - top_p) & ~last & (top_p < 1)
    return mx.put_along_axis(mx.zeros_like(dropped), order, dropped, axis=-1)


def _gumbel(keys: Sequence[tuple[int, int]], size: int) -> mx.array:
    """float32 [keys, size] of standard Gumbel noise, one key per row."""

    def one(key: mx.array) -> mx.array:
        return mx.random.gumbel((size,), key=key)

    return mx.vmap(one)(mx.array(list(keys), dtype=mx.uint32))


def _column(values: Sequence[float]) -> mx.array:
    return mx.array(list(values), dtype=mx.float32)[:, None]
