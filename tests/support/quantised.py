"""The effect of quantising on a model: its choices, given the float32 model's history.

python -m tests.support.quantised MODEL…
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import mlx.core as mx
import numpy as np

from sidecar.models import backend, catalog, registry
from sidecar.models.base import Utterance
from sidecar.models.protocols import ResidualDraws
from tests.support.samplers import Greedy

TEXT = "The quick brown fox jumps over the lazy dog, while the sun goes down."


class Forced(Greedy):
    """A greedy sampler that records logits; it draws `codes` instead if they are given."""

    def __init__(self, codes: list[mx.array] | None = None) -> None:
        self._codes = None if codes is None else iter(codes)
        self.logits: list[np.ndarray] = []
        self.drawn: list[mx.array] = []

    def first(self, logits: mx.array) -> mx.array:
        return self.residual(0, logits)

    def residual(self, codebook: int, logits: mx.array) -> mx.array:
        self.logits.append(np.array(logits.astype(mx.float32))[0])
        drawn = mx.argmax(logits, axis=-1) if self._codes is None else next(self._codes)
        self.drawn.append(drawn)
        return drawn

    def residual_draws(self, vocab: int) -> ResidualDraws:
        raise NotImplementedError("a kernel returns no logits that could be recorded")


class Agreement(NamedTuple):
    """The agreement of a quantised model with the float32 one.

    Attributes:
        error: root mean square of the logits' differences ÷ that of the logits.
        first, rest: share of the most likely codes that are the same, of codebook 0 and the others.
    """

    error: float
    first: float
    rest: float


def heard(path: Path, voice: str | None, frames: int, forced: Forced) -> Forced:
    model = registry.load(catalog.resolve(str(path)), "float32")
    row = model.open(model.prepare(Utterance(TEXT, voice, "english")))
    while not model.prefill([row]):
        pass
    for _ in range(frames):
        mx.eval(model.frame([row], forced))
    return forced


def agreement(source: Path, copy: Path, frames: int = 40) -> Agreement:
    """Measure the agreement over the given number of frames of one sentence."""
    voice = registry.describe(catalog.resolve(str(source))).voices[0].name
    exact = heard(source, voice, frames, Forced())
    other = heard(copy, voice, frames, Forced(exact.drawn))
    pairs = list(zip(exact.logits, other.logits, strict=True))
    difference = np.concatenate([a - b for a, b in pairs])
    scale = np.concatenate([a - a.mean() for a, _ in pairs])
    same = np.array([a.argmax() == b.argmax() for a, b in pairs]).reshape(frames, -1)
    error = np.sqrt(np.mean(difference**2)) / np.sqrt(np.mean(scale**2))
    return Agreement(float(error), float(same[:, 0].mean()), float(same[:, 1:].mean()))


def main() -> None:
    backend.prepare()
    for name in sys.argv[1:]:
        checkpoint = catalog.resolve(name)
        for bits in (8, 6, 4):
            with tempfile.TemporaryDirectory() as folder:
                done = registry.convert(checkpoint, bits, 64, Path(folder))
                found = agreement(checkpoint.path, Path(folder))
            print(
                f"| {checkpoint.path.name} | {bits} | {done[0]} of {sum(done)} | "
                f"{found.error:.3f} | {found.first:.0%} | {found.rest:.0%} |"
            )


if __name__ == "__main__":
    main()
