"""The codec as a stream, on a golden checkpoint's random weights, which hide nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from mlx.utils import tree_flatten

from sidecar.models import catalog, registry
from sidecar.models.qwen3_tts.codec import CodecState
from sidecar.models.qwen3_tts.layers import CausalConv, CausalTransposeConv
from sidecar.models.qwen3_tts.model import Qwen3TTS


@pytest.fixture(scope="module")
def model(golden: Path) -> Qwen3TTS:
    loaded = registry.load(catalog.resolve(str(golden / "custom_voice")), "float32")
    assert isinstance(loaded, Qwen3TTS)
    return loaded


def random_codes(frames: int, seed: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (frames, 16), dtype=np.int32)


CODES = random_codes(90)  # past the window of 72


@pytest.fixture(scope="module")
def whole(model: Qwen3TTS) -> np.ndarray:
    return model.decode(CodecState(), CODES)


def decode(model: Qwen3TTS, codes: np.ndarray, sizes: list[int]) -> np.ndarray:
    state = CodecState()
    parts = np.split(codes, np.cumsum(sizes)[:-1])
    return np.concatenate([model.decode(state, part) for part in parts])


@pytest.mark.parametrize("sizes", [[1] * 75, [1, 2, 72], [73, 2]])
def test_any_chunks_give_the_same_audio_bit_for_bit(
    model: Qwen3TTS, whole: np.ndarray, sizes: list[int]
) -> None:
    assert np.array_equal(decode(model, CODES[:75], sizes), whole[: 75 * 1920])


def test_many_frames_at_once_give_the_same_audio(model: Qwen3TTS, whole: np.ndarray) -> None:
    """The path of the GPU backends: whole chunks, across the border of the window."""
    codec = model._codec
    try:
        codec._frames_per_step = 0
        for sizes in ([90], [12] * 7 + [6], [1, 80, 9]):
            assert np.abs(decode(model, CODES, sizes) - whole).max() < 1e-5
    finally:
        codec._frames_per_step = 1


def state_bytes(state: CodecState) -> int:
    leaves: list[tuple[str, Any]] = tree_flatten(list(state.parts.values()))  # pyright: ignore[reportAssignmentType]
    return sum(leaf.nbytes for _, leaf in leaves if isinstance(leaf, mx.array))


def test_the_state_does_not_grow_with_the_audio(model: Qwen3TTS) -> None:
    state = CodecState()
    sizes: list[int] = []
    for _ in range(3):
        model.decode(state, CODES[:72])
        sizes.append(state_bytes(state))
    assert len(set(sizes)) == 1
    assert sizes[0] < 1_000_000


def test_interleaved_streams_do_not_touch_each_other(model: Qwen3TTS, whole: np.ndarray) -> None:
    one, two = CODES[:12], random_codes(12, seed=6)
    states = CodecState(), CodecState()
    parts: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    for i in range(0, 12, 4):
        for codes, state, part in zip((one, two), states, parts, strict=True):
            part.append(model.decode(state, codes[i : i + 4]))
    assert np.array_equal(np.concatenate(parts[0]), whole[: 12 * 1920])
    assert np.array_equal(np.concatenate(parts[1]), decode(model, two, [12]))


@pytest.mark.parametrize(
    ("groups", "kernel", "dilation"), [(1, 7, 3), (1, 1, 1), (6, 5, 1), (2, 3, 2)]
)
def test_convolutions_as_products_equal_mlx(groups: int, kernel: int, dilation: int) -> None:
    mx.random.seed(1)
    conv = mx_conv(6, 6 if groups == 6 else 12, kernel, dilation, groups)
    x = mx.random.normal((1, 9, 6))
    step = CausalConv(conv)
    whole, _ = step(x, None)
    first, state = step(x[:, :4], None)
    second, _ = step(x[:, 4:], state)
    padded = mx.pad(x, [(0, 0), ((kernel - 1) * dilation, 0), (0, 0)])
    assert np.allclose(whole, conv(padded), atol=1e-5)
    assert np.allclose(step._conv(padded), whole, atol=1e-5)  # what the GPU backends take
    assert np.allclose(mx.concatenate([first, second], axis=1), whole, atol=1e-5)


def mx_conv(inputs: int, outputs: int, kernel: int, dilation: int, groups: int) -> Any:
    from mlx import nn

    return nn.Conv1d(inputs, outputs, kernel, dilation=dilation, groups=groups)


@pytest.mark.parametrize(("kernel", "stride"), [(4, 4), (8, 4), (9, 3)])
def test_transposed_convolutions_as_products_equal_mlx(kernel: int, stride: int) -> None:
    from mlx import nn

    mx.random.seed(2)
    conv = nn.ConvTranspose1d(5, 3, kernel, stride=stride)
    x = mx.random.normal((1, 7, 5))
    step = CausalTransposeConv(conv)
    first, state = step(x[:, :3], None)
    second, _ = step(x[:, 3:], state)
    assert np.allclose(mx.concatenate([first, second], axis=1), conv(x)[:, : 7 * stride], atol=1e-5)
