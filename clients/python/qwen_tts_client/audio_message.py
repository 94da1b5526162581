"""Chunks of audio as binary messages of a WebSocket: see protocol/websocket.md."""

from __future__ import annotations

import struct

from qwen_tts_client.protocol import AudioProgress

# Kind, size of the header, flags, token, seq, samples, frames, sentence, sample rate.
_HEADER = struct.Struct("<BBHIIIIII")
_AUDIO = 1
MAX_TOKEN = 2**32 - 1


def encode_audio(token: int, chunk: AudioProgress, sample_rate: int) -> bytes:
    """Return the binary message of a chunk.

    Args:
        token: the `partialResultToken` of its request, at most MAX_TOKEN.
        sample_rate: of the stream, in Hz; of the chunks on stdio, only the first has it.
    """
    fields = (chunk.seq, chunk.samples, chunk.frames, chunk.sentence, sample_rate)
    return _HEADER.pack(_AUDIO, _HEADER.size, 0, token, *fields) + chunk.audio


def decode_audio(message: bytes) -> tuple[int, AudioProgress] | None:
    """Return the token and the chunk of a binary message; None if it is of a later kind.

    Raises:
        ValueError: the message is shorter than its header.
    """
    if message and message[0] != _AUDIO:
        return None
    if len(message) < _HEADER.size or len(message) < message[1]:
        raise ValueError(f"A binary message of {len(message)} bytes has no whole header.")
    _, start, _, token, seq, samples, frames, sentence, rate = _HEADER.unpack_from(message)
    return token, AudioProgress(
        seq=seq,
        audio=message[start:],
        samples=samples,
        frames=frames,
        sentence=sentence,
        sample_rate=rate,
    )
