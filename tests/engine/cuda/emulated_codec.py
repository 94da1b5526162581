"""Runs the codec's kernels on the CPU, as `emulated` does the frames'."""

from __future__ import annotations

import ctypes
import math
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import mlx.core as mx
import numpy as np

from sidecar.models.qwen3_tts.codec_chunk import LEAST_LENGTH
from sidecar.models.qwen3_tts.fused import launch

_FOLDER = tempfile.TemporaryDirectory(prefix="emulated-codec-", ignore_cleanup_errors=True)
_EMULATOR = Path(__file__).with_name("emulator.h")
# Each thread is a fiber, so few run; those that work alone need no company.
_BLOCKS = 2
_GUARD, _UNTOUCHED = 4096, np.float32(-1234.5)


class EmulatedLauncher:
    """A `launch.Launcher` on the CPU.

    Args:
        seed: of the order of the threads.
    """

    def __init__(self, seed: int = 1) -> None:
        self._seed = seed
        self.started: list[str] = []

    def __call__(
        self,
        name: str,
        inputs: Sequence[mx.array],
        outputs: Sequence[tuple[int, ...]],
        sizes: tuple[int, ...],
        blocks: int,
        shared_floats: int = 0,
    ) -> list[mx.array]:
        self.started.append(name)
        read = [np.array(mx.contiguous(array), copy=False) for array in inputs]
        assert all(array.size >= LEAST_LENGTH for array in read)
        assert 4 * shared_floats <= 4096
        # As MLX passes them: a bool would be one byte, of which the kernel reads four.
        assert all(type(size) is int for size in sizes)
        guarded = [np.full(math.prod(shape) + 2 * _GUARD, _UNTOUCHED) for shape in outputs]
        made = [all_[_GUARD:-_GUARD] for all_ in guarded]
        pointers = (ctypes.c_void_p * (len(read) + len(made)))(
            *(array.ctypes.data for array in (*read, *made))
        )
        blocks = min(blocks, _BLOCKS)
        numbers = (ctypes.c_int * (len(sizes) + 1))(*sizes, blocks)
        assert _library(name).launch(pointers, numbers, blocks, self._seed)
        for all_ in guarded:  # a GPU ends the process for what was written outside
            assert (all_[:_GUARD] == _UNTOUCHED).all()
            assert (all_[-_GUARD:] == _UNTOUCHED).all()
        return [mx.array(array.reshape(shape)) for array, shape in zip(made, outputs, strict=True)]


@cache
def _library(name: str) -> ctypes.CDLL:
    constants = "constexpr int WARPS = 4, SHARED_BYTES = 4096;\n"
    text = constants + _EMULATOR.read_text("utf-8") + launch.cuda_body(name)
    source = Path(_FOLDER.name) / f"{name}.cpp"
    source.write_text(f"{text}\nEMULATE({name}_cuda)\n", "utf-8")
    library = source.with_suffix(".so")
    command = ["g++", "-O2", "-w", "-std=c++17", "-shared", "-fPIC", str(source), "-o"]
    subprocess.run([*command, str(library)], check=True, timeout=120)
    return ctypes.CDLL(str(library))
