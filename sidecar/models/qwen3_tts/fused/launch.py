"""Runs the codec's kernels: with NVRTC and the driver on CUDA, as MLX's Metal kernels on a Mac."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import mlx.core as mx

from sidecar.models.qwen3_tts.codec_chunk import integers
from sidecar.models.qwen3_tts.cuda import compiler, device

THREADS = 128
_SOURCES = Path(__file__).parent / "kernels"
_MOST_BLOCKS = 1 << 16


@dataclass(frozen=True)
class Kernel:
    """A function of codec.h: the names of its arrays, and how many sizes it takes.

    Attributes:
        in_blocks: its threads work together in blocks, and it needs shared memory.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    sizes: int
    in_blocks: bool = False

    @staticmethod
    def type_of(name: str) -> str:
        return "int" if name == "lengths" else "float"


_VALUES = ("x", "added", "bias", "alpha", "inverse_beta")
KERNELS: Mapping[str, Kernel] = {
    "codec_activate": Kernel(_VALUES, ("y",), 3),
    "codec_join": Kernel((*_VALUES, "past", "lengths"), ("sum", "windows", "kept"), 12),
    "codec_depthwise": Kernel(("x", "taps", "bias", "past", "lengths"), ("y", "kept"), 5),
    "codec_overlap": Kernel(("parts", "bias", "past", "lengths"), ("y", "kept"), 5),
    "codec_attend": Kernel(
        ("qkv", "past", "cosines", "sines", "lengths"), ("attended", "kept"), 6, in_blocks=True
    ),
}


class Launcher(Protocol):
    """Runs a kernel as one of MLX's operations."""

    def __call__(
        self,
        name: str,
        inputs: Sequence[mx.array],
        outputs: Sequence[tuple[int, ...]],
        sizes: tuple[int, ...],
        blocks: int,
        shared_floats: int = 0,
    ) -> list[mx.array]:
        """Start a kernel.

        Args:
            inputs: row-contiguous, of `LEAST_LENGTH` values or more.
            outputs: the shapes of float32 arrays.
            sizes: n of codec.h; each a true int, since MLX passes a bool as one byte, of which a
                kernel would read four.
            blocks: how many blocks of `THREADS` threads have work.
        """
        ...


def wrapper(name: str) -> str:
    """Return a CUDA kernel that calls the function `name` of codec.h; its last scalar is the
    number of blocks."""
    kernel = KERNELS[name]
    parameters = [f"const {kernel.type_of(array)}* {array}" for array in kernel.inputs]
    parameters += [f"float* {array}" for array in kernel.outputs]
    parameters += [f"int n{index}" for index in range(kernel.sizes)] + ["int blocks"]
    sizes = ", ".join(f"n{index}" for index in range(kernel.sizes))
    arguments = ", ".join([*kernel.inputs, *kernel.outputs, "n"])
    threads = "blockIdx.x * THREADS + threadIdx.x, blocks * THREADS"
    memory = ""
    if kernel.in_blocks:
        memory = "DYNAMIC_SHARED_MEMORY(memory);"
        threads = "blockIdx.x, blocks, threadIdx.x, (float*)memory"
    return (
        f"KERNEL(THREADS) {name}_cuda({', '.join(parameters)}) {{\n"
        f"  {memory} const int n[] = {{{sizes}}};\n  {name}({arguments}, {threads});\n}}\n"
    )


def cuda_body(name: str) -> str:
    """Return a kernel's CUDA C++ without what is special to a GPU (device.cuh)."""
    return _read("cuda.h") + _read("codec.h") + wrapper(name)


class CudaLauncher:
    """Kernels in machine code.

    Raises:
        Unsuitable: there is no driver, no compiler, or the GPU is too old.
    """

    def __init__(self) -> None:
        gpu = device.current()
        gpu.check()
        self._cubins = {
            name: compiler.machine_code(compiler.for_gpu(cuda_body(name)), gpu.capability)
            for name in KERNELS
        }
        # MLX does not type it.
        self._run: Any = mx.fast.precompiled_cuda_kernel

    def __call__(
        self,
        name: str,
        inputs: Sequence[mx.array],
        outputs: Sequence[tuple[int, ...]],
        sizes: tuple[int, ...],
        blocks: int,
        shared_floats: int = 0,
    ) -> list[mx.array]:
        blocks = min(blocks, _MOST_BLOCKS)
        return self._run(
            name=f"{name}_cuda",
            compiled_source=self._cubins[name],
            inputs=inputs,
            output_shapes=outputs,
            output_dtypes=[mx.float32] * len(outputs),
            # A Python bool would be passed as one byte, and the kernel reads four.
            scalars=[int(size) for size in (*sizes, blocks)],
            grid=(blocks * THREADS, 1, 1),
            threadgroup=(THREADS, 1, 1),
            shared_memory=4 * shared_floats,
            ensure_row_contiguous=True,
        )


class MetalLauncher:
    """Kernels that MLX compiles when they are first used."""

    # A head, and the weights of the window.
    MOST_SHARED_FLOATS = 512

    def __init__(self) -> None:
        header = _read("metal.h") + _read("codec.h")
        self._kernels: dict[str, Any] = {
            name: mx.fast.metal_kernel(
                name=f"{name}_metal",
                input_names=[*kernel.inputs, "n"],
                output_names=list(kernel.outputs),
                source=self._body(name),
                header=header,
            )
            for name, kernel in KERNELS.items()
        }

    def _body(self, name: str) -> str:
        kernel = KERNELS[name]
        arguments = ", ".join([*kernel.inputs, *kernel.outputs, "n"])
        if not kernel.in_blocks:
            return f"{name}({arguments}, thread_position_in_grid.x, threads_per_grid.x);"
        return (
            f"threadgroup float memory[{self.MOST_SHARED_FLOATS}];\n"
            f"{name}({arguments}, threadgroup_position_in_grid.x, threadgroups_per_grid.x, "
            "thread_position_in_threadgroup.x, memory);"
        )

    def __call__(
        self,
        name: str,
        inputs: Sequence[mx.array],
        outputs: Sequence[tuple[int, ...]],
        sizes: tuple[int, ...],
        blocks: int,
        shared_floats: int = 0,
    ) -> list[mx.array]:
        return self._kernels[name](
            inputs=[*inputs, integers(sizes)],
            output_shapes=list(outputs),
            output_dtypes=[mx.float32] * len(outputs),
            grid=(min(blocks, _MOST_BLOCKS) * THREADS, 1, 1),
            threadgroup=(THREADS, 1, 1),
        )


def _read(name: str) -> str:
    return (_SOURCES / name).read_text("utf-8")
