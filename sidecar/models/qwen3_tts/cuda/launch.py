"""Runs a kernel as one of MLX's operations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import mlx.core as mx

from sidecar.models.qwen3_tts.cuda import compiler
from sidecar.models.qwen3_tts.cuda.device import Device
from sidecar.models.qwen3_tts.cuda.shape import StackShape

# MLX does not type it.
_precompiled: Any = mx.fast.precompiled_cuda_kernel


@dataclass(frozen=True)
class Output:
    """An array that a kernel makes."""

    shape: tuple[int, ...]
    dtype: mx.Dtype


class Launcher(Protocol):
    """Runs one kernel: a GPU's, or the tests' emulation."""

    def __call__(
        self, inputs: Sequence[mx.array], outputs: Sequence[Output], scalars: Sequence[int]
    ) -> list[mx.array]: ...


class GpuLauncher:
    """A kernel in machine code, compiled or read from the cache.

    Raises:
        Unsuitable: it cannot be compiled, or its blocks do not fit on the GPU at once.
    """

    def __init__(self, shape: StackShape, device: Device) -> None:
        self._shape = shape
        self._name = compiler.kernel_name(shape)
        self._cubin = compiler.compiled(shape, device.capability)
        device.check_resident(
            self._cubin, self._name, shape.blocks, shape.threads, shape.shared_bytes
        )

    def __call__(
        self, inputs: Sequence[mx.array], outputs: Sequence[Output], scalars: Sequence[int]
    ) -> list[mx.array]:
        return _precompiled(
            name=self._name,
            compiled_source=self._cubin,
            inputs=list(inputs),
            output_shapes=[output.shape for output in outputs],
            output_dtypes=[output.dtype for output in outputs],
            scalars=list(scalars),
            grid=(self._shape.blocks * self._shape.threads, 1, 1),
            threadgroup=(self._shape.threads, 1, 1),
            shared_memory=self._shape.shared_bytes,
            ensure_row_contiguous=True,
        )


def counter() -> mx.array:
    """Return a zero for a kernel's barrier, uint32.

    It has more elements than it needs: MLX keeps arrays of a few bytes in the host's memory, where
    each look at the counter takes the way over the bus. The barriers then cost more than the rest.
    """
    zeros = mx.zeros((64,), mx.uint32)
    mx.eval(zeros)
    return zeros


class Chain:
    """The order of all launches of a process: each has the scratch of the one before as an input.

    Two kernels whose blocks wait for each other must never run at once: each would hold places on
    the GPU that the other's missing blocks need. MLX runs what is independent at once.
    """

    def __init__(self) -> None:
        self._last: mx.array | None = None

    def run(
        self,
        launcher: Launcher,
        counter: mx.array,
        inputs: Sequence[mx.array],
        outputs: Sequence[Output],
        scalars: Sequence[int],
    ) -> list[mx.array]:
        """Run a kernel after the last one.

        Args:
            counter: uint32, of the kernel's barrier: each kernel has its own.
            outputs: the last is the scratch, and is not returned.
        """
        last = mx.zeros((1,), mx.uint8) if self._last is None else self._last
        *made, self._last = launcher([*inputs, counter, last], outputs, scalars)
        return made

    def wait(self) -> None:
        """Wait until all launches have ended; what they wrote in place can be read then."""
        if self._last is not None:
            mx.eval(self._last)


CHAIN = Chain()
