"""The codec's operations between its products, each as one kernel.

Arrays are float32 [rows × time, channels]: with one axis for both, a product is one operation of
MLX and not three. How many rows there are is in the shape of their past. `Sum` is what has not
been added up yet: the next kernel does it while it reads.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import mlx.core as mx

from sidecar.models.qwen3_tts.codec_chunk import Chunk
from sidecar.models.qwen3_tts.fused.launch import THREADS, Launcher


@dataclass(frozen=True)
class Snake:
    """SnakeBeta: x + sin²(x·alpha)·inverse_beta; float32 [channels] each."""

    alpha: mx.array
    inverse_beta: mx.array


@dataclass(frozen=True)
class Sum:
    """x, and where they are given `bias`, float32 [channels], and `added`, of the shape of x."""

    x: mx.array
    bias: mx.array | None = None
    added: mx.array | None = None


class Operations:
    """Starts the kernels of `kernels/codec.h`.

    Args:
        window: past frames that the codec's attention sees.
    """

    def __init__(self, launcher: Launcher, window: int) -> None:
        self._launch = launcher
        self.window = window

    def activate(self, values: Sum, snake: Snake) -> mx.array:
        """Return the sum, activated."""
        x, added, bias = values.x, values.added, values.bias
        assert bias is not None
        (y,) = self._launch(
            "codec_activate",
            (
                x,
                x if added is None else added,
                bias,
                snake.alpha,
                snake.inverse_beta,
            ),
            (x.shape,),
            (x.size, x.shape[1], int(added is not None)),
            _blocks(x.size),
        )
        return y

    def join(
        self,
        values: Sum,
        snake: Snake | None,
        past: mx.array,
        chunk: Chunk,
        taps: int,
        dilation: int,
    ) -> tuple[mx.array, mx.array, mx.array]:
        """Activate, and put the past in front.

        Args:
            past: float32 [rows, keep, channels].
            taps: 1 returns the joined input; more return the windows of a convolution.

        Returns:
            the sum before the activation (not if there is only a bias), float32
            [rows, keep + time, channels] or [rows × time, taps × channels], and the new past
        """
        x, added, bias = values.x, values.added, values.bias
        rows, keep, channels = past.shape
        time = x.shape[0] // rows
        windows = keep + time if taps == 1 else time
        total, y, kept = self._launch(
            "codec_join",
            (
                x,
                x if added is None else added,
                x if bias is None else bias,
                x if snake is None else snake.alpha,
                x if snake is None else snake.inverse_beta,
                past,
                chunk.lengths(self.window),
            ),
            (
                (1,) if added is None else x.shape,
                (rows, windows, channels) if taps == 1 else (rows * windows, taps * channels),
                past.shape,
            ),
            (
                *(rows, time, channels, keep, taps, dilation, time // chunk.size, windows),
                *(int(given is not None) for given in (added, bias, snake, added)),
            ),
            _blocks(rows * (keep + time) * channels),
        )
        return x if added is None else total, y, kept

    def depthwise(
        self, x: mx.array, taps: mx.array, bias: mx.array, past: mx.array, chunk: Chunk
    ) -> tuple[mx.array, mx.array]:
        """Convolve each channel alone, with taps float32 [keep + 1, channels]; also return the
        new past."""
        rows, keep, channels = past.shape
        time = x.shape[0] // rows
        y, kept = self._launch(
            "codec_depthwise",
            (x, taps, bias, past, chunk.lengths(self.window)),
            (x.shape, past.shape),
            (rows, time, channels, keep, time // chunk.size),
            _blocks(rows * (keep + time) * channels),
        )
        return y, kept

    def overlap(
        self, parts: mx.array, bias: mx.array, past: mx.array, chunk: Chunk
    ) -> tuple[mx.array, mx.array]:
        """Add up a transposed convolution whose kernel is two strides.

        Args:
            parts: float32 [rows × time, 2 × stride × channels].
            past: float32 [rows, 1, stride × channels], the second half of the last position.

        Returns:
            float32 [rows × time × stride, channels], and the new past
        """
        rows, _, values = past.shape
        time, channels = parts.shape[0] // rows, bias.shape[0]
        y, kept = self._launch(
            "codec_overlap",
            (parts, bias, past, chunk.lengths(self.window)),
            ((rows * time * values // channels, channels), past.shape),
            (rows, time, values, channels, time // chunk.size),
            _blocks(rows * time * values),
        )
        return y, kept

    def attend(
        self,
        qkv: mx.array,
        past: mx.array,
        table: tuple[mx.array, mx.array],
        heads: int,
        chunk: Chunk,
    ) -> tuple[mx.array, mx.array]:
        """Rotate and attend within the window.

        Args:
            qkv: float32 [rows × time, (heads + 2 × kv_heads) × head_dim].
            past: float32 [rows, 2, kv_heads, window, head_dim], keys not rotated, and values.
            table: cosines and sines, float32 [at least window + time, head_dim / 2].

        Returns:
            float32 [rows × time, heads × head_dim], and the new past
        """
        rows, _, kv_heads, keep, size = past.shape
        time = qkv.shape[0] // rows
        attended, kept = self._launch(
            "codec_attend",
            (qkv, past, *table, chunk.lengths(self.window)),
            ((rows * time, heads * size), past.shape),
            (rows, time, heads, kv_heads, size, keep),
            max(rows * heads * time, _blocks(past.size)),
            shared_floats=size + keep + 1,
        )
        return attended, kept


def _blocks(elements: int) -> int:
    return math.ceil(elements / THREADS)


@partial(mx.compile, shapeless=True)
def gelu(x: mx.array) -> mx.array:
    """Return √2·GELU of √2·x."""
    return x + x * mx.erf(x)


@partial(mx.compile, shapeless=True)
def residual(x: mx.array, y: mx.array, bias: mx.array) -> mx.array:
    return x + (y + bias)


@partial(mx.compile, shapeless=True)
def limited(x: mx.array, bias: mx.array) -> mx.array:
    """Return audio in [-1, 1]; infinite values must not become loud ones."""
    x = x + bias
    return mx.where(mx.isfinite(x), mx.clip(x, -1.0, 1.0), mx.nan)
