"""A request's samples, chunk by chunk → one continuous encoding of them."""

from __future__ import annotations

import msgspec
import numpy as np

from sidecar.audio.encoders import Patch, encoder
from sidecar.audio.formats import AudioFormat, check, output_rate
from sidecar.audio.limiter import Limiter
from sidecar.audio.pcm import Samples
from sidecar.audio.stages import EMPTY, Fades, Resampler, Stage, Stretcher


class Encoded(msgspec.Struct, frozen=True):
    """A piece of the encoding.

    Attributes:
        data: the next bytes; may be none while a stage or the encoder holds something back.
        samples: how many more samples of output are encoded. PCM and WAV have them in `data`; the
            other encoders may give out the bytes of the last of them later.
    """

    data: bytes
    samples: int


class AudioStream:
    """Speed → rate → peak limit → fades → encoding.

    The bytes put together are the same however the samples were cut. With neither speed nor rate,
    limit nor fades, `pcm_f32le` has the very samples that were written.

    Args:
        audio: what is wanted.
        native_rate: Hz of the samples to come.

    Raises:
        InvalidParams, Unsupported: as `formats.check`, or an encoder is not there.
    """

    def __init__(self, audio: AudioFormat, native_rate: int) -> None:
        check(audio)
        self.sample_rate = output_rate(audio, native_rate)
        self.samples = 0
        self._stages = _stages(audio, native_rate, self.sample_rate)
        self._encoder = encoder(audio.encoding, self.sample_rate)

    def write(self, samples: Samples) -> Encoded:
        """The next samples, float32 [samples]."""
        for stage in self._stages:
            samples = stage.write(samples)
        if not len(samples):
            return Encoded(b"", 0)
        return self._encoded(self._encoder.encode(samples), samples)

    def finish(self) -> Encoded:
        """What was held back, and the encoding's end. Nothing is written afterwards."""
        rest = EMPTY
        for stage in self._stages:
            rest = np.concatenate([stage.write(rest), stage.finish()])
        data = self._encoder.encode(rest) if len(rest) else b""
        return self._encoded(data + self._encoder.finish(), rest)

    def patches(self) -> tuple[Patch, ...]:
        """After `finish`: (offset, bytes) pairs that complete the header, which was sent before
        the length was known. `encoders.patched` applies them, where all bytes are at hand."""
        return self._encoder.patches()

    def _encoded(self, data: bytes, samples: Samples) -> Encoded:
        self.samples += len(samples)
        return Encoded(data, len(samples))


def _stages(audio: AudioFormat, native_rate: int, rate: int) -> list[Stage]:
    stages: list[Stage] = []
    if audio.speed != 1:
        stages.append(Stretcher(native_rate, audio.speed))
    if rate != native_rate:
        stages.append(Resampler(native_rate, rate))
    if audio.peak_limit is not None:
        stages.append(Limiter(rate, audio.peak_limit))
    if audio.fade:
        stages.append(Fades(rate))
    return stages
