"""The codec's kernels compute what its separate operations do.

Their sources run in the emulator, and on a GPU where there is one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import mlx.core as mx
import numpy as np
import pytest

from sidecar.models.qwen3_tts.backend import CPU, CUDA, METAL, CodecKernels
from sidecar.models.qwen3_tts.codec import Codec
from sidecar.models.qwen3_tts.fused import selection
from sidecar.models.qwen3_tts.fused.launch import CudaLauncher, Launcher
from tests.engine.cuda import emulated
from tests.engine.cuda.emulated_codec import EmulatedLauncher
from tests.support import graphs
from tests.support.gpu import needs_cuda
from tests.support.small_codec import BOOK_SIZE, BOOKS, small


def on_kernels(launcher: Callable[[], Launcher], by_windows: bool) -> Codec:
    kernels = CodecKernels(launcher, by_windows)
    # MLX's own convolutions take long on a CPU, so the path to compare with has the CPU's.
    like_cpu = {"conv": CPU.conv, "sin2pi": CPU.sin2pi, "layer_norm": CPU.layer_norm}
    return small(replace(METAL, erf=CPU.erf, codec_kernels=kernels, **like_cpu))


LAUNCHERS = [
    pytest.param(EmulatedLauncher, marks=emulated.needs_emulator, id="emulated"),
    pytest.param(CudaLauncher, marks=needs_cuda, id="gpu"),
]


@pytest.mark.parametrize("launcher", LAUNCHERS)
@pytest.mark.parametrize(
    "by_windows",
    [
        pytest.param(True, id="products", marks=pytest.mark.hosts),  # the emulator takes long
        pytest.param(False, id="convolutions"),
    ],
)
def test_rows_of_any_length_sound_as_they_do_on_separate_operations(
    launcher: Callable[[], Launcher], by_windows: bool
) -> None:
    """Past the attention's window, with rows that join, are padded, and come in another order."""
    ours, expected = on_kernels(launcher, by_windows), small(CPU)
    assert ours.has_kernels
    numbers = np.random.default_rng(3)
    states = [(ours.open(), expected.open()) for _ in range(3)]
    for sizes in ({0: 1}, {0: 4, 1: 2}, {1: 3, 2: 1}, {0: 3, 1: 4, 2: 4}, {2: 1, 0: 2}):
        codes = [numbers.integers(0, BOOK_SIZE, (n, BOOKS), np.uint32) for n in sizes.values()]
        made = ours.decode([states[row][0] for row in sizes], codes)
        known = expected.decode([states[row][1] for row in sizes], codes)
        for one, other in zip(made, known, strict=True):
            # A GPU multiplies in TensorFloat-32, in another order on each path.
            within = 1e-4 if launcher is EmulatedLauncher else 2e-2
            assert np.abs(np.array(one) - np.array(other)).max() < within
            assert np.abs(np.array(other)).max() > 1e-2


def raises() -> Launcher:
    raise RuntimeError("No such GPU.")


class Wrong(graphs.StandIn):
    """A launcher whose kernels compute nothing."""


@pytest.mark.parametrize("launcher", [raises, Wrong])
def test_kernels_that_fail_or_are_wrong_are_not_used(
    launcher: Callable[[], Launcher], caplog: pytest.LogCaptureFixture
) -> None:
    codec = on_kernels(launcher, by_windows=True)
    assert not codec.has_kernels
    assert "the codec takes many kernels instead of few" in caplog.text


def test_a_variable_turns_the_kernels_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(selection.SWITCH, "0")
    assert not on_kernels(EmulatedLauncher, by_windows=True).has_kernels


def test_a_chunk_of_a_known_shape_is_not_built_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """What differs from chunk to chunk is an input of the graph: codes, pasts, and lengths."""
    monkeypatch.setattr(selection, "_compare", lambda *_: None)
    built: list[str] = []

    class Counting(graphs.StandIn):
        def __call__(self, name: str, *arguments: Any, **named: Any) -> list[mx.array]:
            built.append(name)
            return super().__call__(name, *arguments, **named)

    kernels = CodecKernels(Counting, by_windows=True)
    codec = small(replace(CUDA, codec_beside=False, codec_kernels=kernels))
    states = [codec.open(), codec.open()]
    with graphs.unevaluated(monkeypatch):
        for counts, is_known in (((4, 4), False), ((4, 2), True), ((3, 3), False), ((1, 4), True)):
            built.clear()
            codec.decode(states, [np.ones((count, BOOKS), np.uint32) for count in counts])
            assert bool(built) is not is_known, counts
    assert [state.seen for state in states] == [12, 13]
