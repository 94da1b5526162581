"""Helpers for tests of audio: speech, tones, third-party decoders, and audible errors."""

from __future__ import annotations

import io
import subprocess
from functools import cache

import numpy as np
import soundfile
from numpy.typing import NDArray

from sidecar.audio.formats import AudioFormat
from sidecar.audio.stream import AudioStream
from sidecar.engine.request import SpeechRequest
from sidecar.models import catalog
from sidecar.models.base import Utterance
from tests.support import batches
from tests.support.installing import debian

Samples = NDArray[np.float32]

RATE = 24_000


@cache
def speech() -> Samples:
    """Return about three seconds of the bundled voice."""
    request = SpeechRequest(
        catalog.BUNDLED, Utterance("Seven brown foxes jump over a lazy dog."), seed=3, max_frames=40
    )
    samples = batches.alone(batches.load(catalog.BUNDLED), request)[1]
    assert np.abs(samples).max() > 0.1
    samples.flags.writeable = False  # the cached samples must not change
    return samples


def tone(hertz: float, seconds: float, level: float = 0.5, rate: int = RATE) -> Samples:
    time = np.arange(round(seconds * rate)) / rate
    return (level * np.sin(2 * np.pi * hertz * time)).astype(np.float32)


def encode(audio: AudioFormat, pieces: list[Samples]) -> tuple[bytes, AudioStream]:
    stream = AudioStream(audio, RATE)
    made = [*map(stream.write, pieces), stream.finish()]
    assert sum(piece.samples for piece in made) == stream.samples
    return b"".join(piece.data for piece in made), stream


def samples_of(audio: AudioFormat, *pieces: Samples) -> Samples:
    """Return the output of the stages: float32, without an encoder."""
    assert audio.encoding == "pcm_f32le"
    return np.frombuffer(encode(audio, list(pieces))[0], "<f4")


def ffmpeg(data: bytes, rate: int) -> NDArray[np.int16]:
    """Return int16 [samples], or fail the test; a warning about an unknown length is no error."""
    command = [debian("ffmpeg", "ffmpeg"), "-v", "error", "-i", "pipe:", "-ar", str(rate)]
    return _pipe([*command, "-f", "s16le", "pipe:"], data)


def flac(data: bytes) -> NDArray[np.int16]:
    """Return the reference decoder's int16 [samples]."""
    raw = ["--force-raw-format", "--endian=little", "--sign=signed"]
    return _pipe([debian("flac", "flac"), "--decode", "--silent", "--stdout", *raw, "-"], data)


def _pipe(command: list[str], data: bytes) -> NDArray[np.int16]:
    done = subprocess.run(command, input=data, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return np.frombuffer(done.stdout, "<i2")


def libsndfile(data: bytes) -> tuple[NDArray[np.int16], int]:
    samples, rate = soundfile.read(io.BytesIO(data), dtype="int16")
    return samples.astype(np.int16), rate


def click(samples: Samples) -> float:
    """Return the largest second difference: what a jump or a kink has and a low tone has not."""
    return float(np.abs(np.diff(samples.astype(np.float64), 2)).max(initial=0))


def smoothness(hertz: float, level: float, rate: int) -> float:
    """Return the largest second difference of a tone."""
    return level * (2 * np.pi * hertz / rate) ** 2


def fundamental(samples: Samples, rate: int) -> float:
    """Return the median f0 in Hz of the voiced windows of 50 ms, by autocorrelation."""
    size, found = rate // 20, list[float]()
    lowest, highest = rate // 400, rate // 70
    for start in range(0, len(samples) - size, size // 4):
        window = samples[start : start + size].astype(np.float64)
        window -= window.mean()
        if np.sqrt(np.mean(window**2)) < 0.02:
            continue
        spectrum = np.abs(np.fft.rfft(window, 2 * size)) ** 2
        likeness = np.fft.irfft(spectrum)[:size] / np.arange(size, 0, -1)
        lag = lowest + int(np.argmax(likeness[lowest:highest]))
        if likeness[lag] > 0.5 * likeness[0]:
            found.append(rate / lag)
    return float(np.median(found))
