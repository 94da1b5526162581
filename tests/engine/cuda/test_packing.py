"""What a lane of a warp reads is what kernels/weights.cuh says it reads."""

from __future__ import annotations

from dataclasses import replace

import mlx.core as mx
import numpy as np
import pytest

from sidecar.models.qwen3_tts.cuda import packing, selection
from sidecar.models.qwen3_tts.cuda.shape import StackShape
from sidecar.models.qwen3_tts.cuda.weights import Stored
from tests.engine.cuda import stacks
from tests.engine.cuda.emulated import divided

BLOCKS, WARPS = 8, 4


def packed(bits: int) -> tuple[Stored, StackShape, packing.Weights]:
    """Return the first layer's matrix of gate and up, its stack's shape, and the packed stack."""
    stack = stacks.stack(128, 192, 320, 1, bits=bits)
    shape = divided(selection.shape_of(stack))
    return stack.layers[0].gate_up, shape, packing.weights(stack, shape)


def before(shape: StackShape) -> tuple[int, int]:
    """Return how many rows · inputs, unpadded and padded, precede gate and up in a layer."""
    hidden, attended = shape.hidden, shape.attended
    plain = shape.qkv * hidden + hidden * attended
    inputs = shape.inputs(hidden), shape.inputs(attended)
    return plain, shape.rows(shape.qkv) * inputs[0] + shape.rows(hidden) * inputs[1]


@pytest.mark.parametrize("bits", [0, 4, 8])
def test_a_layer_is_stored_row_by_row(bits: int) -> None:
    matrix, shape, weights = packed(bits)
    (stored, *_), each = matrix.parts, 32 // bits if bits else 1
    start, rows = before(shape)[1] // each, shape.rows(shape.inner)
    flat = np.array(weights.layers[0])[start : start + 2 * rows * shape.inputs(128) // each]
    halves = flat.reshape(2, rows, -1)
    expected = np.array(stored).reshape(2, shape.inner, -1)
    assert np.array_equal(halves[:, : shape.inner, : expected.shape[2]], expected)
    assert not halves[:, shape.inner :].any()
    assert not halves[:, :, expected.shape[2] :].any()


@pytest.mark.parametrize("bits", [4, 8])
def test_a_step_has_the_scales_of_its_rows(bits: int) -> None:
    """A block has rows of gate, then the same rows of up."""
    matrix, shape, weights = packed(bits)
    groups, own = shape.inputs(128) // 64, shape.rows(shape.inner) // BLOCKS
    start = before(shape)[1] // 64 * 2
    flat = np.array(weights.scales)[start : start + 2 * own * BLOCKS * groups * 2]
    seen = flat.reshape(BLOCKS, WARPS, groups // WARPS, 2, own // 8, 8, 2)
    _, scales, biases = (np.array(part) for part in matrix.parts)
    for block, warp, step, half, eight, row in np.ndindex(*seen.shape[:-1]):
        at, group = block * own + eight * 8 + row, warp * (groups // WARPS) + step
        is_real = at < shape.inner and group < 2
        at += half * shape.inner
        expected = (scales[at, group], biases[at, group]) if is_real else (0, 0)
        assert tuple(seen[block, warp, step, half, eight, row]) == expected


@pytest.mark.parametrize("bits", [0, 4, 8])
def test_no_weight_is_in_memory_twice(bits: int) -> None:
    """At widths that need no padding, as those of the published models."""
    stack = stacks.stack(256, 256, 256, 1, bits=bits)
    layers = [[np.array(part) for part in matrix.parts] for matrix in stack.matrices]
    held = mx.get_active_memory()
    weights = packing.weights(stack, replace(selection.shape_of(stack), blocks=8, warps=2))
    copied = weights.scales.nbytes + weights.head_scales.nbytes
    assert mx.get_active_memory() - held < copied + 65536  # an array takes whole pages
    for matrix, parts in zip(stack.matrices, layers, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(matrix.parts, parts, strict=True))
