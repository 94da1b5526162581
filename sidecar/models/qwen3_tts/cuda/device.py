"""What the GPU can hold at once, asked of CUDA's driver."""

from __future__ import annotations

import ctypes
import math
from dataclasses import dataclass
from typing import Any

from sidecar.models.qwen3_tts.cuda.weights import Unsuitable

# CUdevice_attribute and CUfunction_attribute of cuda.h.
_MULTIPROCESSORS, _MAJOR, _MINOR, _SHARED_BYTES, _MAX_DYNAMIC_SHARED = 16, 75, 76, 97, 8
# The first with matrix instructions for bfloat16.
_LEAST_CAPABILITY = (8, 0)
_MOST_BLOCKS, _WIDE = 128, 512


@dataclass(frozen=True)
class Device:
    """A GPU.

    Attributes:
        capability: major and minor.
        multiprocessors: each holds at least one block of a kernel.
        shared_bytes: the most shared memory of a block.
    """

    capability: tuple[int, int]
    multiprocessors: int
    shared_bytes: int

    def division(self, hidden: int) -> tuple[int, int]:
        """Return how many blocks, of how many warps, share the work of a stack this wide.

        A narrow stack gets fewer: padding would make most of its work.
        """
        most = min(_MOST_BLOCKS, self.multiprocessors, max(1, hidden // 8))
        return 2 ** int(math.log2(most)), 16 if hidden >= _WIDE else 4

    def check(self) -> None:
        """Check that kernels can be made for this GPU at all.

        Raises:
            Unsuitable
        """
        if self.capability < _LEAST_CAPABILITY:
            major, minor = self.capability
            raise Unsuitable(f"the GPU has compute capability {major}.{minor}, 8.0 is needed")

    def check_resident(
        self, cubin: bytes, name: str, blocks: int, threads: int, shared: int
    ) -> None:
        """Check that all blocks of a kernel are on the GPU at once: they wait for each other.

        Raises:
            Unsuitable: some would have to wait for others to end.
        """
        if shared > self.shared_bytes:
            raise Unsuitable(
                f"a block needs {shared} bytes of shared memory, not {self.shared_bytes}"
            )
        places = _places(cubin, name, threads, shared) * self.multiprocessors
        if places < blocks:
            raise Unsuitable(f"the GPU holds {places} blocks of the {name} at once, not {blocks}")


def current() -> Device:
    """Return the GPU that MLX uses: the first.

    Raises:
        Unsuitable: there is no driver.
    """
    driver = _Driver()
    ask = driver.attribute
    return Device((ask(_MAJOR), ask(_MINOR)), ask(_MULTIPROCESSORS), ask(_SHARED_BYTES))


class _Driver:
    """libcuda, and its first device."""

    def __init__(self) -> None:
        try:
            self._library = ctypes.CDLL("libcuda.so.1")
        except OSError as error:
            raise Unsuitable(f"CUDA's driver was not found: {error}") from error
        self.call("cuInit", 0)
        self.device = ctypes.c_int()
        self.call("cuDeviceGet", ctypes.byref(self.device), 0)

    def call(self, name: str, *arguments: Any) -> None:
        status = self._library[name](*arguments)
        if status != 0:
            raise Unsuitable(f"CUDA's driver refused {name}: error {status}")

    def attribute(self, which: int) -> int:
        value = ctypes.c_int()
        self.call("cuDeviceGetAttribute", ctypes.byref(value), which, self.device)
        return value.value


def _places(cubin: bytes, name: str, threads: int, shared: int) -> int:
    """Return how many blocks of a kernel one multiprocessor holds."""
    driver, context, module = _Driver(), ctypes.c_void_p(), ctypes.c_void_p()
    driver.call("cuDevicePrimaryCtxRetain", ctypes.byref(context), driver.device)
    driver.call("cuCtxPushCurrent_v2", context)
    try:
        driver.call("cuModuleLoadData", ctypes.byref(module), cubin)
        function, places = ctypes.c_void_p(), ctypes.c_int()
        driver.call("cuModuleGetFunction", ctypes.byref(function), module, name.encode())
        driver.call("cuFuncSetAttribute", function, _MAX_DYNAMIC_SHARED, shared)
        driver.call(
            "cuOccupancyMaxActiveBlocksPerMultiprocessor",
            ctypes.byref(places),
            function,
            threads,
            ctypes.c_size_t(shared),
        )
        driver.call("cuModuleUnload", module)
        return places.value
    finally:
        driver.call("cuCtxPopCurrent_v2", ctypes.byref(context))
        driver.call("cuDevicePrimaryCtxRelease_v2", driver.device)
