"""A request's samples, chunk by chunk → one continuous encoding."""

from __future__ import annotations

import msgspec
import numpy as np

from sidecar.audio.effects import EMPTY, Effect, Fades, Resampler, Stretcher
from sidecar.audio.encoders import Patch, make_encoder
from sidecar.audio.formats import AudioFormat, check, choose_rate
from sidecar.audio.limiter import Limiter
from sidecar.audio.pcm import Samples


class Encoded(msgspec.Struct, frozen=True):
    """A piece of the encoding.

    Attributes:
        data: the next bytes; empty while the effects or the encoder hold everything back.
        samples: the number of samples that this piece adds to the output. In PCM and WAV they are
            in `data`; the other encoders may return the bytes of the last ones later.
    """

    data: bytes
    samples: int


class AudioStream:
    """Speed → rate → peak limit → fades → encoding.

    All bytes together are the same, wherever the samples are cut into chunks. Without speed, rate,
    limit and fades, `pcm_f32le` has exactly the samples that were written.

    Args:
        audio: the format of the result.
        native_rate: the rate of the samples that will be written, in Hz.

    Raises:
        InvalidParams: as `formats.check`.
        Unsupported: as `formats.check`, or libsndfile has no such encoder.
    """

    def __init__(self, audio: AudioFormat, native_rate: int) -> None:
        check(audio)
        self.sample_rate = choose_rate(audio, native_rate)
        self.samples = 0
        self._native_rate = native_rate
        self._speed = audio.speed
        self._stretcher = _make_stretcher(native_rate, audio.speed)
        self._effects = _make_effects(audio, native_rate, self.sample_rate)
        self._encoder = make_encoder(audio.encoding, self.sample_rate)

    def write(self, samples: Samples) -> Encoded:
        """Encode the next samples, float32 [samples]."""
        return self._encode(self._stretcher.write(samples) if self._stretcher else samples)

    def write_pause(self, samples: int) -> Encoded:
        """Encode so much silence at the native rate, which the speed does not change."""
        return self._encode(np.concatenate([self._restart(), np.zeros(samples, np.float32)]))

    def change_speed(self, speed: float) -> Encoded:
        """Change the speed of the samples that follow.

        Raises:
            Unsupported: the library is missing.
        """
        if speed == self._speed:
            return Encoded(b"", 0)
        self._speed = speed
        return self._encode(self._restart())

    def _restart(self) -> Samples:
        """Return what the stretcher held back, and begin with another one."""
        rest = self._stretcher.finish() if self._stretcher else EMPTY
        self._stretcher = _make_stretcher(self._native_rate, self._speed)
        return rest

    def _encode(self, samples: Samples) -> Encoded:
        for effect in self._effects:
            samples = effect.write(samples)
        if not len(samples):
            return Encoded(b"", 0)
        return self._make_result(self._encoder.encode(samples), samples)

    def finish(self) -> Encoded:
        """Return what was held back, and the encoding's end. Nothing is written afterwards."""
        rest = self._stretcher.finish() if self._stretcher else EMPTY
        for effect in self._effects:
            rest = np.concatenate([effect.write(rest), effect.finish()])
        data = self._encoder.encode(rest) if len(rest) else b""
        return self._make_result(data + self._encoder.finish(), rest)

    def make_patches(self) -> tuple[Patch, ...]:
        """Return the (offset, bytes) pairs that complete the header; call it after `finish`.

        The header was sent before the length was known. Where all bytes are still at hand,
        `encoders.apply_patches` completes it.
        """
        return self._encoder.make_patches()

    def _make_result(self, data: bytes, samples: Samples) -> Encoded:
        self.samples += len(samples)
        return Encoded(data, len(samples))


def _make_stretcher(rate: int, speed: float) -> Stretcher | None:
    return None if speed == 1 else Stretcher(rate, speed)


def _make_effects(audio: AudioFormat, native_rate: int, rate: int) -> list[Effect]:
    effects: list[Effect] = []
    if rate != native_rate:
        effects.append(Resampler(native_rate, rate))
    if audio.peak_limit is not None:
        effects.append(Limiter(rate, audio.peak_limit))
    if audio.fade:
        effects.append(Fades(rate))
    return effects
