"""Arranges weights in the order in which the kernels read them.

Each warp reads its part of a matrix as one contiguous run, 512 bytes at a time: 16 bytes for each
lane. kernels/product.cuh describes what a lane does with them.
"""

from __future__ import annotations

import mlx.core as mx

from sidecar.models.qwen3_tts.cuda.shape import StackShape
from sidecar.models.qwen3_tts.cuda.weights import LayerWeights, StackWeights


def matrix(weight: mx.array, shape: StackShape) -> mx.array:
    """Pack one stage's matrix.

    Args:
        weight: float [out, in]; both are padded with zeros to the shape's unit.

    Returns:
        float, flat: [block][warp][step][eight][row][chunk][value]
    """
    rows, inputs = (shape.padded(size) for size in weight.shape)
    padded = _padded(weight, rows, inputs)
    eights, steps = rows // shape.blocks // 8, inputs // (shape.warps * 4 * shape.per_chunk)
    split = padded.reshape(shape.blocks, eights, 8, shape.warps, steps, 4, shape.per_chunk)
    return split.transpose(0, 3, 4, 1, 2, 5, 6).reshape(-1)


def gate_and_up(weight: mx.array, shape: StackShape) -> mx.array:
    """Pack float [2 × inner, hidden], gate then up: a block has the same rows of both."""
    inner, inputs = shape.padded(shape.inner), shape.padded(shape.hidden)
    halves = [
        _padded(half, inner, inputs).reshape(shape.blocks, -1, inputs)
        for half in mx.split(weight, 2)
    ]
    return matrix(mx.concatenate(halves, axis=1).reshape(2 * inner, inputs), shape)


def layer(weights: LayerWeights, shape: StackShape) -> mx.array:
    """Pack the matrices of a layer, in the order of its stages."""
    return mx.concatenate(
        [
            matrix(weights.qkv, shape),
            matrix(weights.out, shape),
            gate_and_up(weights.gate_up, shape),
            matrix(weights.down, shape),
        ]
    )


def layers(stack: StackWeights, shape: StackShape) -> mx.array:
    """Pack all layers, one after another, so that only one is in memory twice."""
    packed: list[mx.array] = []
    for weights in stack.layers:
        packed.append(layer(weights, shape))
        mx.eval(packed[-1])
    return _evaluated(mx.concatenate(packed))


def heads(stack: StackWeights, shape: StackShape) -> mx.array:
    return _evaluated(mx.concatenate([matrix(head, shape) for head in stack.heads]))


def gains(stack: StackWeights, shape: StackShape) -> mx.array:
    """Return the gains of all norms: float, flat, in the layers' dtype; see kernels/stack.cuh."""
    dtype, width = stack.layers[0].qkv.dtype, shape.padded(shape.hidden)
    parts: list[mx.array] = []
    for one in stack.layers:
        parts += [_widened(one.before, width), _widened(one.after, width), one.q_gain, one.k_gain]
    parts.append(_widened(stack.norm, width))
    return _evaluated(mx.concatenate([part.astype(dtype) for part in parts]))


def rotations(positions: int, base: float, shape: StackShape) -> mx.array:
    """Return cos and sin of positions 0 and up: float32 [positions, 2, head_dim / 2]."""
    halves = mx.arange(0, shape.head_dim, 2, dtype=mx.float32)
    frequencies = base ** (-halves / shape.head_dim)
    angle = mx.arange(positions).astype(mx.float32)[:, None] * frequencies
    return _evaluated(mx.stack([mx.cos(angle), mx.sin(angle)], axis=1))


def _padded(weight: mx.array, rows: int, inputs: int) -> mx.array:
    return mx.pad(weight, [(0, rows - weight.shape[0]), (0, inputs - weight.shape[1])])


def _widened(gain: mx.array, width: int) -> mx.array:
    return mx.pad(gain, [(0, width - gain.shape[0])])


def _evaluated(array: mx.array) -> mx.array:
    mx.eval(array)
    return array
