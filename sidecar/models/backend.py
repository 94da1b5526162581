"""Which device MLX runs on, and the BLAS under it. Imports MLX; the engine thread's alone."""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache

_OPENBLAS = ("libopenblas.so.0", "libopenblas.so")


@cache
def load_openblas() -> str | None:
    """Loads OpenBLAS ahead of MLX; returns the library's name, or None.

    The Linux CPU wheel of MLX brings the reference BLAS: matrix products take twenty times as
    long. Symbols loaded globally before `import mlx` take its place. macOS has Accelerate.
    """
    if not sys.platform.startswith("linux"):
        return None
    for name in _OPENBLAS:
        try:
            ctypes.CDLL(name, mode=ctypes.RTLD_GLOBAL)
        except OSError:
            continue
        return name
    return None


@cache
def prepare() -> None:
    """Imports MLX the way we want it; call before anything else imports it.

    Raises:
        ImportError: MLX is not installed, or has no backend for this machine.
    """
    load_openblas()
    # MLX's CUDA backend counts the misses of its caches of kernel graphs, for ever, and raises once
    # there are "too many": fine for a script, the end of a process that lives for days.
    os.environ.setdefault("MLX_ENABLE_CACHE_THRASHING_CHECK", "0")
    import mlx.core as mx

    if on_cpu():
        # On the CPU, mx.compile runs a C++ compiler during the first requests, and gains nothing.
        mx.disable_compile()


@cache
def name() -> str:
    """metal, cuda or cpu."""
    import mlx.core as mx

    if mx.default_device() == mx.Device(mx.cpu):
        return "cpu"
    return "metal" if mx.metal.is_available() else "cuda"


def on_cpu() -> bool:
    return name() == "cpu"
