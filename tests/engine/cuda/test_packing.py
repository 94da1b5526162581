"""What a lane of a warp reads is what kernels/product.cuh says it reads."""

from __future__ import annotations

import mlx.core as mx
import numpy as np
import pytest

from sidecar.models.qwen3_tts.cuda import packing
from sidecar.models.qwen3_tts.cuda.shape import StackShape


def shape(is_float32: bool, blocks: int, warps: int) -> StackShape:
    sizes = {"layers": 1, "hidden": 96, "heads": 4, "kv_heads": 2, "head_dim": 32, "inner": 80}
    divided = {"blocks": blocks, "warps": warps}
    return StackShape(**sizes, vocab=100, epsilon=1e-6, is_float32=is_float32, **divided)


@pytest.mark.parametrize(("is_float32", "blocks", "warps"), [(True, 4, 4), (False, 8, 4)])
def test_every_weight_is_where_its_lane_reads_it(is_float32: bool, blocks: int, warps: int) -> None:
    sizes = shape(is_float32, blocks, warps)
    rows, inputs = 200, 96
    weight = np.arange(1, rows * inputs + 1, dtype=np.float32).reshape(rows, inputs)
    packed = np.array(packing.matrix(mx.array(weight), sizes))
    own_rows = sizes.padded(rows) // blocks
    eights, per_chunk = own_rows // 8, sizes.per_chunk
    steps = sizes.padded(inputs) // (warps * 4 * per_chunk)
    chunks = packed.reshape(blocks, warps, steps, eights, 32, per_chunk)
    seen = np.zeros((blocks * own_rows, sizes.padded(inputs)), np.float32)
    for lane in range(32):
        g, t = divmod(lane, 4)
        for block, warp, step, eight in np.ndindex(blocks, warps, steps, eights):
            row = block * own_rows + eight * 8 + g
            first = (warp * steps + step) * 4 * per_chunk + t * per_chunk
            seen[row, first : first + per_chunk] = chunks[block, warp, step, eight, lane]
    assert np.array_equal(seen[:rows, :inputs], weight)
    assert not seen[rows:].any()
    assert not seen[:, inputs:].any()


def test_a_block_has_the_same_rows_of_gate_and_up() -> None:
    sizes = shape(True, 4, 4)
    inner, width = sizes.padded(sizes.inner), sizes.padded(sizes.hidden)
    gate = np.repeat(np.arange(1, sizes.inner + 1, dtype=np.float32)[:, None], sizes.hidden, 1)
    packed = packing.gate_and_up(mx.array(np.concatenate([gate, -gate])), sizes)
    whole = packing.matrix(mx.zeros((2 * inner, width)), sizes)
    assert packed.shape == whole.shape
    blocks = np.array(packed).reshape(4, -1)
    for number, block in enumerate(blocks):
        own = inner // 4
        expected = {float(row) for row in range(number * own + 1, (number + 1) * own + 1)}
        expected = {row for row in expected if row <= sizes.inner}
        assert {float(v) for v in np.unique(block[block > 0])} == expected
        assert {-float(v) for v in np.unique(block[block < 0])} == expected
