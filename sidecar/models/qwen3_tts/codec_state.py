"""What the codec remembers of a stream between two chunks."""

from __future__ import annotations

from collections.abc import Sequence

import mlx.core as mx

from sidecar.models.qwen3_tts.codec_layers import Memory
from sidecar.models.slots import Slot, gather, slots


class CodecState:
    """The state of one stream after its past frames.

    Attributes:
        seen: the number of those frames.
        memories: for each part its last inputs, or keys and values.
    """

    def __init__(self, start: Sequence[Sequence[mx.array]]) -> None:
        self.seen = 0
        self.memories = [[Slot(array, 0) for array in part] for part in start]

    def copy(self) -> CodecState:
        """Return the same arrays in new lists: a step replaces a list's items, never an array."""
        copy = CodecState([])
        copy.seen, copy.memories = self.seen, [list(part) for part in self.memories]
        return copy

    @property
    def nbytes(self) -> int:
        return sum(slot.array.nbytes for part in self.memories for slot in part)


def arrays(states: Sequence[CodecState]) -> list[mx.array]:
    """Return the arrays of these states; rows share most of them."""
    slots = (slot for state in states for part in state.memories for slot in part)
    return list({id(slot.array): slot.array for slot in slots}.values())


def pasts(states: Sequence[CodecState], part: int) -> list[mx.array]:
    """Return what a part remembers, all rows in each array."""
    return [gather(past) for past in zip(*(state.memories[part] for state in states), strict=True)]


def remember(
    states: Sequence[CodecState],
    part: int,
    memories: Sequence[Memory],
    counts: Sequence[int],
    size: int,
) -> None:
    shares = [_shares(memory, counts, size) for memory in memories]
    for row, state in enumerate(states):
        state.memories[part] = [share[row] for share in shares]


def _shares(memory: Memory, counts: Sequence[int], size: int) -> list[Slot]:
    """Return each row's last `keep` positions up to its own end, of a memory of `size` frames."""
    if isinstance(memory, mx.array):
        return slots(memory)
    array, axis, keep = memory
    per_frame = (array.shape[axis] - keep) // size
    if all(count == size for count in counts):
        kept = _cut(array, axis, size * per_frame, keep)
        return [Slot(kept, row) for row in range(len(counts))]
    return [
        Slot(_cut(array[row : row + 1], axis, count * per_frame, keep), 0)
        for row, count in enumerate(counts)
    ]


def _cut(array: mx.array, axis: int, start: int, count: int) -> mx.array:
    span = slice(start, start + count)
    # A copy, since a view would keep the whole array in memory until the row's next chunk.
    return mx.contiguous(array[:, span] if axis == 1 else array[:, :, :, span])
