"""Draws codes: logits processors and samplers for each row of a batch, with its own random keys.

The order is Hugging Face's: repetition penalty, minimum length, suppressed codes, then
temperature, top-k, top-p. A draw is the arg-max of logits plus Gumbel noise times the
temperature, which at temperature 0 is the greedy choice. The noise is a function of
(seed, frame, stage) alone, so that a row's codes do not depend on its neighbours in the batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import mlx.core as mx

from sidecar.models.base import CodeSpec, SamplingParams
from sidecar.models.protocols import ResidualDraws
from sidecar.models.slots import Slot, gather, slots

_MASK64 = 2**64 - 1
# The noise of a frame has two keys: one for codebook 0, one for all other codebooks.
_STAGES = 2
# Below this, logits divided by the temperature would overflow float32: the draw is greedy.
_COLDEST = 1e-5


def key_words(seed: int, step: int) -> tuple[int, int]:
    """Return a random key for one draw: SplitMix64 (Steele, Lea, Flood 2014) of seed and step."""
    z = (seed * 0x9E3779B97F4A7C15 + (step + 1) * 0xD1B54A32D192ED03) & _MASK64
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK64
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK64
    z ^= z >> 31
    return z >> 32, z & 0xFFFFFFFF


@dataclass(eq=False)
class SamplingState:
    """Everything that the draws of one sequence depend on.

    Attributes:
        seen: bool [vocab], a row of a batch: the codes of codebook 0 drawn in the whole history;
            None before the first draw, and where no penalty needs it.
        frame: frames drawn so far.
    """

    talker: SamplingParams
    subtalker: SamplingParams
    repetition_penalty: float
    min_frames: int
    seed: int
    seen: Slot | None = None
    frame: int = 0


class LogitsMask:
    """Which codes of codebook 0 a model may draw, as values to add to logits; one for each model.

    Attributes:
        spec: the model's codes.
        never: float32 [1, vocab], −inf where a code is never drawn, otherwise 0.
        too_early: the same, with −inf for the end of speech, too.
    """

    def __init__(self, spec: CodeSpec) -> None:
        self.spec = spec
        self.never = _bias(spec.vocab_size, spec.suppressed)
        self.too_early = _bias(spec.vocab_size, (*spec.suppressed, spec.eos))


class BatchSampler:
    """Draws the codes of a batch, frame after frame; a batch with other rows needs a new one.

    Args:
        mask: the mask of the model that calls it.
        rows: the state of each row; `advance` counts the frame in it.

    Attributes:
        finite: bool [rows], whether the logits of the last frame were finite numbers.
    """

    finite: mx.array

    def __init__(self, mask: LogitsMask, rows: Sequence[SamplingState]) -> None:
        self._mask = mask
        self._spec = mask.spec
        self._rows = rows
        self._talker = _Stage([row.talker for row in rows])
        self._subtalker = _Stage([row.subtalker for row in rows])
        penalties = [row.repetition_penalty for row in rows]
        self._penalty = _column(penalties) if any(p != 1.0 for p in penalties) else None
        self._noise: mx.array | None = None  # for codebooks 1 and up
        self._seen_next: list[Slot] = []

    def first(self, logits: mx.array) -> mx.array:
        """Draw codebook 0: float [rows, vocab] → uint32 [rows]."""
        logits = logits.astype(mx.float32)
        self.finite = mx.isfinite(logits.sum(axis=-1))
        if self._penalty is not None:
            logits = _penalised(logits, self._seen(logits.shape[1]), self._penalty)
        logits = logits + self._bias()
        noise = self._draw(0, logits.shape[1]) if self._talker.draws else None
        codes = self._talker.pick(logits, noise)
        self._noise = None
        self._seen_next = [] if self._penalty is None else self._mark_seen(codes)
        return codes

    def residual(self, codebook: int, logits: mx.array) -> mx.array:
        """Draw another codebook, after `first`: float [rows, vocab] → uint32 [rows]."""
        if codebook == self._spec.codebooks - 1:  # an earlier fault is still in these logits
            self.finite = self.finite & mx.isfinite(logits.astype(mx.float32).sum(axis=-1))
        if not self._subtalker.draws:
            return self._subtalker.pick(logits, None)
        books, size = self._spec.codebooks - 1, logits.shape[1]
        if self._noise is None:
            self._noise = self._draw(1, books * size)
        start = (codebook - 1) * size
        return self._subtalker.pick(logits, self._noise[:, start : start + size])

    def residual_draws(self, vocab: int) -> ResidualDraws:
        """Return what a kernel needs to draw as `residual` does; see `FrameSampler`."""
        draws = self._subtalker.draws
        noise = self._draw(1, (self._spec.codebooks - 1) * vocab) if draws else None
        return ResidualDraws(noise, self._subtalker.settings(vocab))

    def note_finite(self, finite: mx.array) -> None:
        """Take bool [rows], whether a kernel's last logits are finite numbers."""
        self.finite = self.finite & finite

    def advance(self) -> None:
        """Count the frame that was drawn. Before that, to draw it again gives the same codes."""
        for row in self._rows:
            row.frame += 1
        for row, slot in zip(self._rows, self._seen_next, strict=False):
            row.seen = slot

    def _draw(self, stage: int, size: int) -> mx.array:
        """Return Gumbel noise times each row's temperature: float32 [rows, size]."""
        steps = [row.frame * _STAGES + stage for row in self._rows]
        keys = [key_words(row.seed, step) for row, step in zip(self._rows, steps, strict=True)]
        return (self._talker, self._subtalker)[stage].scale(_gumbel(keys, size))

    def _bias(self) -> mx.array:
        """Return −inf where a code may not be drawn now, else 0: float32 [rows or 1, vocab]."""
        early = [row.frame < row.min_frames for row in self._rows]
        if not any(early):
            return self._mask.never
        return mx.concatenate([self._mask.too_early if e else self._mask.never for e in early])

    def _seen(self, size: int) -> mx.array:
        nothing = mx.zeros((1, size), dtype=mx.bool_)
        return gather([row.seen or Slot(nothing, 0) for row in self._rows])

    def _mark_seen(self, codes: mx.array) -> list[Slot]:
        """Return what each row has drawn, including these codes."""
        size = self._spec.vocab_size
        return slots(self._seen(size) | (mx.arange(size) == codes[:, None]))


class _Stage:
    """The settings of one stage of the model for all rows, as columns.

    Attributes:
        draws: whether any row draws at random.
    """

    def __init__(self, params: Sequence[SamplingParams]) -> None:
        temperatures = [p.temperature if p.temperature >= _COLDEST else 0.0 for p in params]
        self.draws = any(temperatures)
        self._temperature = _column(temperatures)
        self._mixed = not all(temperatures)
        self._ks = [p.top_k for p in params]
        self._top_ps = [p.top_p if t else 1.0 for p, t in zip(params, temperatures, strict=True)]
        self._divisor = _column([t or 1.0 for t in temperatures])
        self._temperatures = temperatures
        self._settings: mx.array | None = None

    def settings(self, size: int) -> mx.array:
        """Return top-k, top-p and temperature of each row, of `size` codes: float32 [rows, 3]."""
        if self._settings is None:
            ks = [k if 0 < k < size else size for k in self._ks]
            rows = zip(map(float, ks), self._top_ps, self._temperatures, strict=True)
            self._settings = mx.array([list(row) for row in rows], dtype=mx.float32)
        return self._settings

    def scale(self, noise: mx.array) -> mx.array:
        """Return noise times each row's temperature; 0 for greedy rows, even of infinite noise."""
        scaled = noise * self._temperature
        return mx.where(self._temperature > 0, scaled, 0.0) if self._mixed else scaled

    def pick(self, logits: mx.array, noise: mx.array | None) -> mx.array:
        """Return the arg-max of what top-k and top-p leave, with noise added: uint32 [rows]."""
        if noise is not None:
            size = logits.shape[1]
            ks = [k if 0 < k < size else size for k in self._ks]
            least = _kth_largest(logits, ks) if min(ks) < size else mx.array(-mx.inf)
            if min(self._top_ps) < 1:
                logits = mx.where(logits < least, -mx.inf, logits.astype(mx.float32))
                dropped = _outside_nucleus(logits / self._divisor, self._top_ps)
                logits = mx.where(dropped, -mx.inf, logits)
            logits = _perturbed(logits, least, noise)
        return mx.argmax(logits, axis=-1)


def _kth_largest(logits: mx.array, ks: Sequence[int]) -> mx.array:
    """Return the k-th largest of each row, with k of that row: float [rows, 1]."""
    size = logits.shape[1]
    if len(set(ks)) == 1:
        at = size - ks[0]
        return mx.partition(logits, at, axis=-1)[:, at : at + 1]
    ascending = mx.sort(logits, axis=-1)
    return mx.take_along_axis(ascending, mx.array([[size - k] for k in ks]), axis=-1)


@mx.compile
def _perturbed(logits: mx.array, least: mx.array, noise: mx.array) -> mx.array:
    return mx.where(logits < least, -mx.inf, logits.astype(mx.float32) + noise)


@mx.compile
def _penalised(logits: mx.array, seen: mx.array, penalty: mx.array) -> mx.array:
    return mx.where(seen, mx.where(logits < 0, logits * penalty, logits / penalty), logits)


def _outside_nucleus(logits: mx.array, top_ps: Sequence[float]) -> mx.array:
    """Return which codes top-p drops, as Hugging Face's TopPLogitsWarper does: bool [rows, vocab].

    It drops the tail whose mass is at most 1 − top_p.
    """
    order = mx.argsort(logits, axis=-1)
    ascending = mx.take_along_axis(logits, order, axis=-1)
    mass = mx.cumsum(mx.softmax(ascending, axis=-1, precise=True), axis=-1)
    top_p = _column(top_ps)
    last = mx.arange(logits.shape[1]) == logits.shape[1] - 1  # the most likely code always stays
    dropped = (mass <= 1.0 - top_p) & ~last & (top_p < 1)
    return mx.put_along_axis(mx.zeros_like(dropped), order, dropped, axis=-1)


def _gumbel(keys: Sequence[tuple[int, int]], size: int) -> mx.array:
    """Return standard Gumbel noise, one key for each row: float32 [keys, size]."""

    def one(key: mx.array) -> mx.array:
        return mx.random.gumbel((size,), key=key)

    return mx.vmap(one)(mx.array(list(keys), dtype=mx.uint32))


def _bias(size: int, never: Sequence[int]) -> mx.array:
    values = [0.0] * size
    for code in never:
        values[code] = -float("inf")
    return mx.array([values])


def _column(values: Sequence[float]) -> mx.array:
    return mx.array(list(values), dtype=mx.float32)[:, None]
