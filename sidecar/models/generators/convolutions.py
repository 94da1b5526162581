"""MLX's one-dimensional convolutions as matrix products, for the families on a CPU.

MLX's own loops on a CPU are slow where a convolution is dilated or transposed: they took nine
tenths of Kokoro's time. Here a convolution is one product for each tap of its kernel, over a slice
of the input's rows, which the BLAS library reads where it is. A transposed convolution is one
product, whose parts are added where they overlap. Results differ from MLX's by the rounding of
float32 only.

Arrays are float32 [rows, time, channels]; weights are float32 [out, kernel, in / groups].
"""

from __future__ import annotations

from typing import Any

import mlx.core as mx

_conv1d, _conv_transpose1d = mx.conv1d, mx.conv_transpose1d  # MLX's own


def conv1d(
    x: mx.array,
    weight: mx.array,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    groups: int = 1,
    **options: Any,
) -> mx.array:
    """Return `mx.conv1d` of the same arguments: by products where its stride and groups are 1."""
    if stride != 1 or groups != 1 or not _is_plain(x, weight, options):
        return _conv1d(x, weight, stride, padding, dilation, groups, **options)
    taps = weight.transpose(1, 2, 0)
    if padding:
        x = mx.pad(x, [(0, 0), (padding, padding), (0, 0)])
    return _by_row(x, lambda row: product(row, taps, dilation))


def conv_transpose1d(
    x: mx.array,
    weight: mx.array,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    output_padding: int = 0,
    groups: int = 1,
    **options: Any,
) -> mx.array:
    """Return `mx.conv_transpose1d` of the same arguments: by one product where it is not dilated
    and has one group, or a group for each channel."""
    kernel = weight.shape[1]
    depthwise = groups == x.shape[-1] == weight.shape[0]
    supported = dilation == 1 and padding < kernel and (groups == 1 or depthwise)
    if not supported or not _is_plain(x, weight, options):
        return _conv_transpose1d(
            x, weight, stride, padding, dilation, output_padding, groups, **options
        )
    overlap = -(-kernel // stride)  # outputs that one stride's worth of samples is the sum of
    taps = mx.pad(weight.transpose(2, 1, 0), [(0, 0), (0, overlap * stride - kernel), (0, 0)])
    length = (x.shape[1] - 1) * stride + kernel - 2 * padding + output_padding

    def transposed(row: mx.array) -> mx.array:
        time = row.shape[0]
        parts = (
            row[:, None] * taps[0] if depthwise else row @ taps.reshape(taps.shape[0], -1)
        ).reshape(time, overlap, stride, -1)
        blocks = -(-(padding + length) // stride)
        y = sum(
            mx.pad(parts[:, at], [(at, max(0, blocks - time - at)), (0, 0), (0, 0)])[:blocks]
            for at in range(overlap)
        )
        assert isinstance(y, mx.array)
        return y.reshape(blocks * stride, -1)[padding : padding + length]

    return _by_row(x, transposed)


def product(x: mx.array, taps: mx.array, dilation: int = 1) -> mx.array:
    """Return the convolution without padding of float32 [time, in] with [kernel, in, out] →
    [time − (kernel − 1) · dilation, out]."""
    kernel = taps.shape[0]
    time = x.shape[0] - (kernel - 1) * dilation
    y = x[:time] @ taps[0]
    for tap in range(1, kernel):
        y = mx.addmm(y, x[tap * dilation : tap * dilation + time], taps[tap])
    return y


def _is_plain(x: mx.array, weight: mx.array, options: dict[str, Any]) -> bool:
    return x.dtype == weight.dtype == mx.float32 and x.ndim == 3 and not options


def _by_row(x: mx.array, convolve: Any) -> mx.array:
    """Slices of one row's time are contiguous, so that no product copies them."""
    if x.shape[0] == 1:
        return convolve(x[0])[None]
    return mx.stack([convolve(row) for row in x])
