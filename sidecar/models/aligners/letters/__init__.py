"""The letters aligner: word times for English, from a small network that knows how letters sound.

It was trained on the speech of flite and of the bundled voice; docs/aligner.md has its error table.
It needs no model but its own weights, which come with the package.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soxr
from numpy.typing import NDArray

from sidecar.models.aligners import Times
from sidecar.models.aligners.letters import lattice
from sidecar.models.aligners.letters.features import (
    FRAMES_PER_SECOND,
    log_mel,
    normalised,
    takes,
)
from sidecar.models.aligners.letters.network import LETTERS, Heard, Network

WEIGHTS = Path(__file__).parents[3] / "bundled" / "letters-aligner.safetensors"
_RESAMPLED = 16000
_SHORTEST_SECONDS, _LONGEST_SECONDS = 0.1, 120.0
# What it is still sure with, by `Doubt`; docs/aligner.md says how often that is right and wrong.
_MOST_LOSS, _MOST_WORD_LOSS, _MOST_SPREAD, _MOST_DELAY = 1.6, 2.6, 0.08, 0.2
# A short word is often one sound, which may be unclear: a word's loss is divided by its letters and
# so many more.
_MORE_LETTERS = 2
# From the centre of three neighbouring values of the start head to its true place: it is a triangle
# in training.
_SHARPNESS = 1.15


def load() -> LettersAligner:
    """Return the aligner. It may be used by several threads at once."""
    return LettersAligner(WEIGHTS)


def spelled(unit: str) -> str | None:
    """Return the letters a to z of a word, without accents; None if it has figures or none."""
    letters = unicodedata.normalize("NFKD", unit.casefold())
    if any(character.isnumeric() for character in letters):
        return None
    return "".join(character for character in letters if character in LETTERS) or None


class Doubt(NamedTuple):
    """What speaks against the times of an utterance.

    Attributes:
        loss: how much less likely the words are than what is heard best, in nepers a letter.
        word_loss: the same of the word that fits worst. It tells of words that were not said.
        spread: the standard deviation of the start that is the least certain, in seconds. It tells
            of words between which no border is heard.
        delay: the most seconds from the start of a word to its first letter. It tells of sounds
            before a word that are part of none.
    """

    loss: float
    word_loss: float
    spread: float
    delay: float

    @property
    def sure(self) -> bool:
        return (
            self.loss <= _MOST_LOSS
            and self.word_loss <= _MOST_WORD_LOSS
            and self.spread <= _MOST_SPREAD
            and self.delay <= _MOST_DELAY
        )


class LettersAligner:
    """See `Aligner`."""

    name = "letters"
    grain_ms = 10.0
    languages = ("english",)

    def __init__(self, weights: Path) -> None:
        self._network = Network(weights)

    def align(
        self, samples: NDArray[np.float32], sample_rate: int, units: Sequence[str], language: str
    ) -> Times | None:
        aligned = self.align_with_doubt(samples, sample_rate, units)
        return aligned[0] if aligned is not None and aligned[1].sure else None

    def align_with_doubt(
        self, samples: NDArray[np.float32], sample_rate: int, units: Sequence[str]
    ) -> tuple[Times, Doubt] | None:
        """Return the times, however unsure they are, and what speaks against them.

        None if there is nothing to align: figures or other scripts among the units, or too little
        audio for so many letters, or too much.
        """
        seconds = len(samples) / sample_rate
        words = [spelled(unit) for unit in units]
        if not _SHORTEST_SECONDS <= seconds <= _LONGEST_SECONDS or not words:
            return None
        if None in words or not np.isfinite(samples).all() or not samples.any():
            return None
        known = [word for word in words if word is not None]
        if not takes(sample_rate):
            samples, sample_rate = soxr.resample(samples, sample_rate, _RESAMPLED), _RESAMPLED
        heard = self._network(normalised(log_mel(samples, sample_rate)))
        built = lattice.build(known)
        path = lattice.search(built, heard)
        if path is None:
            return None
        frames = _frames(built, heard, path, len(known))
        rows: list[list[float]] = np.minimum(frames / FRAMES_PER_SECOND, seconds).tolist()
        return [(start, end) for start, end in rows], find_doubt(built, path, known)


def find_doubt(built: lattice.Lattice, path: lattice.Path, words: Sequence[str]) -> Doubt:
    """Return what speaks against a path through the lattice of these words."""
    letters = np.array([len(word) for word in words])
    word = built.word[path.states]
    spoken = word >= 0
    losses = np.bincount(word[spoken], path.losses[spoken], len(words))
    chances = np.exp(path.starts.astype(np.float64))
    chances /= chances.sum(axis=0)
    frames = np.arange(len(chances))[:, None]
    spread = np.sqrt((chances * (frames - (chances * frames).sum(axis=0)) ** 2).sum(axis=0))
    return Doubt(
        float(path.losses.sum() / letters.sum()),
        float((losses / (letters + _MORE_LETTERS)).max()),
        float(spread.max() / FRAMES_PER_SECOND),
        float(np.bincount(word[built.begins[path.states]]).max() / FRAMES_PER_SECOND),
    )


def _frames(
    built: lattice.Lattice, heard: Heard, path: lattice.Path, count: int
) -> NDArray[np.float64]:
    """Return when each word starts and ends, in frames with fractions: float64 [count, 2]."""
    word = built.word[path.states]
    spoken = np.flatnonzero(word >= 0)
    first = np.searchsorted(word[spoken], np.arange(count), "left")
    behind = np.searchsorted(word[spoken], np.arange(count), "right")
    starts = _between_frames(heard.starts, spoken[first])
    # A pause begins half-way between two frames; without one, a word ends where the next starts.
    ends = spoken[behind - 1] + 0.5
    following = np.append(spoken[first[1:]], -1)
    joined = spoken[behind - 1] + 1 == following
    ends = np.where(joined, np.append(starts[1:], 0), ends)
    starts = np.maximum.accumulate(np.maximum(starts, 0))
    return np.stack([starts, np.maximum(ends, starts)], axis=1)


def _between_frames(log_odds: NDArray[np.float32], at: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the places of the peaks at these frames, half a frame away from them at most."""
    chances = np.pad(1 / (1 + np.exp(-log_odds.astype(np.float64))), 1)
    before, here, after = (chances[at + shift] for shift in range(3))
    shift = _SHARPNESS * (after - before) / (before + here + after + 1e-9)
    return at + np.clip(shift, -0.5, 0.5)
