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
        spec: codebook 0 of the model that calls it.
        suppressed: bool [vocab], codes that are never drawn.
        rows: each row's state; `seen` and `frame` are advanced.
    """

    def __init__(self, spec: CodeSpec, suppressed: mx.array, rows: Sequence[RowSampling]) -> None:
        self._spec = spec
        self._suppressed = suppressed
        self._rows = rows

    def first(self, logits: mx.array) -> mx.array:
        """float [rows, vocab] → int32 [rows]; also counts the frame."""
        logits = self._process(logits.astype(mx.float32))
        codes = self._draw(logits, [row.talker for row in self._rows], 0)
        ids = mx.arange(self._spec.vocab_size)
        for index, row in enumerate(self._rows):
            row.seen = row.seen | (ids == codes[index])
            row.frame += 1
        return codes

    def residual(self, codebook: int, logits: mx.array) -> mx.array:
        """float [rows, vocab] → int32 [rows]."""
        logits = logits.astype(mx.float32)
        return self._draw(logits, [row.subtalker for row in self._rows], codebook, frame_back=1)

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

    def _draw(
        self,
        logits: mx.array,
        params: Sequence[SamplingParams],
        codebook: int,
        frame_back: int = 0,
    ) -> mx.array:
        if any(not _is_greedy(p) for p in params):
            steps = [
                (row.seed, (row.frame - frame_back) * _STEPS_PER_FRAME + codebook)
                for row in self._rows
            ]
            greedy = mx.array([[_is_greedy(p)] for p in params])
            warped = _warp(logits, params) + _gumbel(steps, logits.shape[1])
            logits = mx.where(greedy, logits, warped)
        return mx.argmax(logits, axis=-1).astype(mx.int32)


def _is_greedy(params: SamplingParams) -> bool:
    """Logits divided by a smaller temperature would leave float32."""
    return params.temperature < 1e-5


def _warp(logits: mx.array, params: Sequence[SamplingParams]) -> mx.array:
    """Temperature, top-k and top-p, each row by its own; greedy rows pass at temperature 1."""
    logits = logits / _column([1.0 if _is_greedy(p) else p.temperature for p in params])
    size = logits.shape[1]
    ks = [p.top_k if 0 < p.top_k < size else size for p in params]
    if any(k < size for k in ks):
        ascending = mx.sort(logits, axis=-1)
        kth = mx.take_along_axis(ascending, mx.array([[size - k] for k in ks]), axis=-1)
        logits = mx.where(logits < kth, -mx.inf, logits)
    if any(p.top_p < 1 for p in params):
        logits = mx.where(_outside_nucleus(logits, params), -mx.inf, logits)
    return logits


def _outside_nucleus(logits: mx.array, params: Sequence[SamplingParams]) -> mx.array:
    """Hugging Face's TopPLogitsWarper: drops the tail whose mass is at most 1 − top_p."""
    order = mx.argsort(logits, axis=-1)
    ascending = mx.take_along_axis(logits, order, axis=-1)
    mass = mx.cumsum(mx.softmax(ascending, axis=-1, precise=True), axis=-1)
    top_p = _column([p.top_p for p in params])
    last = mx.arange(logits.shape[1]) == logits.shape[1] - 1  # the likeliest always stays
    dropped = (mass <= 1.0 - top_p) & ~last & (top_p < 1)
    return mx.put_along_axis(mx.zeros_like(dropped), order, dropped, axis=-1)


def _gumbel(steps: Sequence[tuple[int, int]], size: int) -> mx.array:
    """float32 [rows, size] of standard Gumbel noise, one key per row."""
    keys = mx.array([key_words(seed, step) for seed, step in steps], dtype=mx.uint32)

    def one(key: mx.array) -> mx.array:
        return mx.random.gumbel((size,), key=key)

    return mx.vmap(one)(keys)


def _column(values: Sequence[float]) -> mx.array:
    return mx.array(list(values), dtype=mx.float32)[:, None]


def evaluate(arrays: list[mx.array]) -> None:
    """Computes what has been recorded lazily so far."""
    mx.eval(arrays)  # pyright: ignore[reportUnknownMemberType]
