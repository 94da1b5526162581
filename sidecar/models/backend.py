"""The device that MLX runs on, and the BLAS under it. Imports MLX; for the engine thread only."""

from __future__ import annotations

import ctypes
import os
import re
import sys
from functools import cache

from sidecar.memory import check_address_space, physical_bytes

# Of buffers that MLX has freed and keeps.
_MOST_CACHED_BYTES = 4 << 30
# A bundle brings its own, in the folder of its interpreter: packaging/libraries.py.
_OPENBLAS = (f"{sys.prefix}/lib/libopenblas.so.0", "libopenblas.so.0", "libopenblas.so")


# The size of a buffer of OpenBLAS; what claiming it may take besides; and the rows of a product
# that is divided among all threads.
_BUFFER_BYTES, _SPARE_BYTES, _ROWS = 2**27 + 2**12, 2**25, 512


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
def claim_buffers() -> None:
    """Have OpenBLAS take the buffers that its products work in, for good.

    Each of its threads takes one of 128 MiB of address space when it first needs it, and if there
    is none, tries again for ever (blas_memory_alloc in its memory.c): the engine would hang.

    Raises:
        MemoryError: there is not as much.
    """
    if (library := load_openblas()) is None or not on_cpu():
        return
    import mlx.core as mx

    threads = int(ctypes.CDLL(library).openblas_get_num_threads())
    check_address_space(threads * _BUFFER_BYTES + _SPARE_BYTES)
    mx.eval(mx.ones((_ROWS, _ROWS)) @ mx.ones((_ROWS, _ROWS)))  # large enough for all threads


@cache
def prepare() -> None:
    """Import MLX with our settings; call this before anything else imports it, or mlx-audio.

    Raises:
        ImportError: MLX is not installed, or has no backend for this machine.
    """
    load_openblas()
    # One text at a time needs no threads. With them, the package of the text tokenizer writes a
    # warning to stderr in each process that is started later.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    if sys.platform == "linux":
        _tune_cuda()
    elif sys.platform == "darwin":
        _tune_metal()
    import mlx.core as mx

    if on_cpu():
        # On the CPU, mx.compile runs a C++ compiler during the first requests, and gains nothing.
        mx.disable_compile()
    else:
        # MLX keeps freed buffers, up to nearly all of the memory; streams that come and go have
        # ever new sizes. On an H200 they were 20 GB within half a minute. 4 GB were as fast,
        # and 1 GB a sixth slower.
        mx.set_cache_limit(min(_MOST_CACHED_BYTES, memory_bytes() // 8))


def _tune_cuda() -> None:
    """Set variables that MLX reads when its CUDA backend starts; values of the user stay."""
    # The number of kernels in one graph for the GPU. MLX's hundred (on large GPUs) suits training;
    # here the host is the bottleneck, and it is twice as fast with small graphs.
    os.environ.setdefault("MLX_MAX_OPS_PER_BUFFER", "20")
    # MLX counts the misses of its graph cache without end, and raises an error after "too many":
    # that is fine for a script, but would end a process that lives for days.
    os.environ.setdefault("MLX_ENABLE_CACHE_THRASHING_CHECK", "0")
    # MLX keeps cuDNN's plans for so many shapes of convolutions; a voice's analysis and the codec
    # have more than the usual 128, and a plan takes many milliseconds.
    os.environ.setdefault("MLX_CUDA_CONV_CACHE_SIZE", "1024")
    # Compiling a kernel takes seconds: keep them in a place that outlives a reboot.
    cache_home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    os.environ.setdefault("MLX_PTX_CACHE_DIR", os.path.join(cache_home, "qwen-tts-sidecar", "ptx"))


def _tune_metal() -> None:
    """Set variables that MLX reads when its Metal backend starts; values of the user stay.

    MLX hands a command buffer to the GPU after 20 to 50 operations or 40 to 50 MB of input, and
    each costs the GPU some 20 µs. A frame has 1,700 operations. Longer buffers were measured to
    save 5 to 13 % on models of so many, on M1 to M4 (mlx #4521, mlxcel #353); on an M5 the same
    made them slower. Nothing of it has been measured with this model.
    """
    if re.match(r"Apple M[1-4]\b", processor()):
        os.environ.setdefault("MLX_MAX_OPS_PER_BUFFER", "1000")
        os.environ.setdefault("MLX_MAX_MB_PER_BUFFER", "400")


def processor() -> str:
    """Return the name of a Mac's processor; nothing on another machine."""
    if sys.platform != "darwin":
        return ""
    name, size = ctypes.create_string_buffer(128), ctypes.c_size_t(128)
    ask = ctypes.CDLL(None).sysctlbyname  # a process of `sysctl` would take longer
    ask(b"machdep.cpu.brand_string", name, ctypes.byref(size), None, ctypes.c_size_t(0))
    return name.value.decode("utf-8", "replace")


@cache
def name() -> str:
    """Return metal, cuda or cpu."""
    import mlx.core as mx

    if mx.default_device() == mx.Device(mx.cpu):
        return "cpu"
    return "metal" if mx.metal.is_available() else "cuda"


def describe() -> dict[str, str]:
    """Return MLX's backend, and the device's name as MLX gives it."""
    import mlx.core as mx

    device = "" if on_cpu() else str(mx.device_info().get("device_name", ""))
    return {"backend": name(), "device": device}


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
