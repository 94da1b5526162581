"""Puts weights where the kernels read them: each layer's in one array, as they are stored.

The layered path, which runs the prompts, uses parts of the same arrays, so no weight is in memory
twice. Only widths that a stage cannot divide evenly (tiny models) are padded in a copy.
kernels/weights.cuh describes what a lane reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import mlx.core as mx

from sidecar.models.qwen3_tts.cuda.shape import GROUP_SIZE, StackShape
from sidecar.models.qwen3_tts.cuda.weights import LayerWeights, StackWeights, Stored


@dataclass(frozen=True)
class Weights:
    """The matrices of a stack.

    Attributes:
        layers: of each layer, flat: qkv, out, gate and up, down; one row after another, in the
            checkpoint's dtype, or as words of quantised weights.
        heads: flat, all of them.
        scales, head_scales: of quantised weights, as `_scales` returns them; otherwise without
            meaning.
    """

    layers: list[mx.array]
    scales: mx.array
    heads: mx.array
    head_scales: mx.array


def weights(stack: StackWeights, shape: StackShape) -> Weights:
    """Arrange the weights of a stack, one layer after another: two copies of a layer at most are in
    memory. The layers of the stack use the arrays from now on."""
    layers: list[mx.array] = []
    scales: list[mx.array] = []
    for one in stack.layers:
        flat, own = _layer(one, shape)
        layers.append(flat)
        scales.append(own)
    heads, head_scales = _joined(stack.heads, [1] * len(stack.heads), shape)
    return Weights(layers, _evaluated(mx.concatenate(scales)), heads, head_scales)


def _layer(one: LayerWeights, shape: StackShape) -> tuple[mx.array, mx.array]:
    return _joined([one.qkv, one.out, one.gate_up, one.down], [1, 1, 2, 1], shape)


def _joined(
    matrices: Sequence[Stored], halves: Sequence[int], shape: StackShape
) -> tuple[mx.array, mx.array]:
    """Return the weights of several matrices in one array, and their scales.

    Args:
        halves: 2 for a matrix of two, each of which is padded, and divided among the blocks.
    """
    padded = [_rows(m.parts[0], n, shape) for m, n in zip(matrices, halves, strict=True)]
    flat = _evaluated(mx.concatenate([part.reshape(-1) for part in padded]))
    at = 0
    for matrix, part in zip(matrices, padded, strict=True):
        if part.shape == matrix.parts[0].shape:
            matrix.keep([_evaluated(flat[at : at + part.size].reshape(part.shape))])
        at += part.size
    scales = [_scales(m.parts[1:], n, shape) for m, n in zip(matrices, halves, strict=True)]
    return flat, _evaluated(mx.concatenate(scales))


def _rows(weight: mx.array, halves: int, shape: StackShape) -> mx.array:
    """Return [out, in], padded to the shape's unit."""
    values_each = 32 // shape.bits if shape.bits else 1
    inputs = shape.inputs(weight.shape[1] * values_each) // values_each
    return mx.concatenate([_padded(half, shape, inputs) for half in mx.split(weight, halves)])


def _scales(parts: Sequence[mx.array], halves: int, shape: StackShape) -> mx.array:
    """Return scale and bias of each group: float, flat,
    [block][warp][step][eight rows][row][scale, bias].

    Args:
        parts: float [out, in / 64] each; none if the weights are not quantised.
    """
    if not parts:
        return mx.zeros((1,), mx.uint32)
    groups = shape.inputs(parts[0].shape[1] * GROUP_SIZE) // GROUP_SIZE
    padded = [
        mx.stack([_padded(half, shape, groups) for half in mx.split(part, halves)])
        for part in parts
    ]
    eights, steps = padded[0].shape[1] // shape.blocks // 8, groups // shape.warps
    split = (halves, shape.blocks, eights, 8, shape.warps, steps, 2)
    return mx.stack(padded, axis=-1).reshape(split).transpose(1, 4, 5, 0, 2, 3, 6).reshape(-1)


def gains(stack: StackWeights, shape: StackShape) -> mx.array:
    """Return the gains of all norms: float, flat, in the activations' dtype; see
    kernels/stack.cuh."""
    width = shape.inputs(shape.hidden)
    parts: list[mx.array] = []
    for one in stack.layers:
        parts += [_widened(one.before, width), _widened(one.after, width), one.q_gain, one.k_gain]
    parts.append(_widened(stack.norm, width))
    return _evaluated(mx.concatenate([part.astype(stack.dtype) for part in parts]))


def rotations(positions: int, base: float, shape: StackShape) -> mx.array:
    """Return cos and sin of positions 0 and up: float32 [positions, 2, head_dim / 2]."""
    halves = mx.arange(0, shape.head_dim, 2, dtype=mx.float32)
    frequencies = base ** (-halves / shape.head_dim)
    angle = mx.arange(positions).astype(mx.float32)[:, None] * frequencies
    return _evaluated(mx.stack([mx.cos(angle), mx.sin(angle)], axis=1))


def _padded(part: mx.array, shape: StackShape, inputs: int) -> mx.array:
    rows = shape.rows(part.shape[0])
    return mx.pad(part, [(0, rows - part.shape[0]), (0, inputs - part.shape[1])])


def _widened(gain: mx.array, width: int) -> mx.array:
    return mx.pad(gain, [(0, width - gain.shape[0])])


def _evaluated(array: mx.array) -> mx.array:
    mx.eval(array)
    return array
