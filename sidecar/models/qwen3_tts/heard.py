"""What the codec has heard before it speaks: its states behind references, to begin with again.

To hear a reference takes the codec as long as to speak it. Its state afterwards depends on the
codes alone and is never changed in place, so the next row with that voice may start from it.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict

import mlx.core as mx
import numpy as np

from sidecar.models.qwen3_tts.codec import CodecState

# Of a full-size codec a state has some 6 MB.
_LIMIT_BYTES = 64 * 2**20


class HeardReferences:
    """States by the codes that led to them, the least recently used forgotten first.

    Engine thread only; `nbytes` may be read from any.
    """

    def __init__(self, limit: int = _LIMIT_BYTES) -> None:
        self._limit = limit
        self._states: OrderedDict[bytes, CodecState] = OrderedDict()
        self.nbytes = 0

    def start(self, codes: mx.array) -> CodecState | None:
        """A state that has heard uint32 [frames, codebooks], for one row; None if nobody has."""
        key = _key(codes)
        if key not in self._states:
            return None
        self._states.move_to_end(key)
        return _copy(self._states[key])

    def keep(self, codes: mx.array, state: CodecState) -> None:
        """Remembers the state of a row that has heard just these."""
        key = _key(codes)
        if key in self._states:
            return
        self._states[key] = _copy(state)
        self.nbytes += _size(state)
        while self.nbytes > self._limit:
            self.nbytes -= _size(self._states.popitem(last=False)[1])


def _key(codes: mx.array) -> bytes:
    return hashlib.sha256(np.array(codes).tobytes()).digest()


def _copy(state: CodecState) -> CodecState:
    """The same arrays in lists of its own: a step replaces a list's items, not what is in them."""
    copy = CodecState([])
    copy.seen = state.seen
    copy.memories = [list(part) for part in state.memories]
    return copy


def _size(state: CodecState) -> int:
    return sum(slot.array.nbytes for part in state.memories for slot in part)
