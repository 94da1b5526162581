"""float32 samples → the bytes of one file, given out as they come to be."""

from __future__ import annotations

import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Any, BinaryIO, Protocol, cast

import soundfile

from sidecar.audio.pcm import ENCODERS, Samples, pcm_s16le
from sidecar.errors import Unsupported

# sndfile.h: SFC_SET_OGG_PAGE_LATENCY_MS takes a double, 50 at least.
_SET_OGG_PAGE_LATENCY_MS, _OGG_PAGE_MS = 0x1302, 50.0
# FLAC's level 2 of 8: the best with blocks of 1152 samples, above they have 4096.
_FLAC_LEVEL = 2 / 8


class Encoder(Protocol):
    def encode(self, samples: Samples) -> bytes: ...

    def finish(self) -> bytes: ...


def encoder(encoding: str, rate: int) -> Encoder:
    """For a pair that `formats.check` allows.

    Raises:
        Unsupported: the libsndfile at hand was built without this encoding.
    """
    if encoding in ENCODERS:
        return _Plain(ENCODERS[encoding])
    if encoding == "wav":
        return _Plain(pcm_s16le, wav_header(rate))
    return _Coded(encoding, rate)


def wav_header(rate: int) -> bytes:
    """44 bytes for 16-bit mono of unknown length: both sizes are 0xFFFFFFFF, as ffmpeg's are when
    it writes to a pipe. Readers then take what there is."""
    unknown = 0xFFFFFFFF
    form = struct.pack("<HHIIHH", 1, 1, rate, rate * 2, 2, 16)
    return struct.pack(
        "<4sI4s4sI16s4sI", b"RIFF", unknown, b"WAVE", b"fmt ", 16, form, b"data", unknown
    )


class _Plain:
    """A header, and samples one by one."""

    def __init__(self, convert: Callable[[Samples], bytes], header: bytes = b"") -> None:
        self._convert = convert
        self._header = header

    def encode(self, samples: Samples) -> bytes:
        return self._take_header() + self._convert(samples)

    def finish(self) -> bytes:
        return self._take_header()

    def _take_header(self) -> bytes:
        header, self._header = self._header, b""
        return header


class _Sink:
    """A file that forgets what was taken. What is written anywhere but at its end is dropped:
    encoders go back, when all is done, to complete a header that has long been sent."""

    def __init__(self) -> None:
        self._position = 0
        self._end = 0
        self._fresh = bytearray()

    def take(self) -> bytes:
        fresh = bytes(self._fresh)
        self._fresh.clear()
        return fresh

    def write(self, data: bytes) -> int:
        if self._position == self._end:
            self._fresh += data
        self._position += len(data)
        self._end = max(self._end, self._position)
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        self._position = offset + (0, self._position, self._end)[whence]
        return self._position

    def tell(self) -> int:
        return self._position


class _Coded:
    """What libsndfile encodes."""

    def __init__(self, encoding: str, rate: int) -> None:
        self._integers = encoding == "flac"
        self._blank_frame = encoding == "mp3"
        self._sink = sink = _Sink()
        settings: dict[str, Any] = {
            "flac": {"format": "FLAC", "subtype": "PCM_16", "compression_level": _FLAC_LEVEL},
            "mp3": _mp3(rate),
            "ogg_opus": {"format": "OGG", "subtype": "OPUS"},
        }[encoding]
        try:
            self._file = soundfile.SoundFile(cast(BinaryIO, sink), "w", rate, 1, **settings)
        except soundfile.LibsndfileError as error:
            raise Unsupported(
                f"The installed libsndfile cannot write {encoding}: {error.error_string}",
                hint="Take another encoding; the wheels of `soundfile` bring one that can.",
                field="encoding",
            ) from error
        if encoding == "ogg_opus":
            _set_page_latency(self._file)

    def encode(self, samples: Samples) -> bytes:
        if self._blank_frame and len(samples):
            # LAME starts with an empty frame for the Xing header, which it would fill in at the
            # end. One sample makes it come, and no other frame.
            self._file.write(samples[:1])
            self._sink.take()
            samples, self._blank_frame = samples[1:], False
        if self._integers:
            # Our own rounding: the samples are those that PCM has.
            self._file.buffer_write(pcm_s16le(samples), dtype="int16")
        else:
            self._file.write(samples)
        return self._sink.take()

    def finish(self) -> bytes:
        self._file.close()
        if self._blank_frame:
            return b""  # nothing was written
        return self._sink.take()


def _mp3(rate: int) -> dict[str, Any]:
    """Constant bit rate: players tell the time from the bytes, for want of a Xing header.

    libsndfile maps a level of 0 to 1 to the bit rates that LAME has at the sample rate.
    """
    bits = 96 if rate >= 32_000 else 64 if rate >= 16_000 else 40
    most, least = (320, 32) if rate >= 32_000 else (160, 8) if rate >= 16_000 else (64, 8)
    return {
        "format": "MP3",
        "subtype": "MPEG_LAYER_III",
        "bitrate_mode": "CONSTANT",
        "compression_level": (most - bits) / (most - least),
    }


def _set_page_latency(file: soundfile.SoundFile) -> None:
    """`soundfile` has no name for it. Without, it works as well, and a page comes once a second."""
    with suppress(AttributeError):
        library, ffi = soundfile._snd, soundfile._ffi  # pyright: ignore
        latency = ffi.new("double *", _OGG_PAGE_MS)
        library.sf_command(file._file, _SET_OGG_PAGE_LATENCY_MS, latency, ffi.sizeof("double"))
