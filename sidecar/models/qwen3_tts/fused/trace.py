"""The codec's graph, traced once for each shape of a chunk: Python takes long to build it anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import mlx.core as mx

from sidecar.models.qwen3_tts.codec_chunk import Chunk
from sidecar.models.qwen3_tts.codec_layers import Step

_Pasts = list[list[mx.array]]


class Traced:
    """All parts of the codec in one call.

    What differs between two chunks of one shape is an input, the past frames of each row included.

    Args:
        dequantize: uint32 [rows, frames, codebooks] → the input of the first part.
        steps: the parts; what they remember has one row for each stream.
        window: past frames that the codec's attention sees.
    """

    def __init__(
        self, dequantize: Callable[[mx.array], mx.array], steps: Sequence[Step], window: int
    ) -> None:
        self._dequantize, self._steps, self._window = dequantize, steps, window
        self._is_ready = False
        self._graph: Callable[..., tuple[mx.array, _Pasts]] = mx.compile(self._build)

    def __call__(self, codes: mx.array, pasts: _Pasts, chunk: Chunk) -> tuple[mx.array, _Pasts]:
        """Return the last part's output, and for each part what it remembers.

        Args:
            codes: uint32 [rows, `chunk.size`, codebooks].
            pasts: for each part the arrays of its past, all rows in each.
        """
        lengths = chunk.lengths(self._window)
        if not self._is_ready:
            # Weights that were rearranged are computed now. A graph would compute them each time.
            mx.eval(self._build(codes, lengths, pasts))
            self._is_ready = True
        return self._graph(codes, lengths, pasts)

    def _build(self, codes: mx.array, lengths: mx.array, pasts: _Pasts) -> tuple[mx.array, _Pasts]:
        chunk = Chunk((), (), codes.shape[1], lengths)
        x, kept = self._dequantize(codes), list[list[mx.array]]()
        for step, past in zip(self._steps, pasts, strict=True):
            x, memories = step(x, past, chunk)
            kept.append([memory for memory in memories if isinstance(memory, mx.array)])
        return x, kept
