"""Detects speech that does not end: the model's known way to fail (about one request in 300).

There are two signs, and real speech is far from both. A limit on the length in proportion to the
text's is not one of them: it would cut slow speakers short.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# 5 s of 80 ms frames. Every pause in speech is shorter.
SILENT_FRAMES = 62
# 55 dB below full scale: a noise floor, not a whisper.
SILENCE_RMS = 10 ** (-55 / 20)
# Codebook 0 repeats a pattern of at most 2 s, for 8 s.
CYCLE_PERIODS = 25
CYCLE_FRAMES = 100


class RunawayGuard:
    """Watches one utterance, chunk by chunk."""

    def __init__(self) -> None:
        self._silent = 0
        self._history = np.full(CYCLE_PERIODS, -1, np.int32)  # the newest code comes first
        self._repeated = np.zeros(CYCLE_PERIODS, np.int32)  # frames of repetition, by period

    def is_runaway(self, codes: NDArray[np.int32], samples: NDArray[np.float32]) -> bool:
        """Take the next chunk: int32 [frames, codebooks], float32 [frames × samples a frame].

        Return True once near-silence or one repeating pattern has lasted too long.
        """
        frames = samples.reshape(len(codes), -1)
        for code, rms in zip(codes[:, 0], np.sqrt(np.square(frames).mean(axis=1)), strict=True):
            self._silent = self._silent + 1 if rms < SILENCE_RMS else 0
            self._repeated = np.where(self._history == code, self._repeated + 1, 0)
            self._history = np.concatenate([[code], self._history[:-1]])
            if self._silent >= SILENT_FRAMES or self._repeated.max() >= CYCLE_FRAMES:
                return True
        return False
