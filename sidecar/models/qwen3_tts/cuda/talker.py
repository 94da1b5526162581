"""The talker's step as one kernel, and the keys and values of its rows."""

from __future__ import annotations

from collections.abc import Sequence

import mlx.core as mx

from sidecar.models.qwen3_tts.cuda import packing
from sidecar.models.qwen3_tts.cuda.launch import CHAIN, Launcher, Output, counter
from sidecar.models.qwen3_tts.cuda.shape import MAX_ROWS, StackShape
from sidecar.models.qwen3_tts.cuda.weights import StackWeights
from sidecar.models.qwen3_tts.kv_cache import GROWTH, RowKV, rounded

# How many positions the table of rotations has at first; it doubles when a row gets further.
_POSITIONS = 4096


class LayeredKVCache:
    """Up to `MAX_ROWS` rows of any length in one array for all layers; `BatchKVCache` has one for
    each. All rows end at the same position, shorter ones begin later.

    The kernel writes into `kv` without MLX's knowledge, so what reads it waits for the kernel.

    Attributes:
        kv: float [layers, 2, rows, kv_heads, room, head_dim].
        end: the position that the next step writes.
        lengths: positions held, per row.
    """

    def __init__(self) -> None:
        self.end = 0
        self.lengths: list[int] = []
        self.kv = mx.zeros((0,))

    @property
    def starts(self) -> list[int]:
        """The first position of each row."""
        return [self.end - length for length in self.lengths]

    def row(self, index: int) -> RowKV:
        """Return a copy of a row's keys and values."""
        CHAIN.wait()
        start = self.end - self.lengths[index]
        row = RowKV(mx.contiguous(self.kv[:, :, index : index + 1, :, start : self.end]))
        mx.async_eval(row.kv)
        return row

    def rebuild(self, keep: Sequence[int], new: Sequence[RowKV]) -> None:
        """Keep these rows, and append the new ones after them."""
        CHAIN.wait()
        kept = [self.lengths[row] for row in keep]
        lengths = kept + [row.length for row in new]
        end, span = max(lengths, default=0), max(kept, default=0)
        if not lengths:
            self.__init__()
            return
        parts: list[mx.array] = []
        if keep:
            held = mx.take(self.kv, mx.array(list(keep)), axis=2)
            parts.append(_moved(held[:, :, :, :, self.end - span : self.end], end))
        parts += [_moved(row.kv, end) for row in new]
        self.kv = mx.concatenate(parts, axis=2)
        mx.async_eval(self.kv)
        self.end, self.lengths = end, lengths

    def make_room(self) -> None:
        """Make room for one more position."""
        if self.end >= self.kv.shape[4]:
            CHAIN.wait()
            self.kv = mx.pad(self.kv, [(0, 0)] * 4 + [(0, GROWTH), (0, 0)])

    def advance(self) -> None:
        """Count the position that a step has written."""
        self.end += 1
        self.lengths = [length + 1 for length in self.lengths]


def _moved(held: mx.array, end: int) -> mx.array:
    """Return keys and values so that they end at `end`, with room after it."""
    before, after = end - held.shape[4], rounded(end) - end
    return mx.pad(held, [(0, 0)] * 4 + [(before, after), (0, 0)])


class TalkerKernel:
    """Steps up to `MAX_ROWS` rows by one position."""

    def __init__(self, stack: StackWeights, shape: StackShape, launcher: Launcher) -> None:
        self.shape, self._launcher = shape, launcher
        self._weights = packing.weights(stack, shape)
        self._gains = packing.gains(stack, shape)
        self._rotations = packing.rotations(_POSITIONS, stack.base, shape)
        self.dtype = stack.dtype
        self._base = stack.base
        self._counter = counter()

    def __call__(self, x: mx.array, cache: LayeredKVCache) -> tuple[mx.array, mx.array]:
        """Run one position of every row of `cache`, and write its keys and values at `cache.end`.

        Args:
            x: float [rows, 1, hidden], the rows in the cache's order.

        Returns:
            float [rows, 1, hidden] and float32 [rows, vocab]: the output after the last norm, and
            the logits
        """
        shape, weights, rows = self.shape, self._weights, len(x)
        while max(cache.lengths) >= len(self._rotations):
            count = 2 * len(self._rotations)
            self._rotations = packing.rotations(count, self._base, shape)
        starts = [*cache.starts, *[0] * (MAX_ROWS - rows)]
        cache.make_room()
        hidden, logits = CHAIN.run(
            self._launcher,
            self._counter,
            [
                x,
                *weights.layers,
                weights.scales,
                weights.heads,
                weights.head_scales,
                self._gains,
                self._rotations,
                cache.kv,
            ],
            [
                Output((rows, 1, shape.hidden), x.dtype),
                Output((rows, shape.vocab), mx.float32),
                Output((shape.scratch_bytes(rows),), mx.uint8),
            ],
            [rows, cache.end, cache.kv.shape[4], *starts],
        )
        return hidden, logits
