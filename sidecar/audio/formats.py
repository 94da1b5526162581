"""The audio formats that a request may ask for. The handshake imports this, so it must be light."""

from __future__ import annotations

import math
from importlib.util import find_spec

import msgspec

from sidecar.errors import InvalidParams, UnknownEncoding, Unsupported
from sidecar.wording import describe_unknown

ENCODINGS: tuple[str, ...] = ("pcm_s16le", "pcm_f32le", "wav", "flac", "mp3", "ogg_opus")

MIN_RATE, MAX_RATE = 8_000, 48_000
MIN_SPEED, MAX_SPEED = 0.5, 2.0
# dBFS. Below this the limiter would leave nothing of the speech.
MIN_PEAK, MAX_PEAK = -40.0, 0.0

# The sample rates that an encoding supports. An encoding that is not listed supports every rate.
RATES: dict[str, tuple[int, ...]] = {
    "mp3": (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000),
    "ogg_opus": (8_000, 12_000, 16_000, 24_000, 48_000),
}


class AudioFormat(msgspec.Struct, frozen=True):
    """The audio that a request asks for.

    Attributes:
        encoding: one of `ENCODINGS`.
        sample_rate: Hz, `MIN_RATE` to `MAX_RATE`; None is the model's own rate or, if the encoding
            does not support that, the next higher one that it supports.
        speed: `MIN_SPEED` to `MAX_SPEED`; 2 is twice as fast. The pitch stays the same.
        fade: whether the audio fades in and out, in 5 ms each.
        peak_limit: the ceiling of the samples in dBFS, `MIN_PEAK` to `MAX_PEAK`; None is no limit.
    """

    encoding: str = "pcm_s16le"
    sample_rate: int | None = None
    speed: float = 1.0
    fade: bool = True
    peak_limit: float | None = None


def can_stretch() -> bool:
    """Return whether the library that changes the speed is there."""
    return find_spec("libsonic") is not None


def check(audio: AudioFormat) -> None:
    """Refuse a format that `AudioStream` cannot make.

    Raises:
        UnknownEncoding: field `encoding`.
        InvalidParams: a value is outside its limits, or the encoding does not support the rate;
            fields `sampleRate`, `speed`, `peakLimit`.
        Unsupported: there is a speed, but not the library that changes it; field `speed`.
    """
    if audio.encoding not in ENCODINGS:
        raise UnknownEncoding(
            describe_unknown("encoding", audio.encoding, list(ENCODINGS)), field="encoding"
        )
    if audio.sample_rate is not None:
        _check_rate(audio.encoding, audio.sample_rate)
    if not MIN_SPEED <= audio.speed <= MAX_SPEED:  # NaN, too
        raise InvalidParams(
            f"`speed` is {audio.speed}; it must be {MIN_SPEED} to {MAX_SPEED}.", field="speed"
        )
    if audio.speed != 1 and not can_stretch():
        raise make_stretcher_error()
    if audio.peak_limit is not None and not MIN_PEAK <= audio.peak_limit <= MAX_PEAK:
        raise InvalidParams(
            f"`peakLimit` is {audio.peak_limit}; it must be {MIN_PEAK} to {MAX_PEAK} dBFS.",
            hint="-1 leaves some headroom for lossy encodings.",
            field="peakLimit",
        )


def _check_rate(encoding: str, rate: int) -> None:
    known = RATES.get(encoding)
    if not MIN_RATE <= rate <= MAX_RATE:
        raise InvalidParams(
            f"`sampleRate` is {rate}; it must be {MIN_RATE} to {MAX_RATE} Hz.", field="sampleRate"
        )
    if known and rate not in known:
        raise InvalidParams(
            f"`sampleRate` is {rate}, which {encoding} does not support.",
            hint=f"It supports {', '.join(map(str, known))} Hz.",
            field="sampleRate",
        )


def choose_rate(audio: AudioFormat, native_rate: int) -> int:
    """Return the rate of the encoded audio in Hz, for a format that has passed `check`."""
    if audio.sample_rate is not None:
        return audio.sample_rate
    known = RATES.get(audio.encoding)
    if known is None or native_rate in known:
        return native_rate
    return min((rate for rate in known if rate > native_rate), default=known[-1])


def make_stretcher_error() -> Unsupported:
    """Return the error for a speed without the library that changes it."""
    return Unsupported(
        "`speed` needs a library that is not installed: libsonic.",
        hint="Run pip install libsonic, or omit `speed`.",
        field="speed",
    )


def to_amplitude(decibels: float) -> float:
    """Convert dBFS to a share of full scale."""
    return math.pow(10, decibels / 20)
