"""Effects on the samples before they are encoded, a chunk at a time.

An effect's whole output is the same, wherever its input is cut into chunks.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import soxr  # pyright: ignore[reportMissingTypeStubs]  # it is annotated itself

from sidecar.audio.formats import make_stretcher_error
from sidecar.audio.pcm import Samples

EMPTY: Samples = np.zeros(0, np.float32)

_FADE_SECONDS = 0.005


class Effect(Protocol):
    """Samples in, samples out: float32 [samples]. No array is changed in place."""

    def write(self, samples: Samples) -> Samples: ...

    def finish(self) -> Samples:
        """Return the samples that were held back. Nothing is written afterwards."""
        ...


class Resampler:
    """Changes the sample rate. The result has round(samples · out / in) samples.

    It is libsoxr's HQ, which is exact to 20 bits and has half the delay of VHQ.
    """

    def __init__(self, rate: int, to: int) -> None:
        self._stream = soxr.ResampleStream(rate, to, 1, dtype="float32", quality="HQ")

    def write(self, samples: Samples) -> Samples:
        return self._stream.resample_chunk(samples)

    def finish(self) -> Samples:
        return self._stream.resample_chunk(EMPTY, last=True)


class Stretcher:
    """Changes the speed at the same pitch, by Sonic, which drops or repeats whole pitch periods.

    Sonic works on 16-bit integers, so samples beyond full scale are clipped. The length is
    input / speed, with an error of at most a pitch period (15 ms).

    Raises:
        Unsupported: the library is missing.
    """

    # Where Sonic cuts depends on the size of its input, so it gets blocks of one size.
    _BLOCK_SECONDS = 0.01
    # Sonic corrects its drift between these speeds only. At exactly 0.5 or 2 it would be a tenth of
    # a second off after a minute and a half.
    _SLOWEST, _FASTEST = 0.50001, 1.99999

    def __init__(self, rate: int, speed: float) -> None:
        try:
            from libsonic import SonicStream
        except ImportError as error:
            raise make_stretcher_error() from error
        self._sonic = SonicStream(rate, 1)
        self._sonic.set_speed(min(max(speed, self._SLOWEST), self._FASTEST))
        self._block = max(1, round(rate * self._BLOCK_SECONDS))
        self._held = EMPTY

    def write(self, samples: Samples) -> Samples:
        held = np.concatenate([self._held, samples])
        whole = len(held) - len(held) % self._block
        self._held = held[whole:]
        return self._stretch(held[:whole])

    def finish(self) -> Samples:
        last = self._stretch(self._held)
        self._held = EMPTY
        self._sonic.flush()
        return np.concatenate([last, self._read()])

    def _stretch(self, samples: Samples) -> Samples:
        blocks = [EMPTY]
        for start in range(0, len(samples), self._block):
            self._sonic.write(samples[start : start + self._block].tolist())
            blocks.append(self._read())
        return np.concatenate(blocks)

    def _read(self) -> Samples:
        return np.asarray(self._sonic.read(self._sonic.available_frames()), np.float32)


class Fades:
    """Fades of 5 ms from silence at the start and to silence at the end: raised cosines.

    In speech that is shorter than both together they overlap, so it still starts and ends silent.
    """

    def __init__(self, rate: int) -> None:
        size = round(rate * _FADE_SECONDS)
        self._ramp = (0.5 - 0.5 * np.cos(np.pi * np.arange(size) / size)).astype(np.float32)
        self._risen = 0
        self._held = EMPTY

    def write(self, samples: Samples) -> Samples:
        held = np.concatenate([self._held, self._fade_in(samples)])
        ready = max(0, len(held) - len(self._ramp))
        self._held = held[ready:]
        return held[:ready]

    def finish(self) -> Samples:
        return self._held * self._ramp[: len(self._held)][::-1]

    def _fade_in(self, samples: Samples) -> Samples:
        ramp = self._ramp[self._risen : self._risen + len(samples)]
        self._risen += len(ramp)
        return np.concatenate([samples[: len(ramp)] * ramp, samples[len(ramp) :]])
