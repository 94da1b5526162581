"""When the bundled voice spoke each word: flite's true times, carried over by dynamic time warping.

The bundled voice was trained on flite, so the same text by the same voice sounds alike and differs
in its timing. The reference is of features only; no aligner has a part in it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sidecar.models.aligners.letters.features import FRAMES_PER_SECOND, log_mel, normalised

Float = NDArray[np.float32]

# Features for each 5 ms.
_PER_SECOND = 2 * FRAMES_PER_SECOND
_BAND_SECONDS = 0.5
_CHANGES = 2.0  # weight of the features' changes beside the features


class Carried(NamedTuple):
    """Times in seconds in the other utterance, and how different the two sound there."""

    times: NDArray[np.float64]
    costs: NDArray[np.float64]


def _features(samples: Float, rate: int) -> Float:
    """Return float32 [2 × frames, 2 × MELS]: a frame each 5 ms, with its change over 20 ms."""
    late = np.pad(samples[rate // _PER_SECOND :], (0, rate // _PER_SECOND))
    mel = np.stack([log_mel(samples, rate), log_mel(late, rate)], axis=1).reshape(-1, 40)
    mel = normalised(mel)
    padded = np.pad(mel, ((2, 2), (0, 0)), mode="edge")
    return np.concatenate([mel, _CHANGES * (padded[4:] - padded[:-4])], axis=1)


def _path(costs: Float, band: int) -> NDArray[np.int32]:
    """Return the cheapest way through costs [n, m], as pairs [length, 2]; a diagonal is two steps.

    Computed by antidiagonals, whose cells do not depend on each other.
    """
    n, m = costs.shape
    total = np.full((n + 2, m + 2), np.inf)
    total[0, 0] = -costs[0, 0]
    for diagonal in range(n + m - 1):
        i = np.arange(max(0, diagonal - m + 1), min(n, diagonal + 1))
        i = i[np.abs(i * m / n - (diagonal - i)) <= band]
        j = diagonal - i
        cost = costs[i, j]
        best = np.minimum(total[i, j] + 2 * cost, total[i, j + 1] + cost)
        total[i + 1, j + 1] = np.minimum(best, total[i + 1, j] + cost)
    i, j, path = n - 1, m - 1, []
    while i >= 0 and j >= 0:
        path.append((i, j))
        cost = costs[i, j]
        steps = (total[i, j] + 2 * cost, total[i, j + 1] + cost, total[i + 1, j] + cost)
        step = int(np.argmin(steps))
        i, j = i - (step != 2), j - (step != 1)
    return np.array(path[::-1], np.int32)


def carry(
    times: NDArray[np.float64], spoken: tuple[Float, int], other: tuple[Float, int]
) -> Carried:
    """Carry times over from one utterance to another of the same text.

    Args:
        times: in seconds, in `spoken`.
        spoken: float32 samples and their rate, 16 or 24 kHz.
        other: likewise.
    """
    a, b = _features(*spoken), _features(*other)
    squares = np.square(a).sum(axis=1)[:, None] + np.square(b).sum(axis=1)[None] - 2 * a @ b.T
    costs = np.sqrt(np.maximum(squares, 0))
    ratio = abs(len(b) / len(a) - 1) * len(a)
    path = _path(costs, int(_BAND_SECONDS * _PER_SECOND + ratio))
    firsts, inverse = np.unique(path[:, 0], return_inverse=True)
    middles = np.bincount(inverse, path[:, 1]) / np.bincount(inverse)
    along = np.bincount(inverse, costs[path[:, 0], path[:, 1]]) / np.bincount(inverse)
    at = times * _PER_SECOND
    around = np.clip(np.round(at).astype(int)[:, None] + np.arange(-10, 11), 0, len(a) - 1)
    return Carried(np.interp(at, firsts, middles) / _PER_SECOND, along[around].mean(axis=1))
