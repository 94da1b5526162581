"""The codec's parts on few kernels, made of the parts of `codec_layers`.

Inside of them, arrays are float32 [rows × time, channels].

A product's bias, the sum of a skip, the activation, the past and the windows of the next
convolution are one kernel, so between two products there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import mlx.core as mx

from sidecar.models.qwen3_tts.codec_chunk import LEAST_LENGTH, Chunk
from sidecar.models.qwen3_tts.codec_layers import Affine, ConvNeXt, Step, WindowedTransformer
from sidecar.models.qwen3_tts.cuda.weights import Unsuitable
from sidecar.models.qwen3_tts.fused import operations
from sidecar.models.qwen3_tts.fused.operations import Operations, Snake, Sum
from sidecar.models.qwen3_tts.layers_gpu import Layer

_Memories = list[mx.array]


def steps(
    decoder: Any, layered: Sequence[Step], launch: Operations, by_windows: bool
) -> list[Step]:
    """Return the decoder's parts.

    Args:
        layered: the same parts on separate operations; their weights are used.
        by_windows: convolutions are products over windows, not MLX's own.

    Raises:
        Unsuitable: the decoder has a form that the kernels do not know.
    """
    conv = _Convolutions(launch, by_windows)
    transformer = layered[1]
    assert isinstance(transformer, WindowedTransformer)
    made: list[Step] = [
        _Convolution(conv.prepare(decoder.pre_conv.conv)),
        _Transformer(transformer, launch),
    ]
    blocks = [part for part in layered if isinstance(part, ConvNeXt)]
    for (upsample, module), block in zip(decoder.upsample, blocks, strict=True):
        made.append(_Upsampler(upsample.conv, module, block, launch))
    return [*made, _Vocoder(decoder.decoder, conv, launch)]


class _Convolutions:
    """Prepares convolutions."""

    def __init__(self, launch: Operations, by_windows: bool) -> None:
        self._launch, self._by_windows = launch, by_windows

    def prepare(self, module: Any) -> _Joined:
        out, taps, width = module.weight.shape
        if module.groups != 1:
            raise Unsuitable("the codec has convolutions in groups")
        if width < LEAST_LENGTH:
            raise Unsuitable("the codec's layers are too narrow")
        weight, dilation = module.weight, module.dilation
        if not self._by_windows:
            return _Joined(
                self._launch,
                lambda x: mx.conv1d(x, weight, dilation=dilation).reshape(-1, out),
                (1, (taps - 1) * dilation, width),
                (1, 1),
                _bias(module, out),
            )
        matrix = mx.contiguous(weight.transpose(1, 2, 0).reshape(taps * width, out))
        return _Joined(
            self._launch,
            lambda x: x @ matrix,
            (1, (taps - 1) * dilation, width),
            (taps, dilation),
            _bias(module, out),
        )


class _Joined:
    """A causal convolution, without its bias.

    Args:
        convolve: what is done with the joined input or its windows.
        shape: of a row's past.
        windows: taps and dilation, as `Operations.join` takes them.
    """

    def __init__(
        self,
        launch: Operations,
        convolve: Callable[[mx.array], mx.array],
        shape: tuple[int, int, int],
        windows: tuple[int, int],
        bias: mx.array,
    ) -> None:
        self._launch, self._convolve, self._windows = launch, convolve, windows
        self.bias, self.start = bias, mx.zeros(shape)

    def __call__(
        self, values: Sum, snake: Snake | None, past: mx.array, chunk: Chunk
    ) -> tuple[mx.array, mx.array, mx.array]:
        """Return the sum before the activation, the output, and the new past."""
        total, y, kept = self._launch.join(values, snake, past, chunk, *self._windows)
        return total, self._convolve(y), kept


class _Convolution:
    """A convolution alone."""

    def __init__(self, conv: _Joined) -> None:
        self._conv = conv
        self.start = [conv.start]

    def __call__(
        self, x: mx.array, past: Sequence[mx.array], chunk: Chunk
    ) -> tuple[mx.array, _Memories]:
        _, y, kept = self._conv(Sum(_flat(x)), None, past[0], chunk)
        return (y + self._conv.bias).reshape(len(x), -1, y.shape[1]), [kept]


class _Transformer:
    """Attention within the window: eleven kernels for a layer."""

    def __init__(self, layered: WindowedTransformer, launch: Operations) -> None:
        self._launch, self._layered = launch, layered
        self._layers = [layer for layer in layered.stack.layers if isinstance(layer, Layer)]
        if any(layer.has_head_norms for layer in self._layers):
            raise Unsuitable("the codec's attention has norms")
        self.start = layered.start
        self._angles = mx.zeros((0,)), mx.zeros((0,))

    def __call__(
        self, x: mx.array, past: Sequence[mx.array], chunk: Chunk
    ) -> tuple[mx.array, _Memories]:
        rows, y = len(x), self._layered.enter(_flat(x))
        table = self._table(len(y) // rows)
        memories: _Memories = []
        for layer, held in zip(self._layers, past, strict=True):
            attended, kept = self._launch.attend(layer.qkv(y), held, table, layer.heads, chunk)
            memories.append(kept)
            y = layer.finish(y, attended)
        y = self._layered.leave(y)
        return y.reshape(rows, -1, y.shape[1]), memories

    def _table(self, time: int) -> tuple[mx.array, mx.array]:
        """Return cosines and sines for the window and `time` more frames."""
        if len(self._angles[0]) < self._layered.keep + time:
            positions = mx.arange(self._layered.keep + 2 * time, dtype=mx.float32)
            size = self._layers[0].size
            frequencies = self._layered.base ** (-mx.arange(0, size, 2, dtype=mx.float32) / size)
            angles = positions[:, None] * frequencies
            self._angles = mx.cos(angles), mx.sin(angles)
            mx.eval(self._angles)
        return self._angles


class _Upsampler:
    """A transposed convolution without overlap, and a ConvNeXt block."""

    def __init__(self, upsample: Any, module: Any, block: ConvNeXt, launch: Operations) -> None:
        out, kernel, width = upsample.weight.shape
        if kernel != upsample.stride:
            raise Unsuitable("the codec's upsamplers overlap")
        self._launch, self._block, self._width = launch, block, out
        matrix = upsample.weight.transpose(2, 1, 0).reshape(width, kernel * out)
        self._matrix = mx.contiguous(matrix)
        self._bias = mx.tile(_bias(upsample, out), kernel)
        depthwise = module.dwconv.conv
        channels, taps, inputs = depthwise.weight.shape
        if inputs != 1 or depthwise.groups != channels or depthwise.dilation != 1:
            raise Unsuitable("the codec's blocks do not convolve each channel alone")
        self._taps = mx.contiguous(depthwise.weight.reshape(channels, taps).T)
        self._taps_bias = _bias(depthwise, channels)
        self._first, self._second = (
            Affine(mx.contiguous(part.matrix[0]), part.bias) for part in (block.first, block.second)
        )
        self.start = [mx.zeros((1, taps - 1, channels))]

    def __call__(
        self, x: mx.array, past: Sequence[mx.array], chunk: Chunk
    ) -> tuple[mx.array, _Memories]:
        rows, x = len(x), mx.addmm(self._bias, _flat(x), self._matrix).reshape(-1, self._width)
        y, kept = self._launch.depthwise(x, self._taps, self._taps_bias, past[0], chunk)
        y = operations.gelu(
            mx.addmm(self._first.bias, self._block.normalise(y), self._first.matrix)
        )
        y = operations.residual(x, y @ self._second.matrix, self._second.bias)
        return y.reshape(rows, -1, self._width), [kept]


class _Residual:
    """Two activated convolutions around a skip; the second one is 1 wide."""

    def __init__(self, unit: Any, conv: _Convolutions, launch: Operations) -> None:
        self._launch = launch
        self._act1, self._act2 = _snake(unit.act1), _snake(unit.act2)
        self._conv = conv.prepare(unit.conv1.conv)
        self.start = self._conv.start
        last = unit.conv2.conv
        out, taps, _ = last.weight.shape
        if taps != 1:
            raise Unsuitable("the codec's second convolutions are wide")
        self._matrix = mx.contiguous(last.weight[:, 0].T)
        self._bias = _bias(last, out)

    def __call__(self, values: Sum, past: mx.array, chunk: Chunk) -> tuple[Sum, mx.array]:
        """Return the output, not yet added up, and the new past."""
        x, y, kept = self._conv(values, self._act1, past, chunk)
        y = self._launch.activate(Sum(y, self._conv.bias), self._act2) @ self._matrix
        return Sum(y, self._bias, x), kept


class _Block:
    """An activation, a transposed convolution, and residual units."""

    def __init__(self, block: Any, conv: _Convolutions, launch: Operations) -> None:
        act, upsample, *units = block.block
        module = upsample.conv
        out, kernel, width = module.weight.shape
        if kernel != 2 * module.stride:
            raise Unsuitable("the codec's transposed convolutions overlap in another way")
        self._launch, self._act = launch, _snake(act)
        matrix = module.weight.transpose(2, 1, 0).reshape(width, kernel * out)
        self._matrix, self._bias = mx.contiguous(matrix), _bias(module, out)
        self._units = [_Residual(unit, conv, launch) for unit in units]
        overlap = mx.zeros((1, 1, module.stride * out))
        self.start = [overlap, *(unit.start for unit in self._units)]

    def __call__(
        self, values: Sum, past: Sequence[mx.array], chunk: Chunk
    ) -> tuple[Sum, _Memories]:
        parts = self._launch.activate(values, self._act) @ self._matrix
        x, kept = self._launch.overlap(parts, self._bias, past[0], chunk)
        memories, made = [kept], Sum(x)
        for unit, held in zip(self._units, past[1:], strict=True):
            made, kept = unit(made, held, chunk)
            memories.append(kept)
        return made, memories


class _Vocoder:
    """From the last upsampler's output to samples, which are limited: the last part."""

    def __init__(self, modules: Sequence[Any], conv: _Convolutions, launch: Operations) -> None:
        first, *blocks, snake, last = modules
        self._first, self._last = conv.prepare(first.conv), conv.prepare(last.conv)
        self._blocks = [_Block(block, conv, launch) for block in blocks]
        self._snake = _snake(snake)
        self.start = [self._first.start, *(s for b in self._blocks for s in b.start)]
        self.start.append(self._last.start)

    def __call__(
        self, x: mx.array, past: Sequence[mx.array], chunk: Chunk
    ) -> tuple[mx.array, _Memories]:
        rows = len(x)
        _, y, kept = self._first(Sum(_flat(x)), None, past[0], chunk)
        values, memories, at = Sum(y, self._first.bias), [kept], 1
        for block in self._blocks:
            end = at + len(block.start)
            values, held = block(values, past[at:end], chunk)
            memories += held
            at = end
        _, y, kept = self._last(values, self._snake, past[at], chunk)
        return operations.limited(y, self._last.bias).reshape(rows, -1, 1), [*memories, kept]


def _flat(x: mx.array) -> mx.array:
    return x.reshape(-1, x.shape[-1])


def _snake(module: Any) -> Snake:
    return Snake(mx.exp(module.alpha), 1.0 / (mx.exp(module.beta) + 1e-9))


def _bias(module: Any, width: int) -> mx.array:
    return module.bias if "bias" in module else mx.zeros(width)
