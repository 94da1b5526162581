"""Runs the CUDA kernels' own sources on the CPU: g++ compiles them with emulator.h in device.cuh's
place."""

from __future__ import annotations

import ctypes
import hashlib
import platform
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest

from sidecar.models.qwen3_tts.backend import CPU, METAL, Backend
from sidecar.models.qwen3_tts.cuda import compiler, selection
from sidecar.models.qwen3_tts.cuda.launch import Launcher, Output
from sidecar.models.qwen3_tts.cuda.shape import StackShape
from sidecar.models.qwen3_tts.cuda.weights import StackWeights

_FOLDER = tempfile.TemporaryDirectory(prefix="emulated-", ignore_cleanup_errors=True)
_EMULATOR = Path(__file__).with_name("emulator.h")

needs_emulator = pytest.mark.skipif(
    (platform.machine(), platform.system()) != ("x86_64", "Linux"),
    reason="the emulator of the kernels switches stacks as x86-64 Linux does",
)


class EmulatedLauncher:
    """A `Launcher` on the CPU.

    Args:
        blocks: how many run; fewer than the shape's leave the others waiting.
    """

    def __init__(self, shape: StackShape, seed: int = 1, blocks: int | None = None) -> None:
        self._library = ctypes.CDLL(str(_library(shape)))
        self._seed = seed
        self._blocks = blocks or shape.blocks

    def __call__(
        self, inputs: Sequence[mx.array], outputs: Sequence[Output], scalars: Sequence[int]
    ) -> list[mx.array]:
        mx.eval(*inputs)
        read = [_memory(array) for array in inputs]
        made = [_empty(output) for output in outputs]
        pointers = (ctypes.c_void_p * (len(read) + len(made)))(
            *(array.ctypes.data for array in (*read, *made))
        )
        numbers = (ctypes.c_int * len(scalars))(*scalars)
        if not self._library.launch(pointers, numbers, self._blocks, self._seed):
            raise RuntimeError("a thread of the kernel gave up waiting")
        return [_array(data, output) for data, output in zip(made, outputs, strict=True)]


def place(shape: StackShape, seed: int = 1) -> tuple[StackShape, Launcher]:
    """Divide a shape's work among few blocks, and return what runs it."""
    shape = divided(shape)
    return shape, EmulatedLauncher(shape, seed)


def divided(shape: StackShape) -> StackShape:
    return replace(shape, blocks=8, warps=4)


def backend(seed: int = 1) -> Backend:
    """Return the GPUs' arrangement, whose frames the emulated kernels compute."""

    def choose(talker: Any, predictor: Any, table: mx.array, layered: Any) -> selection.Kernels:
        kernels = build(talker(), predictor(), table, seed)
        selection.check(kernels, layered)
        return kernels

    # MLX's own convolutions take long on a CPU.
    arranged = {"conv": CPU.conv, "layer_norm": CPU.layer_norm, "erf": CPU.erf}
    arranged["codec_kernels"] = None
    return replace(METAL, frame_kernels=choose, sin2pi=CPU.sin2pi, **arranged)


def build(
    talker: StackWeights, predictor: StackWeights, table: mx.array, seed: int = 1
) -> selection.Kernels:
    return selection.build(talker, predictor, table, lambda shape: place(shape, seed))


@cache
def _library(shape: StackShape) -> Path:
    parts = [shape.constants(), _EMULATOR.read_text("utf-8"), compiler.body(shape)]
    text = "".join(parts) + f"\nEMULATE({compiler.kernel_name(shape)})\n"
    name = hashlib.sha256(text.encode()).hexdigest()[:16]
    folder = Path(_FOLDER.name)
    source = folder / f"{name}.cpp"
    source.write_text(text, "utf-8")
    library = folder / f"{name}.so"
    command = [
        "g++",
        "-O1",
        "-w",
        "-std=c++17",
        "-shared",
        "-fPIC",
        str(source),
        "-o",
        str(library),
    ]
    subprocess.run(command, check=True, timeout=120)
    return library


def _memory(array: mx.array) -> np.ndarray:
    """Return the array's own memory, in which a kernel may write."""
    seen = array.view(mx.uint16) if array.dtype == mx.bfloat16 else array
    return np.array(seen, copy=False)


def _empty(output: Output) -> np.ndarray:
    dtype = {
        mx.bfloat16: np.uint16,
        mx.float32: np.float32,
        mx.uint32: np.uint32,
        mx.uint8: np.uint8,
    }
    # Memory as a GPU gives it: aligned, with something in it.
    size = int(np.prod(output.shape)) * np.dtype(dtype[output.dtype]).itemsize
    raw = np.full(size + 64, 0xA5, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + size].view(dtype[output.dtype]).reshape(output.shape)


def _array(data: np.ndarray, output: Output) -> mx.array:
    array = mx.array(data)
    return array.view(mx.bfloat16) if output.dtype == mx.bfloat16 else array
