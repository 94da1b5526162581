"""The device that MLX runs on, and the BLAS under it. Imports MLX; for the engine thread only."""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache

from sidecar.memory import physical_bytes

# A bundle brings its own, in the folder of its interpreter: packaging/libraries.py.
_OPENBLAS = (f"{sys.prefix}/lib/libopenblas.so.0", "libopenblas.so.0", "libopenblas.so")


@cache
def load_openblas() -> str | None:
    """Load OpenBLAS before MLX; return the library's name or path, or None.

    The Linux CPU wheel of MLX brings the reference BLAS: matrix products take twenty times as
    long. Symbols loaded globally before `import mlx` take its place. macOS has Accelerate.
    """
    if not sys.platform.startswith("linux"):
        return None
    for name in _OPENBLAS:
        try:
            library = ctypes.CDLL(name, mode=ctypes.RTLD_GLOBAL)
        except OSError:
            continue
        _leave_a_core(library)
        return name
    return None


def _leave_a_core(library: ctypes.CDLL) -> None:
    """Leave one core to MLX. Idle BLAS threads spin: on two cores a second one cost half as much
    processor time again and made nothing faster, since MLX's thread and the building of its graphs
    need a core."""
    if not {"OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"} & os.environ.keys():
        library.openblas_set_num_threads(max(1, len(os.sched_getaffinity(0)) - 1))


@cache
def prepare() -> None:
    """Import MLX with our settings; call this before anything else imports it, or mlx-audio.

    Raises:
        ImportError: MLX is not installed, or has no backend for this machine.
    """
    load_openblas()
    if sys.platform == "linux":
        _tune_cuda()
    import mlx.core as mx

    if on_cpu():
        # On the CPU, mx.compile runs a C++ compiler during the first requests, and gains nothing.
        mx.disable_compile()


def _tune_cuda() -> None:
    """Set variables that MLX reads when its CUDA backend starts; values of the user stay."""
    # The number of kernels in one graph for the GPU. MLX's hundred (on large GPUs) suits training;
    # here the host is the bottleneck, and it is twice as fast with small graphs.
    os.environ.setdefault("MLX_MAX_OPS_PER_BUFFER", "20")
    # MLX counts the misses of its graph cache without end, and raises an error after "too many":
    # that is fine for a script, but would end a process that lives for days.
    os.environ.setdefault("MLX_ENABLE_CACHE_THRASHING_CHECK", "0")
    # Compiling a kernel takes seconds: keep them in a place that outlives a reboot.
    cache_home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    os.environ.setdefault("MLX_PTX_CACHE_DIR", os.path.join(cache_home, "qwen-tts-sidecar", "ptx"))


@cache
def name() -> str:
    """Return metal, cuda or cpu."""
    import mlx.core as mx

    if mx.default_device() == mx.Device(mx.cpu):
        return "cpu"
    return "metal" if mx.metal.is_available() else "cuda"


def on_cpu() -> bool:
    return name() == "cpu"


def own_memory() -> int | None:
    """Return the bytes of a GPU with its own memory; None if it shares the machine's."""
    import mlx.core as mx

    if name() != "cuda":
        return None
    info = mx.device_info()
    return next((int(info[key]) for key in ("total_memory", "memory_size") if key in info), None)


def memory_bytes() -> int:
    """Return the most that models could take: a GPU's memory, the part of unified memory that Metal
    recommends, or the machine's memory."""
    import mlx.core as mx

    info = mx.device_info()
    on_gpu = {"metal": "max_recommended_working_set_size", "cuda": "total_memory"}
    if on_cpu():
        return physical_bytes()
    return int(info.get(on_gpu[name()], 0)) or mx.get_memory_limit()
