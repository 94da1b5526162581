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


# Where in the file, and what belongs there.
Patch = tuple[int, bytes]


class Encoder(Protocol):
    def encode(self, samples: Samples) -> bytes: ...

    def finish(self) -> bytes: ...

    def patches(self) -> tuple[Patch, ...]:
        """After `finish`: how the header is completed, where all the bytes are still at hand."""
        ...


def patched(data: bytes, patches: tuple[Patch, ...]) -> bytes:
    """A whole file with its header completed; with lengths, that is."""
    whole = bytearray(data)
    for offset, part in patches:
        whole[offset : offset + len(part)] = part
    return bytes(whole)


def encoder(encoding: str, rate: int) -> Encoder:
    """For a pair that `formats.check` allows.

    Raises:
        Unsupported: the libsndfile at hand was built without this encoding.
    """
    if encoding in ENCODERS:
        return _Plain(ENCODERS[encoding])
    if encoding == "wav":
        return _Wav(rate)
    return _Coded(encoding, rate)


class _Plain:
    """Nothing but samples."""

    def __init__(self, convert: Callable[[Samples], bytes]) -> None:
        self._convert = convert

    def encode(self, samples: Samples) -> bytes:
        return self._convert(samples)

    def finish(self) -> bytes:
        return b""

    def patches(self) -> tuple[Patch, ...]:
        return ()


class _Wav:
    """16-bit mono. Both lengths in the header are 0xFFFFFFFF, as ffmpeg's are when it writes to a
    pipe: readers then take what there is."""

    _UNKNOWN = 0xFFFFFFFF

    def __init__(self, rate: int) -> None:
        form = struct.pack("<HHIIHH", 1, 1, rate, rate * 2, 2, 16)
        parts = (b"RIFF", self._UNKNOWN, b"WAVE", b"fmt ", len(form), form, b"data", self._UNKNOWN)
        self._header = struct.pack("<4sI4s4sI16s4sI", *parts)
        self._header_bytes = len(self._header)
        self._data_bytes = 0

    def encode(self, samples: Samples) -> bytes:
        data = pcm_s16le(samples)
        self._data_bytes += len(data)
        return self.finish() + data

    def finish(self) -> bytes:
        header, self._header = self._header, b""
        return header

    def patches(self) -> tuple[Patch, ...]:
        size = self._header_bytes
        lengths = (4, size - 8 + self._data_bytes), (size - 4, self._data_bytes)
        return tuple((at, struct.pack("<I", min(n, self._UNKNOWN))) for at, n in lengths)


class _Sink:
    """A file that forgets what was taken. Encoders go back, when all is done, to complete a header
    that has long been sent; that is kept aside."""

    def __init__(self) -> None:
        self.patches: list[Patch] = []
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
        else:
            self.patches.append((self._position, bytes(data)))
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

    def patches(self) -> tuple[Patch, ...]:
        # MP3's is the frame that was left away.
        return tuple(self._sink.patches) if self._integers else ()


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
