"""Codes → samples, as a stream: the 12 Hz codec decoder with its state outside the module.

Every part is causal, so a frame's audio depends only on frames before it; what a part must
remember lives in `CodecState`, whose size does not grow with the audio. The transformer sees
at most `window` frames, as in the official code (mlx-audio's own decoder sees them all).

Convolutions are matrix products over shifted windows on the CPU, where MLX's own loops are
slow, and `mx.conv1d` elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import mlx.core as mx
import numpy as np
from numpy.typing import NDArray

from sidecar.models.qwen3_tts.layers import (
    CausalConv,
    CausalTransposeConv,
    ConvNeXt,
    Residual,
    Snake,
    State,
    Step,
    WindowedTransformer,
)


@dataclass
class CodecState:
    """What one stream's past leaves behind: per part its last inputs, keys and values."""

    parts: dict[int, State] = field(default_factory=dict)


class Codec:
    """The decoder half of mlx-audio's Qwen3TTSSpeechTokenizer, restated as pure steps.

    Args:
        decoder: the loaded module; only its weights and sizes are used.
        tables: float32 [codebooks, size, dim], the codebooks' vectors.
        samples_per_frame: how many samples a frame must come out as.
        frames_per_step: how many frames are computed at once; 0 means all that are given.
            A fixed number makes the audio independent, bit for bit, of how it is chunked.
    """

    def __init__(
        self, decoder: Any, tables: mx.array, samples_per_frame: int, frames_per_step: int
    ) -> None:
        quantizer = decoder.quantizer
        self._semantic = quantizer.n_q_semantic
        self._tables = tables
        self._semantic_out = quantizer.rvq_first.output_proj.weight[:, 0].T
        self._acoustic_out = quantizer.rvq_rest.output_proj.weight[:, 0].T
        self._steps: list[Step] = list(_steps(decoder))
        self._frames_per_step = frames_per_step
        self.samples_per_frame = samples_per_frame

    @property
    def codebooks(self) -> int:
        return self._tables.shape[0]

    def decode(self, state: CodecState, codes: NDArray[np.int32]) -> NDArray[np.float32]:
        """int32 [frames, codebooks] → float32 [frames × samples_per_frame] in [-1, 1]."""
        size = self._frames_per_step or len(codes)
        parts = [self._decode(state, codes[i : i + size]) for i in range(0, len(codes), size)]
        return np.concatenate(parts)

    def _decode(self, state: CodecState, codes: NDArray[np.int32]) -> NDArray[np.float32]:
        x = self._dequantize(mx.array(codes))
        for index, step in enumerate(self._steps):
            x, state.parts[index] = step(x, state.parts.get(index))
        audio = mx.clip(x, -1.0, 1.0).reshape(-1)
        mx.eval(audio, list(state.parts.values()))
        assert audio.size == len(codes) * self.samples_per_frame
        return np.array(audio)

    def _dequantize(self, codes: mx.array) -> mx.array:
        """int32 [frames, codebooks] → float32 [1, frames, dim], semantic plus acoustic."""
        books = mx.arange(self.codebooks)
        vectors = self._tables[books, codes]
        semantic = vectors[:, : self._semantic].sum(axis=1) @ self._semantic_out
        acoustic = vectors[:, self._semantic :].sum(axis=1) @ self._acoustic_out
        return (semantic + acoustic)[None]


def _steps(decoder: Any) -> list[Step]:
    """The decoder's parts in the order of the data."""
    steps: list[Step] = [
        CausalConv(decoder.pre_conv.conv),
        WindowedTransformer(decoder.pre_transformer),
    ]
    for upsample, block in decoder.upsample:
        steps += [CausalTransposeConv(upsample.conv), ConvNeXt(block)]
    first, *blocks, snake, last = decoder.decoder
    steps.append(CausalConv(first.conv))
    for block in blocks:
        act, upsample, *units = block.block
        steps += [Snake(act), CausalTransposeConv(upsample.conv)]
        steps += [Residual(unit) for unit in units]
    steps += [Snake(snake), CausalConv(last.conv)]
    return steps


def codebook_tables(weights: dict[str, mx.array]) -> mx.array:
    """Codebook vectors from a checkpoint's running sums: float32 [codebooks, size, dim].

    The division is done in float32: in bfloat16 it costs 1e-2 of audio error.

    Args:
        weights: speech_tokenizer/model.safetensors as it is on disk.

    Raises:
        KeyError: a codebook is missing.
    """
    tables: list[mx.array] = []
    for part in ("rvq_first", "rvq_rest"):
        prefix = f"decoder.quantizer.{part}.vq.layers."
        count = len({k[len(prefix) :].split(".")[0] for k in weights if k.startswith(prefix)})
        for index in range(count):
            book = f"{prefix}{index}._codebook."
            total = weights[book + "embedding_sum"].astype(mx.float32)
            usage = weights[book + "cluster_usage"].astype(mx.float32)
            tables.append(total / mx.maximum(usage, 1e-5)[:, None])
    return mx.stack(tables)


def in_float32(decoder: Any) -> Any:
    """Casts mlx-audio's decoder in place; only the talker follows the dtype that is asked for."""
    decoder.set_dtype(mx.float32)
    return decoder
