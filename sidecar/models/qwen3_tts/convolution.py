"""The codec's convolutions, without their past: as products on the CPU, by MLX on the GPUs.

MLX's own loops are slow on a CPU, so there a convolution is one product over its windows. Arrays
are float32 [rows, time, channels]; weights come in mlx-audio's layout: [out, kernel, in / groups].
"""

from __future__ import annotations

import mlx.core as mx
import mlx.nn as nn


class ProductConv:
    """A convolution without padding, as a product over its windows."""

    def __init__(self, conv: nn.Conv1d) -> None:
        self._bias = conv.bias if "bias" in conv else None
        self._dilation = conv.dilation
        self._groups = conv.groups
        out, self._kernel, width = conv.weight.shape
        self._arrange(conv.weight.reshape(self._groups, out // self._groups, self._kernel, width))

    def _arrange(self, weight: mx.array) -> None:
        """Set the matrix, of float32 [groups, out / groups, kernel, in / groups]."""
        groups, out, kernel, width = weight.shape
        self._depthwise = out == width == 1
        if self._depthwise:
            self._taps = mx.contiguous(weight.reshape(groups, kernel).T)
        else:
            matrices = weight.transpose(0, 2, 3, 1).reshape(1, groups, kernel * width, out)
            self._matrix = matrices.squeeze(1) if groups == 1 else matrices

    def __call__(self, x: mx.array) -> mx.array:
        windows = self._windows(x)
        if self._depthwise or self._groups > 1:
            y = (windows * self._taps).sum(axis=2) if self._depthwise else self._grouped(windows)
            return y if self._bias is None else y + self._bias
        windows = windows.reshape(x.shape[0], windows.shape[1], -1)
        if self._bias is None:
            return windows @ self._matrix
        return mx.addmm(self._bias, windows, self._matrix)

    def _grouped(self, windows: mx.array) -> mx.array:
        rows, time, kernel, _ = windows.shape
        windows = windows.reshape(rows, time, kernel, self._groups, -1).transpose(0, 3, 1, 2, 4)
        y = windows.reshape(rows, self._groups, time, -1) @ self._matrix
        return y.swapaxes(1, 2).reshape(rows, time, -1)

    def _windows(self, x: mx.array) -> mx.array:
        """Return what each output depends on: float32 [rows, time, kernel, channels]."""
        if self._kernel == 1:
            return x[:, :, None]
        rows, length, channels = x.shape
        shape = (rows, length - (self._kernel - 1) * self._dilation, self._kernel, channels)
        strides = (length * channels, channels, self._dilation * channels, 1)
        return mx.as_strided(x, shape, strides)


class NativeConv:
    """A convolution without padding, by `mx.conv1d`."""

    def __init__(self, conv: nn.Conv1d) -> None:
        self._weight = conv.weight
        self._bias = conv.bias if "bias" in conv else None
        self._dilation, self._groups = conv.dilation, conv.groups

    def __call__(self, x: mx.array) -> mx.array:
        y = mx.conv1d(x, self._weight, dilation=self._dilation, groups=self._groups)
        return y if self._bias is None else y + self._bias
