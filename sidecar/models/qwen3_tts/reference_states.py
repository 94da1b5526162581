"""The codec's states after references, so that the next row with the same voice starts from one.

Decoding a reference takes the codec as long as speaking it. Its state afterwards depends on the
codes alone and is never changed in place, so many rows may start from it.
"""

from __future__ import annotations

import hashlib

import mlx.core as mx
import numpy as np

from sidecar.models.lru import BytesLRU
from sidecar.models.qwen3_tts.codec import CodecState

# A state of a full-size codec has some 6 MB.
_LIMIT_BYTES = 64 * 2**20


class ReferenceStateCache:
    """Codec states by the codes that led to them; the least recently used is dropped first.

    Only the engine thread uses it; any thread may read `nbytes`.
    """

    def __init__(self, limit: int = _LIMIT_BYTES) -> None:
        self._states: BytesLRU[bytes, CodecState] = BytesLRU(limit, _size)

    @property
    def nbytes(self) -> int:
        return self._states.nbytes

    def start(self, codes: mx.array) -> CodecState | None:
        """Return a copy of the state after uint32 [frames, codebooks]; None if there is none."""
        state = self._states.get(_key(codes))
        return None if state is None else _copy(state)

    def keep(self, codes: mx.array, state: CodecState) -> None:
        """Keep the state of a row whose codec has decoded exactly these codes."""
        self._states.put(_key(codes), _copy(state))


def _key(codes: mx.array) -> bytes:
    return hashlib.sha256(np.array(codes).tobytes()).digest()


def _copy(state: CodecState) -> CodecState:
    """Return the same arrays in new lists: a step replaces the items of a list, never an array."""
    copy = CodecState([])
    copy.seen = state.seen
    copy.memories = [list(part) for part in state.memories]
    return copy


def _size(state: CodecState) -> int:
    return sum(slot.array.nbytes for part in state.memories for slot in part)
