"""When the kernels are used, and what is said when they are not; the GPU is made up."""

from __future__ import annotations

import ctypes
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest
from mlx import nn

from sidecar.engine.failures import as_sidecar_error
from sidecar.models.qwen3_tts.cuda import compiler, device, selection
from sidecar.models.qwen3_tts.cuda.device import Device
from sidecar.models.qwen3_tts.cuda.weights import StackWeights, Unsuitable, stored
from sidecar.models.qwen3_tts.linear import Quantized
from tests.engine.cuda import stacks

H200 = Device((9, 0), 132, 232448)
NEVER = selection.Layered(*[lambda *_: pytest.fail("nothing is to be compared")] * 3)  # type: ignore[arg-type]


def weights() -> StackWeights:
    return stacks.stack(64, 96, 256, 1)


def choose(talker: Any = weights) -> selection.Kernels | None:
    return selection.choose(talker, weights, mx.zeros((512, 64)), NEVER)


def refused(caplog: pytest.LogCaptureFixture) -> str:
    """Return the reason in the log for which no kernels were chosen."""
    with caplog.at_level(logging.WARNING):
        assert choose() is None
    return caplog.messages[-1]


def test_the_environment_turns_them_off(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(selection.SWITCH, "0")
    assert f"{selection.SWITCH} is 0" in refused(caplog)
    assert selection.obstacle() == f"{selection.SWITCH} is 0"


def test_an_old_gpu_is_refused(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(device, "current", lambda: Device((7, 5), 40, 65536))
    assert "compute capability 7.5, 8.0 is needed" in refused(caplog)


def test_blocks_that_do_not_fit_at_once_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "_places", lambda *_: 1)
    H200.check_resident(b"", "talker", 128, 512, 65536)
    with pytest.raises(Unsuitable, match="holds 108 blocks of the talker at once, not 128"):
        Device((8, 0), 108, 166912).check_resident(b"", "talker", 128, 512, 65536)
    with pytest.raises(Unsuitable, match="a block needs 300000 bytes of shared memory, not 232448"):
        H200.check_resident(b"", "talker", 128, 512, 300000)


def test_a_smaller_gpu_and_a_narrower_model_get_fewer_blocks() -> None:
    assert H200.division(1024) == (128, 16)
    assert Device((8, 0), 108, 166912).division(1024) == (64, 16)
    assert H200.division(64) == (8, 4)


@pytest.mark.parametrize("dtype", [mx.float16])
def test_weights_of_another_dtype_are_refused(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, dtype: mx.Dtype
) -> None:
    monkeypatch.setattr(device, "current", lambda: H200)

    assert choose(lambda: stacks.cast(weights(), dtype)) is None
    assert "not for mlx.core.float16" in caplog.messages[-1]


def test_a_checkpoint_with_mixed_weights_is_refused(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """mlx-audio's converter leaves layers whose width is not a multiple of 64 as they are."""
    monkeypatch.setattr(device, "current", lambda: H200)

    def mixed() -> StackWeights:
        return replace(stacks.stack(64, 128, 256, 1, bits=8), heads=weights().heads)

    assert choose(mixed) is None
    assert "some layers are quantised, others are not" in caplog.messages[-1]


@pytest.mark.parametrize(("group", "bits"), [(64, 6), (32, 4)])
def test_other_ways_of_quantising_are_refused(group: int, bits: int) -> None:
    module = nn.QuantizedLinear(64, 64, bias=False, group_size=group, bits=bits)
    with pytest.raises(Unsuitable, match=f"not for {bits} bits in groups of {group} .affine."):
        stored(Quantized([module], is_cuda=False))


def test_kernels_with_wrong_numbers_are_refused(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The check compares them with the layered path; here the GPU computes nothing but zeros."""

    def zeros(_shape: Any, _gpu: Any) -> Any:
        return lambda _inputs, outputs, _scalars: [mx.zeros(o.shape, o.dtype) for o in outputs]

    def talk(x: mx.array, _caches: Any) -> tuple[mx.array, mx.array]:
        return mx.ones_like(x), mx.ones((len(x), 256))

    monkeypatch.setattr(device, "current", lambda: H200)
    monkeypatch.setattr(selection, "GpuLauncher", zeros)
    layered = selection.Layered(talk, NEVER.predict, NEVER.narrow)
    assert selection.choose(weights, weights, mx.zeros((512, 64)), layered) is None
    assert "the talker's output differ by 1 from the layered path's" in caplog.messages[-1]


def test_a_compiled_kernel_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another GPU, or another size, is another kernel; an unwritable folder is no error."""
    built: list[str] = []

    class Nvrtc:
        def nvrtcVersion(self, major: Any, minor: Any) -> None:
            ctypes.cast(major, ctypes.POINTER(ctypes.c_int))[0] = 13

    def build(_library: Any, text: str, options: list[str]) -> bytes:
        built.append(options[0])
        return text.encode()

    monkeypatch.setattr(compiler, "_library", Nvrtc)
    monkeypatch.setattr(compiler, "_compile", build)
    monkeypatch.setenv("MLX_PTX_CACHE_DIR", str(tmp_path / "ptx"))
    shape = selection.shape_of(weights())
    first = compiler.compiled(shape, (9, 0))
    assert compiler.compiled(shape, (9, 0)) == first
    assert built == ["--gpu-architecture=sm_90a"]
    compiler.compiled(shape, (8, 6))
    assert built[1:] == ["--gpu-architecture=sm_86"]
    monkeypatch.setenv("MLX_PTX_CACHE_DIR", "/dev/null/ptx")
    assert compiler.compiled(shape, (9, 0)) == first
    assert len(built) == 3


def test_a_lost_gpu_is_reported_as_that() -> None:
    """After a trap, every call of CUDA fails with the same words."""
    error = RuntimeError("cudaMallocAsync(&data, size, stream) failed: unspecified launch failure")
    advice = as_sidecar_error(error, "generating").advice
    assert advice.startswith("The GPU broke off while generating")
    assert "Restart the sidecar" in advice
    assert f"{selection.SWITCH}=0" in advice
