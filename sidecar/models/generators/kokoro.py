"""Kokoro's residual blocks on a CPU: the same arithmetic in fewer, and smaller, pieces.

They take nine tenths of the time of its decoder (StyleTTS 2 with an iSTFTNet generator). mlx-audio
divides their weights by their norm in each call, keeps the channels first, and runs each operation
over the whole utterance, which does not fit into the processor's cache. Here the weights are
normalised once, a norm with its style is one scale and one shift, and norm, Snake and convolution
go over one block of time after another. A norm takes in the whole utterance, so each half of a
residual block is finished before the next begins.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import mlx.core as mx
import mlx.nn as nn

from sidecar.models.elementwise import sin2pi
from sidecar.models.generators.convolutions import product

# Numbers of one block of time: as many as fit a core's second-level cache with their products.
_BLOCK = 960 * 128
_EPS = 1e-5


def accelerate(model: Any) -> None:
    """Replace the residual blocks of mlx-audio's Kokoro, whose weights are float32."""
    generator = model.decoder.generator
    for blocks in (generator.resblocks, generator.noise_res):
        for at, block in enumerate(blocks):
            blocks[at] = ResidualBlock(block)


class _Half(NamedTuple):
    """Norm, Snake and convolution.

    Attributes:
        style: the layer that makes a style's scale and shift.
        frequency: float32 [channels], Snake's α / π.
        taps: float32 [kernel, in, out], divided by α.
        bias: float32 [out].
    """

    style: nn.Linear
    frequency: mx.array
    taps: mx.array
    bias: mx.array
    dilation: int

    @classmethod
    def of(cls, norm: Any, alpha: mx.array, convolution: Any) -> _Half:
        weight = _normalised(convolution) / alpha.reshape(1, 1, -1)
        taps = mx.contiguous(weight.transpose(1, 2, 0))
        frequency = alpha.reshape(-1) / math.pi
        half = cls(norm.fc, frequency, taps, convolution.bias, convolution.dilation)
        mx.eval(half.frequency, half.taps)
        return half

    def __call__(self, x: mx.array, style: mx.array, plus: mx.array | None = None) -> mx.array:
        """Return float32 [time, channels] of the same, with `plus` added to it."""
        scale, shift = self._norm(x, style)
        reach = (self.taps.shape[0] - 1) * self.dilation // 2
        done: list[mx.array] = []
        for begin, end in _blocks(x):
            first, last = max(0, begin - reach), min(x.shape[0], end + reach)
            z = _snake(x[first:last] * scale + shift)
            if last - first < end - begin + 2 * reach:
                z = mx.pad(z, [(first - begin + reach, end + reach - last), (0, 0)])
            y = product(z, self.taps, self.dilation) + self.bias
            done.append(y if plus is None else plus[begin:end] + y)
            mx.eval(done[-1])
        return done[0] if len(done) == 1 else mx.concatenate(done)

    def _norm(self, x: mx.array, style: mx.array) -> tuple[mx.array, mx.array]:
        gamma, beta = mx.split(self.style(style), 2, axis=-1)
        mean = x.mean(axis=0, keepdims=True)
        squares = [
            mx.square(x[begin:end] - mean).sum(axis=0, keepdims=True) for begin, end in _blocks(x)
        ]
        variance = sum(squares[1:], squares[0]) / x.shape[0]
        scale = (1 + gamma) * mx.rsqrt(variance + _EPS)
        return scale * self.frequency, (beta - mean * scale) * self.frequency


class ResidualBlock:
    """`AdaINResBlock1` of mlx-audio, for one row."""

    def __init__(self, block: Any) -> None:
        parts = (block.adain1, block.alpha1, block.convs1, block.adain2, block.alpha2, block.convs2)
        self._pairs = [
            (_Half.of(n1, a1, c1), _Half.of(n2, a2, c2))
            for n1, a1, c1, n2, a2, c2 in zip(*parts, strict=True)
        ]

    def __call__(self, x: mx.array, style: mx.array) -> mx.array:
        """Return float32 [1, channels, time] of the same, in a style of float32 [1, style]."""
        y = mx.contiguous(x[0].T)
        for first, second in self._pairs:
            y = second(first(y, style), style, plus=y)
        return y.T[None]


def _normalised(convolution: Any) -> mx.array:
    """Return float32 [out, kernel, in] of a convolution with weight norm, as mlx-audio does."""
    norm = mx.sqrt(mx.square(convolution.weight_v).sum(axis=(1, 2), keepdims=True))
    return convolution.weight_v / (norm + 1e-7) * convolution.weight_g


def _snake(turns: mx.array) -> mx.array:
    """Return α · (x + sin²(αx) / α) of float32 `turns` = αx / π."""
    return math.pi * turns + sin2pi(turns)


def _blocks(x: mx.array) -> list[tuple[int, int]]:
    """Return where the blocks of float32 [time, channels] begin and end."""
    time, channels = x.shape
    length = math.ceil(time / max(1, round(time * channels / _BLOCK)))
    return [(begin, min(begin + length, time)) for begin in range(0, time, length)]
