"""A look-ahead peak limiter."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from sidecar.audio.formats import to_amplitude
from sidecar.audio.pcm import Samples

_Gains = NDArray[np.int64]

_LOOK_AHEAD_SECONDS = 0.005
_RELEASE_SECONDS = 0.1
# Gains are integers in this unit. So sums and running minima are exact, and the output is the same
# to the bit, wherever the input is cut.
_UNITY = 1 << 30


class Limiter:
    """Turns the level down ahead of each peak, so that no sample is beyond the ceiling.

    The gain that a sample needs is held for the 5 ms before it (a sliding minimum), rises by at
    most full scale in 100 ms, and is smoothed by a moving average as long as the look-ahead. So it
    falls in a line that arrives with the peak. On look-ahead see D. Giannoulis, M. Massberg and
    J. D. Reiss, "Digital Dynamic Range Compressor Design", J. Audio Eng. Soc. 60(6), 2012; the
    averaged minimum is the usual brick-wall form. As long as no sample is beyond the ceiling, all
    samples pass unchanged, bit for bit.

    Args:
        rate: Hz.
        ceiling: dBFS.
    """

    def __init__(self, rate: int, ceiling: float) -> None:
        exact = to_amplitude(ceiling)
        level = np.float32(exact)
        self._ceiling = level if level <= exact else np.nextafter(level, np.float32(0))
        self._ahead = ahead = round(rate * _LOOK_AHEAD_SECONDS)
        self._rise = max(1, round(_UNITY / (rate * _RELEASE_SECONDS)))
        # As if there were silence before the first sample.
        self._samples = np.zeros(ahead, np.float32)
        self._needs = np.full(ahead, _UNITY, np.int64)
        self._gains = np.full(ahead, _UNITY, np.int64)
        self._silence = ahead

    def write(self, samples: Samples) -> Samples:
        """Take float32 [samples]; return the samples up to 5 ms before the last one."""
        count = len(samples)
        held = np.concatenate([self._samples, samples])
        gain = self._advance(self._find_needs(samples))
        ready, self._samples = held[:count], held[count:]
        if gain is not None:
            ready = (ready * gain).astype(np.float32)
        silence = min(self._silence, count)
        self._silence -= silence
        return ready[silence:]

    def finish(self) -> Samples:
        return self.write(np.zeros(self._ahead, np.float32))

    def _find_needs(self, samples: Samples) -> _Gains:
        level = np.abs(samples.astype(np.float64))
        share = self._ceiling / np.maximum(level, self._ceiling)
        return (share * _UNITY).astype(np.int64)  # rounded down, so that no gain is too large

    def _advance(self, needs: _Gains) -> NDArray[np.float64] | None:
        """Return the gains of as many samples, delayed by the look-ahead; None if all are unity."""
        count, ahead = len(needs), self._ahead
        needs = np.concatenate([self._needs, needs])
        self._needs = needs[count:]
        if not count or min(needs.min(), self._gains.min(initial=_UNITY)) == _UNITY:
            return None
        lowest = sliding_window_view(needs, ahead + 1).min(axis=1)
        gains = np.concatenate([self._gains, self._limit_rise(lowest)])
        self._gains = gains[count:]
        sums = np.concatenate([[0], np.cumsum(gains)])
        return (sums[ahead + 1 :] - sums[: -ahead - 1]) / (_UNITY * (ahead + 1))

    def _limit_rise(self, lowest: _Gains) -> _Gains:
        """Return min(lowest, the gain before + rise), as a running minimum above a ramp."""
        ramp = self._rise * np.arange(len(lowest) + 1)
        above = np.concatenate([self._gains[-1:], lowest]) - ramp
        return (np.minimum.accumulate(above) + ramp)[1:]
