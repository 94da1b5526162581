"""The codec as a stream, on a golden checkpoint's random weights, which would show any error."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest

from sidecar.models import catalog
from sidecar.models.qwen3_tts.backend import CPU, METAL, Backend
from sidecar.models.qwen3_tts.codec import Codec
from sidecar.models.qwen3_tts.codec_layers import CausalConv, CausalTransposeConv
from sidecar.models.qwen3_tts.codec_state import CodecState
from sidecar.models.qwen3_tts.model import Qwen3TTS


def loaded(golden: Path, backend: Backend) -> Codec:
    checkpoint = catalog.resolve(str(golden / "custom_voice"))
    return Qwen3TTS.load(checkpoint, "float32", backend=backend)._codec


@pytest.fixture(scope="module")
def codec(golden: Path) -> Codec:
    return loaded(golden, CPU)


def random_codes(frames: int, seed: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (frames, 16), dtype=np.int32)


CODES = random_codes(90)  # past the window of 72


def decode(codec: Codec, codes: np.ndarray, sizes: list[int]) -> np.ndarray:
    return together(codec, [codes], [[size] for size in sizes])[0]


def together(codec: Codec, rows: list[np.ndarray], rounds: list[list[int]]) -> list[np.ndarray]:
    """Decode streams together; each round has a number of frames for each stream (0: none)."""
    states = [codec.open() for _ in rows]
    at = [0] * len(rows)
    audio: list[list[np.ndarray]] = [[] for _ in rows]
    for sizes in rounds:
        present = [row for row, size in enumerate(sizes) if size]
        parts = [mx.array(rows[row][at[row] : at[row] + sizes[row]]) for row in present]
        for row, samples in zip(
            present, codec.decode([states[row] for row in present], parts), strict=True
        ):
            audio[row].append(np.array(samples))
            at[row] += sizes[row]
    return [np.concatenate(parts) for parts in audio]


@pytest.fixture(scope="module")
def whole(codec: Codec) -> np.ndarray:
    return decode(codec, CODES, [90])


@pytest.mark.parametrize("sizes", [[1] * 75, [1, 2, 72], [73, 2]])
def test_any_chunks_give_the_same_audio_bit_for_bit(
    codec: Codec, whole: np.ndarray, sizes: list[int]
) -> None:
    assert np.array_equal(decode(codec, CODES[:75], sizes), whole[: 75 * 1920])


def test_neighbours_that_come_and_go_change_no_bit(codec: Codec, whole: np.ndarray) -> None:
    rows = [CODES[:12], random_codes(9, seed=6), random_codes(5, seed=7)]
    rounds = [[1, 0, 0], [4, 2, 0], [0, 3, 1], [3, 4, 4], [4, 0, 0]]
    audio = together(codec, rows, rounds)
    assert np.array_equal(audio[0], whole[: 12 * 1920])
    for row in (1, 2):
        assert np.array_equal(audio[row], decode(codec, rows[row], [len(rows[row])]))


def test_many_frames_at_once_give_the_same_audio(
    golden: Path, codec: Codec, whole: np.ndarray
) -> None:
    """GPU backends decode so: whole chunks, padded, across the border of the window."""
    rows = [CODES, random_codes(40, seed=6)]
    alone = [whole, decode(codec, rows[1], [40])]
    codec = loaded(golden, replace(CPU, codec_frames=METAL.codec_frames))
    assert np.abs(decode(codec, CODES, [1, 80, 9]) - whole).max() < 1e-5
    for row, audio in enumerate(together(codec, rows, [[3, 0], [12, 5], [70, 28], [5, 7]])):
        assert np.abs(audio - alone[row]).max() < 1e-5


def state_bytes(state: CodecState) -> int:
    slots = [slot for part in state.memories for slot in part]
    return sum(slot.array[slot.row].nbytes for slot in slots)


def test_the_state_does_not_grow_with_the_audio(codec: Codec) -> None:
    state = codec.open()
    sizes = {state_bytes(state)}
    for _ in range(2):
        mx.eval(codec.decode([state], [mx.array(CODES[:72])]))
        sizes.add(state_bytes(state))
    assert len(sizes) == 1
    assert sizes.pop() < 1_000_000


@pytest.mark.parametrize(
    ("groups", "kernel", "dilation"), [(1, 7, 3), (1, 1, 1), (6, 5, 1), (2, 3, 2)]
)
def test_convolutions_as_products_equal_mlx(groups: int, kernel: int, dilation: int) -> None:
    mx.random.seed(1)
    conv = mx_conv(6, 6 if groups == 6 else 12, kernel, dilation, groups)
    x = mx.random.normal((2, 9, 6))
    whole, parts = run(CausalConv(conv, CPU), x, cut=4)
    padded = mx.pad(x, [(0, 0), ((kernel - 1) * dilation, 0), (0, 0)])
    assert np.allclose(whole, conv(padded), atol=1e-5)
    assert np.allclose(run(CausalConv(conv, METAL), x, cut=4)[0], whole, atol=1e-5)
    assert np.allclose(parts, whole, atol=1e-5)


def run(step: Any, x: mx.array, cut: int) -> tuple[mx.array, mx.array]:
    """Return a part's output for `x` at once, and in two pieces."""
    start = [mx.repeat(array, x.shape[0], axis=0) for array in step.start]
    whole, _ = step(x, start, [0, 0])
    first, memories = step(x[:, :cut], start, [0, 0])
    past = [memory.array[:, memory.array.shape[1] - memory.keep :] for memory in memories]
    second, _ = step(x[:, cut:], past, [0, 0])
    return whole, mx.concatenate([first, second], axis=1)


def mx_conv(inputs: int, outputs: int, kernel: int, dilation: int, groups: int) -> Any:
    from mlx import nn

    return nn.Conv1d(inputs, outputs, kernel, dilation=dilation, groups=groups)


@pytest.mark.parametrize("backend", [CPU, METAL], ids=["cpu", "gpu"])
@pytest.mark.parametrize(("kernel", "stride"), [(4, 4), (8, 4), (9, 3)])
def test_transposed_convolutions_as_products_equal_mlx(
    kernel: int, stride: int, backend: Backend
) -> None:
    from mlx import nn

    mx.random.seed(2)
    conv = nn.ConvTranspose1d(5, 3, kernel, stride=stride)
    x = mx.random.normal((2, 7, 5))
    whole, parts = run(CausalTransposeConv(conv, backend), x, cut=3)
    assert np.allclose(whole, conv(x)[:, : 7 * stride], atol=1e-5)
    assert np.allclose(parts, whole, atol=1e-5)


def after_hearing(codec: Codec, heard: np.ndarray, piece: int) -> np.ndarray:
    """Return the audio of some frames after others that were only heard, `piece` at a time."""
    state = codec.open()
    for start in range(0, len(heard), piece):
        rest = max(0, len(heard) - start - piece)
        codec.hear(state, mx.array(heard[start : start + piece]), following=rest)
    return np.array(codec.decode([state], [mx.array(CODES[:3])])[0])


@pytest.mark.parametrize("piece", [3, 16])
def test_speech_after_frames_that_were_heard_is_as_after_their_audio(
    codec: Codec, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    """All that is left out is what no later frame depends on, and no less can be left in."""
    heard = random_codes(20, seed=6)
    audio = after_hearing(codec, heard, piece)
    expected = decode(codec, np.concatenate([heard, CODES[:3]]), [20, 3])[-len(audio) :]
    assert np.abs(audio - expected).max() < 1e-5
    reach = codec._reach
    assert 0 < reach < len(heard) - 1
    for frames, same in ((len(heard), True), (reach + 1, True), (reach - 1, False)):
        monkeypatch.setattr(codec, "_reach", frames)
        assert np.array_equal(after_hearing(codec, heard, piece), audio) == same
