"""What rows have in common in one decoding of the codec."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import mlx.core as mx
import numpy as np
from numpy.typing import NDArray

# uint32 [frames, codebooks], on the host or computed.
Codes: TypeAlias = NDArray[np.uint32] | mx.array
# MLX passes shorter arrays to a Metal kernel in another kind of memory.
LEAST_LENGTH = 8


@dataclass(frozen=True)
class Chunk:
    """Frames of several rows that are decoded together.

    Attributes:
        seen: past frames of each row.
        counts: frames of each row now.
        size: to which number of frames the rows are padded.
        traced: what `lengths` returns while a graph for many chunks is traced: one of its inputs.
    """

    seen: Sequence[int]
    counts: Sequence[int]
    size: int
    traced: mx.array | None = None

    def lengths(self, window: int) -> mx.array:
        """Return int32 [2 × rows]: the counts, and the past frames, at most `window`."""
        if self.traced is not None:
            return self.traced
        return integers((*self.counts, *(min(seen, window) for seen in self.seen)))


@lru_cache(maxsize=4096)
def integers(values: tuple[int, ...]) -> mx.array:
    """Return an int32 array, padded to `LEAST_LENGTH`; few are different, so they are kept."""
    return mx.array([*values, *[0] * (LEAST_LENGTH - len(values))], mx.int32)


def stacked(codes: Sequence[Codes], size: int) -> mx.array:
    """Return uint32 [rows, size, codebooks], zeros at the end of shorter rows."""
    stacked = np.zeros((len(codes), size, codes[0].shape[1]), np.uint32)
    for row, of_row in enumerate(codes):
        stacked[row, : len(of_row)] = np.asarray(of_row)
    return mx.array(stacked)
