"""What a request may ask of its audio. Nothing heavy is imported: the handshake reads this."""

from __future__ import annotations

import math
from importlib.util import find_spec

import msgspec

from sidecar.errors import InvalidParams, UnknownEncoding, Unsupported
from sidecar.wording import describe_unknown

ENCODINGS: tuple[str, ...] = ("pcm_s16le", "pcm_f32le", "wav", "flac", "mp3", "ogg_opus")

MIN_RATE, MAX_RATE = 8_000, 48_000
MIN_SPEED, MAX_SPEED = 0.5, 2.0
# dBFS. Below, nothing of the speech is left to limit.
MIN_PEAK, MAX_PEAK = -40.0, 0.0

# The rates an encoding knows. Those not named take every rate.
RATES: dict[str, tuple[int, ...]] = {
    "mp3": (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000),
    "ogg_opus": (8_000, 12_000, 16_000, 24_000, 48_000),
}


class AudioFormat(msgspec.Struct, frozen=True):
    """The audio a request wants.

    Attributes:
        encoding: one of `ENCODINGS`.
        sample_rate: Hz, `MIN_RATE` to `MAX_RATE`; None is the model's, or if the encoding does not
            know that, the next one up that it knows.
        speed: `MIN_SPEED` to `MAX_SPEED`; 2 is twice as fast. The pitch stays.
        fade: 5 ms up from silence at the start, and down to it at the end.
        peak_limit: the ceiling of the samples in dBFS, `MIN_PEAK` to `MAX_PEAK`; None is off.
    """

    encoding: str = "pcm_s16le"
    sample_rate: int | None = None
    speed: float = 1.0
    fade: bool = True
    peak_limit: float | None = None


def check(audio: AudioFormat) -> None:
    """Refuses what `AudioStream` could not do.

    Raises:
        UnknownEncoding: field `encoding`.
        InvalidParams: outside the limits, or a rate the encoding does not know; fields
            `sampleRate`, `speed`, `peakLimit`.
        Unsupported: a speed, without the library that changes it; field `speed`.
    """
    if audio.encoding not in ENCODINGS:
        raise UnknownEncoding(
            describe_unknown("encoding", audio.encoding, list(ENCODINGS)), field="encoding"
        )
    if audio.sample_rate is not None:
        _check_rate(audio.encoding, audio.sample_rate)
    if not MIN_SPEED <= audio.speed <= MAX_SPEED:  # NaN, too
        raise InvalidParams(
            f"`speed` is {audio.speed}; {MIN_SPEED} to {MAX_SPEED} is possible.", field="speed"
        )
    if audio.speed != 1 and find_spec("libsonic") is None:
        raise no_stretcher()
    if audio.peak_limit is not None and not MIN_PEAK <= audio.peak_limit <= MAX_PEAK:
        raise InvalidParams(
            f"`peakLimit` is {audio.peak_limit}; {MIN_PEAK} to {MAX_PEAK} dBFS is possible.",
            hint="-1 leaves lossy encodings some room.",
            field="peakLimit",
        )


def _check_rate(encoding: str, rate: int) -> None:
    known = RATES.get(encoding)
    if not MIN_RATE <= rate <= MAX_RATE:
        raise InvalidParams(
            f"`sampleRate` is {rate}; {MIN_RATE} to {MAX_RATE} Hz is possible.", field="sampleRate"
        )
    if known and rate not in known:
        raise InvalidParams(
            f"`sampleRate` is {rate}, which {encoding} does not know.",
            hint=f"It knows {', '.join(map(str, known))} Hz.",
            field="sampleRate",
        )


def output_rate(audio: AudioFormat, native_rate: int) -> int:
    """Hz of the encoded audio, for a format that passed `check`."""
    if audio.sample_rate is not None:
        return audio.sample_rate
    known = RATES.get(audio.encoding)
    if known is None or native_rate in known:
        return native_rate
    return min((rate for rate in known if rate > native_rate), default=known[-1])


def no_stretcher() -> Unsupported:
    return Unsupported(
        "`speed` needs a library that is not installed: libsonic.",
        hint="Run pip install libsonic, or omit `speed`.",
        field="speed",
    )


def decibels(level: float) -> float:
    """dBFS → the share of full scale."""
    return math.pow(10, level / 20)
