"""The codec's parts as pure steps: (input, past) → (output, what future steps may need).

Arrays are float32 [rows, time, channels]. Every part is causal. What it must remember is the last
`keep` positions along some axis of its memories; a step returns the memories whole, past first,
and the codec cuts each row's share out of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias

import mlx.core as mx
import mlx.nn as nn

from sidecar.models.qwen3_tts.backend import Backend
from sidecar.models.qwen3_tts.codec_chunk import Chunk
from sidecar.models.qwen3_tts.transformer import Stack


class CodecMemory(NamedTuple):
    """Past and present values along `axis`, of which the last `keep` are needed again."""

    array: mx.array
    axis: int
    keep: int


# Whole, for the codec to cut; or already the rows' shares, [rows, …].
Memory: TypeAlias = CodecMemory | mx.array


class Step(Protocol):
    """One part of the codec.

    Attributes:
        start: the memories of a row without past frames: float32 [1, …] each.
    """

    start: list[mx.array]

    def __call__(
        self, x: mx.array, past: Sequence[mx.array], chunk: Chunk
    ) -> tuple[mx.array, Sequence[Memory]]:
        """Run the part.

        Args:
            x: float32 [rows, time, channels]
            past: the memories of all rows.
        """
        ...


class ReachingStep(Step, Protocol):
    """A part whose sight is short."""

    def reach(self, last: int) -> int:
        """Return how many of its last inputs determine its memories and its `last` last outputs."""
        ...


class CausalConv:
    """A 1-D convolution that looks back only."""

    def __init__(self, conv: nn.Conv1d, backend: Backend) -> None:
        _, kernel, width = conv.weight.shape
        self._keep = (kernel - 1) * conv.dilation
        self.start = [mx.zeros((1, self._keep, width * conv.groups))] if self._keep else []
        self._convolve = backend.conv(conv)

    def __call__(
        self, x: mx.array, past: Sequence[mx.array], chunk: Chunk
    ) -> tuple[mx.array, list[CodecMemory]]:
        x = mx.concatenate([past[0], x], axis=1) if self._keep else x
        return self._convolve(x), [CodecMemory(x, 1, self._keep)] if self._keep else []

    def reach(self, last: int) -> int:
        return last + self._keep


class CausalTransposeConv:
    """A transposed convolution as one product and an overlap-add.

    Each input gives `kernel` outputs that start `stride` apart; those beyond its own stride
    are remembered for the next inputs.
    """

    def __init__(self, conv: nn.ConvTranspose1d, backend: Backend) -> None:
        self._stride: int = conv.stride
        out, kernel, width = conv.weight.shape
        if kernel % self._stride:
            raise ValueError(f"kernel {kernel} is no multiple of stride {self._stride}")
        self._keep = kernel // self._stride - 1
        self._out = out
        matrix = mx.contiguous(conv.weight.transpose(2, 1, 0).reshape(width, kernel * out))
        self._product = backend.dense(matrix, None)
        self._bias = conv.bias if "bias" in conv else None
        shape = (1, self._keep, self._keep + 1, self._stride * out)
        self.start = [mx.zeros(shape)] if self._keep else []

    def __call__(
        self, x: mx.array, past: Sequence[mx.array], chunk: Chunk
    ) -> tuple[mx.array, list[CodecMemory]]:
        rows, time, _ = x.shape
        parts = self._product(x).reshape(rows, time, -1, self._stride * self._out)
        if self._keep:
            parts = mx.concatenate([past[0], parts], axis=1)
        y = parts[:, self._keep :, 0]
        for back in range(1, self._keep + 1):
            y = y + parts[:, self._keep - back : self._keep - back + time, back]
        y = y.reshape(rows, time * self._stride, self._out)
        if self._bias is not None:
            y = y + self._bias
        return y, [CodecMemory(parts, 1, self._keep)] if self._keep else []

    def reach(self, last: int) -> int:
        return -(-last // self._stride) + self._keep


class Snake:
    """SnakeBeta: x + sin²(x·eᵃ) / eᵇ, with learned a and b per channel (BigVGAN)."""

    start: list[mx.array]

    def __init__(self, module: Any, backend: Backend) -> None:
        self._sin2pi = backend.sin2pi
        self._alpha = mx.exp(module.alpha) / math.pi
        self._inverse_beta = 1.0 / (mx.exp(module.beta) + 1e-9)
        self.start = []

    def __call__(
        self, x: mx.array, past: Sequence[mx.array], chunk: Chunk
    ) -> tuple[mx.array, list[CodecMemory]]:
        return x + self._inverse_beta * self._sin2pi(x * self._alpha), []

    def reach(self, last: int) -> int:
        return last


class Residual:
    """Two activated convolutions around a skip; the second one is 1 wide."""

    def __init__(self, unit: Any, backend: Backend) -> None:
        self._act1, self._act2 = Snake(unit.act1, backend), Snake(unit.act2, backend)
        self._conv1 = CausalConv(unit.conv1.conv, backend)
        self._conv2 = CausalConv(unit.conv2.conv, backend)
        self.start = self._conv1.start

    def __call__(
        self, x: mx.array, past: Sequence[mx.array], chunk: Chunk
    ) -> tuple[mx.array, list[CodecMemory]]:
        y, memory = self._conv1(self._act1(x, [], chunk)[0], past, chunk)
        y, _ = self._conv2(self._act2(y, [], chunk)[0], [], chunk)
        return x + y, memory

    def reach(self, last: int) -> int:
        return self._conv1.reach(last)


class Limit:
    """Clips samples; infinite values must not become loud ones."""

    start: list[mx.array]

    def __init__(self) -> None:
        self.start = []

    def __call__(
        self, x: mx.array, past: Sequence[mx.array], chunk: Chunk
    ) -> tuple[mx.array, list[CodecMemory]]:
        return mx.where(mx.isfinite(x), mx.clip(x, -1.0, 1.0), mx.nan), []

    def reach(self, last: int) -> int:
        return last


class Affine(NamedTuple):
    """x @ matrix + bias; float32 [1, in, out] and [out]."""

    matrix: mx.array
    bias: mx.array


class ConvNeXt:
    """A ConvNeXt block (Liu et al. 2022) with a causal depthwise convolution.

    The norm's weight and bias, GELU's factors and the layer scale are folded into the two
    products: u + u·erf(u) of u = x/√2 is √2·GELU(x).
    """

    def __init__(self, block: Any, backend: Backend) -> None:
        self._backend = backend
        self._conv = CausalConv(block.dwconv.conv, backend)
        self.start = self._conv.start
        self._eps = block.norm.eps
        first, second = block.pwconv1, block.pwconv2
        root = 2.0**-0.5
        self.first = Affine(
            mx.contiguous((first.weight * block.norm.weight).T * root)[None],
            (first.bias + first.weight @ block.norm.bias) * root,
        )
        self.second = Affine(
            mx.contiguous((second.weight * block.gamma[:, None]).T * root)[None],
            second.bias * block.gamma,
        )

    def normalise(self, x: mx.array) -> mx.array:
        return self._backend.layer_norm(x, self._eps)

    def __call__(
        self, x: mx.array, past: Sequence[mx.array], chunk: Chunk
    ) -> tuple[mx.array, list[CodecMemory]]:
        y, memory = self._conv(x, past, chunk)
        y = mx.addmm(self.first.bias, self.normalise(y), self.first.matrix)
        y = mx.addmm(self.second.bias, y + y * self._backend.erf(y), self.second.matrix)
        return x + y, memory

    def reach(self, last: int) -> int:
        return self._conv.reach(last)


class WindowedTransformer:
    """Attention over the last `window` frames, including the present one.

    It remembers window − 1 keys and values per layer; at first these are zeros, which are masked.
    """

    def __init__(self, transformer: Any, backend: Backend) -> None:
        config = transformer.config
        self.keep: int = config.sliding_window - 1
        self.base: float = config.rope_theta
        self._backend = backend
        self.stack = Stack(transformer.layers, self.base, backend)
        self._in = backend.fused([transformer.input_proj])
        self._out = backend.fused([transformer.output_proj])
        self._norm = backend.norm(transformer.norm)
        shape = (1, 2, config.num_key_value_heads, self.keep, config.head_dim)
        self.start = [mx.zeros(shape)] * len(self.stack)

    def __call__(
        self, x: mx.array, past: Sequence[mx.array], chunk: Chunk
    ) -> tuple[mx.array, list[CodecMemory]]:
        window = _Window(past)
        table = self.stack.positions.at(chunk.seen, x.shape[1])
        x = self.stack(self.enter(x), table, window, self._mask(x.shape[1], chunk.seen))
        memories = [CodecMemory(array, 3, self.keep) for array in window.arrays]
        return self.leave(x), memories

    def enter(self, x: mx.array) -> mx.array:
        """Return the input of the first layer."""
        return self._in(x)

    def leave(self, x: mx.array) -> mx.array:
        """Return the output, of that of the last layer."""
        return self._out(self._norm(x))

    def _mask(self, queries: int, seen: Sequence[int]) -> mx.array | None:
        if queries == 1 and min(seen) >= self.keep:
            return None
        keys = mx.arange(self.keep + queries)
        distance = mx.arange(self.keep, self.keep + queries)[:, None] - keys
        in_window = (distance >= 0) & (distance <= self.keep)
        is_real = keys >= self.keep - mx.array(list(seen))[:, None, None, None, None]
        return self._backend.mask(in_window & is_real)


class _Window:
    """The transformer's keys and values, rows first: the past ones, then the present ones."""

    def __init__(self, past: Sequence[mx.array]) -> None:
        self.arrays = list(past)

    def update(self, index: int, kv: mx.array) -> list[mx.array]:
        joined = mx.concatenate([self.arrays[index], kv.swapaxes(0, 1)], axis=3)
        self.arrays[index] = joined
        return [joined.swapaxes(0, 1)]
