"""The network: what is said in each frame, computed by numpy.

Convolutions over 40 log-mel bands: an opening one, then residual blocks of a depthwise convolution,
a norm of each frame, and two products. A frame's outputs depend on half a second on either side.
`training/aligner/network.py` is the same for training.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

Float = NDArray[np.float32]

CHANNELS = 128
EXPANSION = 2
OPENING = 5
KERNEL = 7
DILATIONS = (1, 2, 4, 1, 2, 4)
LETTERS = "abcdefghijklmnopqrstuvwxyz"
# The letters' blank and the letters; speech or silence; "a word starts here".
_BLANK_AND_LETTERS = 1 + len(LETTERS)
CLASSES = _BLANK_AND_LETTERS + 2
_EPSILON = np.float32(1e-5)
# A product of so many multiplications, or fewer, is computed by the calling thread alone. OpenBLAS
# would wake its threads for more, which costs ten times the processor time that it takes here, and
# makes the result depend on their number.
_ONE_THREAD = 1 << 18


class Heard(NamedTuple):
    """What the network says of each frame.

    Attributes:
        letters: float32 [frames, 27], log-probabilities of the CTC blank and of each letter.
        silence: float32 [frames], log-odds of silence against speech.
        starts: float32 [frames], log-odds of a word's start.
    """

    letters: Float
    silence: Float
    starts: Float


def _log_softmax(x: Float) -> Float:
    x = x - x.max(axis=-1, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=-1, keepdims=True))


def _product(x: Float, weights: Float) -> Float:
    """Return x @ weights, a few rows at a time."""
    rows = max(1, _ONE_THREAD // weights.size)
    whole = len(x) // rows * rows
    most = x[:whole].reshape(-1, rows, x.shape[1]) @ weights
    return np.concatenate([most.reshape(whole, weights.shape[1]), x[whole:] @ weights])


class Network:
    """The weights, and how they are used. It never changes, so any thread may use it."""

    def __init__(self, file: Path) -> None:
        """Read the weights.

        Raises:
            OSError: the file cannot be read.
            KeyError: it has other weights.
        """
        weights = {name: array.astype(np.float32) for name, array in load_file(file).items()}
        # As products: [taps × mels, channels].
        opening = weights["opening.weight"]
        self._opening = np.ascontiguousarray(opening.transpose(2, 1, 0)).reshape(-1, len(opening))
        self._weights = weights

    def __call__(self, features: Float) -> Heard:
        """Return what is said in each frame of float32 [frames, MELS]."""
        reach = OPENING // 2
        padded = np.pad(features, ((reach, reach), (0, 0)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, OPENING, axis=0)
        x = _product(windows.transpose(0, 2, 1).reshape(len(features), -1), self._opening)
        x = np.maximum(x + self._weights["opening.bias"], 0)
        for i, dilation in enumerate(DILATIONS):
            x += self._block(f"blocks.{i}.", x, dilation)
        y = self._linear("heads", self._norm("norm", x))
        letters = _log_softmax(y[:, :_BLANK_AND_LETTERS])
        return Heard(letters, y[:, _BLANK_AND_LETTERS], y[:, _BLANK_AND_LETTERS + 1])

    def _block(self, name: str, x: Float, dilation: int) -> Float:
        taps = self._weights[f"{name}depthwise.weight"]
        reach = dilation * (KERNEL // 2)
        padded = np.pad(x, ((reach, reach), (0, 0)))
        y = np.broadcast_to(self._weights[f"{name}depthwise.bias"], x.shape).copy()
        for tap in range(KERNEL):
            y += padded[tap * dilation : tap * dilation + len(x)] * taps[:, 0, tap]
        wide = np.maximum(self._linear(f"{name}wide", self._norm(f"{name}norm", y)), 0)
        return self._linear(f"{name}narrow", wide)

    def _linear(self, name: str, x: Float) -> Float:
        return _product(x, self._weights[f"{name}.weight"].T) + self._weights[f"{name}.bias"]

    def _norm(self, name: str, x: Float) -> Float:
        x = x - x.mean(axis=1, keepdims=True)
        x /= np.sqrt(np.square(x).mean(axis=1, keepdims=True) + _EPSILON)
        return x * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]
