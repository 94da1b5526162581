"""Samples from WAV files that arrive piece by piece, one after another."""

from __future__ import annotations

import struct

# Lengths that servers write where they do not know them yet: none, or one that no speech has.
_LEAST_UNKNOWN = 0x7FFF0000
_ENDLESS = 1 << 62
_PCM, _EXTENSIBLE = 1, 0xFFFE


class WavError(Exception):
    """The bytes are not WAV with 16-bit samples of one channel."""


class WavReader:
    """Reads 16-bit mono WAV.

    A stream may be one file, or several, each with a header of its own: some servers send one for
    each chunk. A length that is not known yet means that the file goes on to the end.

    Attributes:
        sample_rate: Hz; None before the first header was complete.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._left = 0  # bytes of samples before the next chunk of the file
        self._skip = 0  # bytes to leave out
        self.sample_rate: int | None = None

    def feed(self, data: bytes) -> bytes:
        """Return the samples that are complete, 16-bit little-endian.

        Raises:
            WavError: it is something else.
        """
        self._buffer += data
        samples = bytearray()
        while True:
            if self._skip:
                self._skip -= len(self._take(self._skip))
                if self._skip:
                    break
            whole = min(self._left, len(self._buffer)) & ~1
            if whole:
                samples += self._take(whole)
                self._left -= whole
            if self._left > 1 or not self._read_header():
                break
        return bytes(samples)

    def finish(self) -> None:
        """Check the end.

        Raises:
            WavError: there was no header, or the last file is cut.
        """
        if self.sample_rate is None:
            raise WavError("it ended before its audio")
        if 0 < self._left < _LEAST_UNKNOWN:
            raise WavError(f"it was cut {self._left} bytes before its end")

    def _take(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def _read_header(self) -> bool:
        """Read one header of a file or of a part of it. Return whether it was complete."""
        if len(self._buffer) < 8:
            return False
        name, size = struct.unpack("<4sI", self._buffer[:8])
        if name == b"RIFF":
            return self._begin_file()
        if self.sample_rate is None and name == b"data":
            raise WavError("its format is missing")
        if name == b"data":
            self._take(8)
            self._left = size if 0 < size < _LEAST_UNKNOWN else _ENDLESS
            return True
        if name == b"fmt ":
            return self._read_format(size)
        if not name.isascii() or not name.decode("ascii").isprintable():
            raise WavError("it is no RIFF file")
        self._take(8)
        self._skip = size + size % 2
        return True

    def _begin_file(self) -> bool:
        if len(self._buffer) < 12:
            return False
        if self._take(12)[8:] != b"WAVE":
            raise WavError("it is another kind of RIFF file")
        return True

    def _read_format(self, size: int) -> bool:
        if not 16 <= size <= 64:
            raise WavError("its format is malformed")
        if len(self._buffer) < 8 + size:
            return False
        kind, channels, rate, _, _, bits = struct.unpack("<HHIIHH", self._take(8 + size)[8:24])
        if kind not in (_PCM, _EXTENSIBLE) or (channels, bits) != (1, 16):
            raise WavError(f"it has {channels} channels of {bits} bits, not one of 16")
        if self.sample_rate not in (None, rate):
            raise WavError("its sample rate changes")
        self.sample_rate = rate
        return True
