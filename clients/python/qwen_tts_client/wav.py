"""WAV files."""

from __future__ import annotations

import struct

HEADER_BYTES = 44
# The length in a header whose end is not known yet; players then read to the end of the file.
_UNKNOWN = 0xFFFFFFFF


def wav_header(sample_rate: int, encoding: str, data_bytes: int | None = None) -> bytes:
    """Return the 44-byte header of a WAV file with one channel.

    Args:
        sample_rate: in Hz.
        encoding: 32-bit floats for `pcm_f32le`, else 16-bit integers.
        data_bytes: number of bytes of samples that follow; None for players to read to the end.
    """
    kind, size = (3, 4) if encoding == "pcm_f32le" else (1, 2)
    data = _UNKNOWN if data_bytes is None else data_bytes
    riff = _UNKNOWN if data_bytes is None else HEADER_BYTES - 8 + data_bytes
    return struct.pack(
        "<4sI8sIHHIIHH4sI",
        *(b"RIFF", riff, b"WAVEfmt "),
        *(16, kind, 1, sample_rate, sample_rate * size, size, 8 * size),
        *(b"data", data),
    )
