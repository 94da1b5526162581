"""float32 samples → the bytes of one file, piece by piece."""

from __future__ import annotations

import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Any, BinaryIO, Protocol, cast

import soundfile  # pyright: ignore[reportMissingTypeStubs]  # it is annotated itself

from sidecar.audio.pcm import ENCODERS, Samples, encode_s16le
from sidecar.errors import Unsupported

# sndfile.h: SFC_SET_OGG_PAGE_LATENCY_MS takes a double, at least 50.
_SET_OGG_PAGE_LATENCY_MS, _OGG_PAGE_MS = 0x1302, 50.0
# FLAC's level 2 of 8: the best one with blocks of 1152 samples; higher levels have 4096.
_FLAC_LEVEL = 2 / 8


# An offset in the file, and the bytes that belong there.
Patch = tuple[int, bytes]


class Encoder(Protocol):
    def encode(self, samples: Samples) -> bytes: ...

    def finish(self) -> bytes: ...

    def make_patches(self) -> tuple[Patch, ...]:
        """Return what completes the header; call it after `finish`."""
        ...


def apply_patches(data: bytes, patches: tuple[Patch, ...]) -> bytes:
    """Return the whole file with its header completed by the lengths."""
    whole = bytearray(data)
    for offset, part in patches:
        whole[offset : offset + len(part)] = part
    return bytes(whole)


def make_encoder(encoding: str, rate: int) -> Encoder:
    """Make an encoder for an encoding and a rate that have passed `formats.check`.

    Raises:
        Unsupported: the installed libsndfile was built without this encoding.
    """
    if encoding in ENCODERS:
        return _PcmEncoder(ENCODERS[encoding])
    if encoding == "wav":
        return _WavEncoder(rate)
    return _SndfileEncoder(encoding, rate)


class _PcmEncoder:
    """Encodes the bare samples, without a header."""

    def __init__(self, convert: Callable[[Samples], bytes]) -> None:
        self._convert = convert

    def encode(self, samples: Samples) -> bytes:
        return self._convert(samples)

    def finish(self) -> bytes:
        return b""

    def make_patches(self) -> tuple[Patch, ...]:
        return ()


class _WavEncoder:
    """Encodes 16-bit mono WAV.

    Both lengths in the header are 0xFFFFFFFF, as ffmpeg writes them into a pipe. Readers then read
    to the end of the data.
    """

    _UNKNOWN = 0xFFFFFFFF

    def __init__(self, rate: int) -> None:
        form = struct.pack("<HHIIHH", 1, 1, rate, rate * 2, 2, 16)
        parts = (b"RIFF", self._UNKNOWN, b"WAVE", b"fmt ", len(form), form, b"data", self._UNKNOWN)
        self._header = struct.pack("<4sI4s4sI16s4sI", *parts)
        self._header_bytes = len(self._header)
        self._data_bytes = 0

    def encode(self, samples: Samples) -> bytes:
        data = encode_s16le(samples)
        self._data_bytes += len(data)
        return self.finish() + data

    def finish(self) -> bytes:
        header, self._header = self._header, b""
        return header

    def make_patches(self) -> tuple[Patch, ...]:
        size = self._header_bytes
        lengths = (4, size - 8 + self._data_bytes), (size - 4, self._data_bytes)
        return tuple((at, struct.pack("<I", min(n, self._UNKNOWN))) for at, n in lengths)


class _PatchingFile:
    """A file that keeps only the bytes that were not taken yet.

    At the end an encoder goes back to complete the header, which has long been sent. What it writes
    there is kept apart, as patches.
    """

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


class _SndfileEncoder:
    """Encodes with libsndfile: FLAC, MP3 and Ogg Opus."""

    def __init__(self, encoding: str, rate: int) -> None:
        self._integers = encoding == "flac"
        self._blank_frame = encoding == "mp3"
        self._sink = sink = _PatchingFile()
        settings: dict[str, Any] = {
            "flac": {"format": "FLAC", "subtype": "PCM_16", "compression_level": _FLAC_LEVEL},
            "mp3": _make_mp3_settings(rate),
            "ogg_opus": {"format": "OGG", "subtype": "OPUS"},
        }[encoding]
        try:
            self._file = soundfile.SoundFile(cast(BinaryIO, sink), "w", rate, 1, **settings)
        except soundfile.LibsndfileError as error:
            raise Unsupported(
                f"The installed libsndfile cannot write {encoding}: {error.error_string}",
                hint="Use another encoding, or install the wheel of `soundfile`, whose libsndfile "
                "has them all.",
                field="encoding",
            ) from error
        if encoding == "ogg_opus":
            _set_page_latency(self._file)

    def encode(self, samples: Samples) -> bytes:
        if self._blank_frame and len(samples):
            # LAME starts with an empty frame for the Xing header, and fills it in at the end. One
            # sample makes LAME write that frame, and no other.
            self._file.write(samples[:1])
            self._sink.take()
            samples, self._blank_frame = samples[1:], False
        if self._integers:
            # Rounded here, and not by libsndfile, so that FLAC has the same samples as PCM.
            self._file.buffer_write(encode_s16le(samples), dtype="int16")
        else:
            self._file.write(samples)
        return self._sink.take()

    def finish(self) -> bytes:
        self._file.close()
        if self._blank_frame:
            return b""  # nothing was written
        return self._sink.take()

    def make_patches(self) -> tuple[Patch, ...]:
        # MP3's patch is of the frame that was dropped.
        return tuple(self._sink.patches) if self._integers else ()


def _make_mp3_settings(rate: int) -> dict[str, Any]:
    """Return the settings of a constant bit rate.

    There is no Xing header, so players tell the time from the number of bytes.

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
    """Shorten the Ogg pages, by libsndfile's own function, since `soundfile` has no setting for it.

    If its private names change, the encoder still works, with one page a second.
    """
    with suppress(AttributeError):
        private: Any = soundfile
        library, ffi, handle = private._snd, private._ffi, cast(Any, file)._file
        latency = ffi.new("double *", _OGG_PAGE_MS)
        library.sf_command(handle, _SET_OGG_PAGE_LATENCY_MS, latency, ffi.sizeof("double"))
