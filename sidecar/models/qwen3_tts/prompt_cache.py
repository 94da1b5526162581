"""What prompts begin with, computed before, so that the next one begins after it.

Two things repeat: the codec's state after a reference recording, and the talker's keys and values
of a prompt's head (the template, the language, an instruction, a preset or a transcript). Both
depend on their content alone, and are never changed in place, so many rows share the same arrays.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import mlx.core as mx
import numpy as np

from sidecar.models.lru import BytesLRU
from sidecar.models.qwen3_tts.codec_state import CodecState

# A full-size model has some 6 MB of codec state for each reference, and 0.1 MB (0.2 MB in float32)
# of keys and values for each position.
_LIMIT_BYTES = 128 * 2**20


class PromptCache:
    """Codec states, and keys and values, by their content; the least recently used leave first.

    Only the engine thread uses it; any thread may read `nbytes`.

    Args:
        limit: bytes to keep at most.
    """

    def __init__(self, limit: int = _LIMIT_BYTES) -> None:
        self._kept: BytesLRU[bytes, CodecState | Sequence[mx.array]] = BytesLRU(limit, _size)

    @property
    def nbytes(self) -> int:
        return self._kept.nbytes

    def find_state(self, codes: mx.array) -> CodecState | None:
        """Return a copy of the state after uint32 [frames, codebooks]; None if there is none."""
        state = self._kept.get(_key(codes))
        return state.copy() if isinstance(state, CodecState) else None

    def keep_state(self, codes: mx.array, state: CodecState) -> None:
        """Keep the state of a row whose codec has heard exactly these codes."""
        self._kept.put(_key(codes), state.copy())

    def find_keys(self, head: bytes) -> Sequence[mx.array] | None:
        """Return the keys and values of a head, by `Prompt.key`; None if there are none."""
        held = self._kept.get(head)
        return None if isinstance(held, CodecState) else held

    def keep_keys(self, head: bytes, kv: Sequence[mx.array]) -> None:
        """Keep evaluated keys and values that nobody writes to."""
        self._kept.put(head, kv)

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()


def _key(codes: mx.array) -> bytes:
    return hashlib.sha256(np.array(codes).tobytes()).digest()


def _size(kept: CodecState | Sequence[mx.array]) -> int:
    return kept.nbytes if isinstance(kept, CodecState) else sum(array.nbytes for array in kept)
