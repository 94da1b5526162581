"""What is done to samples before they are encoded, a chunk at a time.

A stage's output, put together, is the same however its input was cut.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import soxr

from sidecar.audio.formats import no_stretcher
from sidecar.audio.pcm import Samples

EMPTY: Samples = np.zeros(0, np.float32)

_FADE_SECONDS = 0.005


class Stage(Protocol):
    """Samples in, samples out: float32 [samples]. None is changed in place."""

    def write(self, samples: Samples) -> Samples: ...

    def finish(self) -> Samples:
        """What was held back. Nothing is written afterwards."""
        ...


class Resampler:
    """From one rate to another: round(samples · out / in) of them in the end.

    libsoxr's HQ, which is exact to 20 bits and waits for half as much as VHQ.
    """

    def __init__(self, rate: int, to: int) -> None:
        self._stream = soxr.ResampleStream(rate, to, 1, dtype="float32", quality="HQ")

    def write(self, samples: Samples) -> Samples:
        return self._stream.resample_chunk(samples)

    def finish(self) -> Samples:
        return self._stream.resample_chunk(EMPTY, last=True)


class Stretcher:
    """Faster or slower at the same pitch, by Sonic: whole pitch periods are left out or repeated.

    Sonic works on 16-bit integers, so samples beyond full scale are clipped. The length is
    input / speed to within a pitch period (15 ms).

    Raises:
        Unsupported: the library is missing.
    """

    # Where Sonic cuts depends on how much it is given at once.
    _BLOCK_SECONDS = 0.01
    # It makes up for what it is ahead or behind between 0.5 and 2 only, not at the ends: there it
    # would be a tenth of a second off after a minute and a half.
    _SLOWEST, _FASTEST = 0.50001, 1.99999

    def __init__(self, rate: int, speed: float) -> None:
        try:
            from libsonic import SonicStream  # pyright: ignore[reportAttributeAccessIssue]
        except ImportError as error:
            raise no_stretcher() from error
        self._sonic = SonicStream(rate, 1)
        self._sonic.set_speed(min(max(speed, self._SLOWEST), self._FASTEST))
        self._block = max(1, round(rate * self._BLOCK_SECONDS))
        self._held = EMPTY

    def write(self, samples: Samples) -> Samples:
        held = np.concatenate([self._held, samples])
        whole = len(held) - len(held) % self._block
        self._held = held[whole:]
        return self._stretched(held[:whole])

    def finish(self) -> Samples:
        last = self._stretched(self._held)
        self._held = EMPTY
        self._sonic.flush()
        return np.concatenate([last, self._read()])

    def _stretched(self, samples: Samples) -> Samples:
        blocks = [EMPTY]
        for start in range(0, len(samples), self._block):
            self._sonic.write(samples[start : start + self._block].tolist())
            blocks.append(self._read())
        return np.concatenate(blocks)

    def _read(self) -> Samples:
        return np.asarray(self._sonic.read(self._sonic.available_frames()), np.float32)


class Fades:
    """5 ms from silence at the start, and to silence at the end: raised cosines.

    Speech shorter than both has both at once, so it still starts and ends at nothing.
    """

    def __init__(self, rate: int) -> None:
        size = round(rate * _FADE_SECONDS)
        self._ramp = (0.5 - 0.5 * np.cos(np.pi * np.arange(size) / size)).astype(np.float32)
        self._risen = 0
        self._held = EMPTY

    def write(self, samples: Samples) -> Samples:
        held = np.concatenate([self._held, self._rising(samples)])
        ready = max(0, len(held) - len(self._ramp))
        self._held = held[ready:]
        return held[:ready]

    def finish(self) -> Samples:
        return self._held * self._ramp[: len(self._held)][::-1]

    def _rising(self, samples: Samples) -> Samples:
        ramp = self._ramp[self._risen : self._risen + len(samples)]
        self._risen += len(ramp)
        return np.concatenate([samples[: len(ramp)] * ramp, samples[len(ramp) :]])
