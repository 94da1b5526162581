"""Makes machine code of the kernels' sources, for one shape and one kind of GPU, and keeps it.

MLX's CUDA packages bring NVRTC, NVIDIA's compiler as a library. It takes a kernel one to two
seconds, once on a machine: the result is in the folder in which MLX keeps its own. Binaries to ship
would have to be made for every size, dtype and kind of GPU.
"""

from __future__ import annotations

import ctypes
import hashlib
import logging
import os
from functools import cache
from pathlib import Path

from sidecar.models.qwen3_tts.cuda.shape import StackShape
from sidecar.models.qwen3_tts.cuda.weights import Unsuitable

log = logging.getLogger(__name__)

_SOURCES = Path(__file__).parent / "kernels"
_LIBRARIES = ("libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so")


def kernel_name(shape: StackShape) -> str:
    return "predictor" if shape.codebooks else "talker"


def body(shape: StackShape) -> str:
    """Return the C++ of a kernel without what is special to a GPU (device.cuh)."""
    sampling = ["sampling"] if shape.codebooks else []
    names = ["values", "weights", "product", "stack", *sampling]
    files = [*(f"{name}.cuh" for name in names), f"{kernel_name(shape)}.cu"]
    return "".join((_SOURCES / file).read_text("utf-8") for file in files)


def source(shape: StackShape) -> str:
    """Return the whole C++ of a kernel."""
    return shape.constants() + for_gpu(body(shape))


def for_gpu(text: str) -> str:
    """Return C++ with what is special to a GPU in front of it."""
    return (_SOURCES / "device.cuh").read_text("utf-8") + text


def compiled(shape: StackShape, capability: tuple[int, int]) -> bytes:
    """Return a stack's kernel; see `machine_code`."""
    return machine_code(source(shape), capability)


def machine_code(text: str, capability: tuple[int, int]) -> bytes:
    """Return the cubin of a whole source, from the cache if it is there.

    Args:
        capability: of the GPU, major and minor.

    Raises:
        Unsuitable: NVRTC is missing, or does not know this GPU.
    """
    library = _library()
    major, minor = capability
    # From 9.0 on, "a" stands for the instructions of this very generation.
    options = [f"--gpu-architecture=sm_{major}{minor}{'a' if major >= 9 else ''}", "--std=c++17"]
    key = "\n".join([text, *options, str(_version(library))])
    file = _folder() / f"frame-{hashlib.sha256(key.encode()).hexdigest()[:24]}.cubin"
    try:
        return file.read_bytes()
    except OSError:
        pass
    cubin = _compile(library, text, options)
    _keep(file, cubin)
    return cubin


def _folder() -> Path:
    fallback = Path.home() / ".cache" / "qwen-tts-sidecar" / "ptx"
    return Path(os.environ.get("MLX_PTX_CACHE_DIR", fallback))


def _keep(file: Path, cubin: bytes) -> None:
    """Write the file at once or not at all: other processes may read it."""
    partial = file.with_suffix(f".{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(cubin)
        partial.replace(file)
    except OSError as error:
        log.warning("cannot keep a compiled kernel, the next process compiles it again: %s", error)


@cache
def _library() -> ctypes.CDLL:
    for name in _LIBRARIES:
        try:
            return ctypes.CDLL(name)  # MLX has loaded one of them already
        except OSError:
            continue
    raise Unsuitable("NVRTC, CUDA's compiler, was not found")


def _version(library: ctypes.CDLL) -> tuple[int, int]:
    major, minor = ctypes.c_int(), ctypes.c_int()
    library.nvrtcVersion(ctypes.byref(major), ctypes.byref(minor))
    return major.value, minor.value


def _compile(library: ctypes.CDLL, text: str, options: list[str]) -> bytes:
    program = ctypes.c_void_p()
    created = library.nvrtcCreateProgram(
        ctypes.byref(program), text.encode(), b"frame.cu", 0, None, None
    )
    if created != 0:
        raise Unsuitable(f"NVRTC failed with error {created}")
    try:
        array = (ctypes.c_char_p * len(options))(*(option.encode() for option in options))
        if library.nvrtcCompileProgram(program, len(options), array) != 0:
            raise Unsuitable(f"NVRTC cannot compile the kernels: {_log(library, program)}")
        return _output(library, program, "CUBIN")
    finally:
        library.nvrtcDestroyProgram(ctypes.byref(program))


def _log(library: ctypes.CDLL, program: ctypes.c_void_p) -> str:
    lines = _output(library, program, "ProgramLog").decode("utf-8", "replace").splitlines()
    return next((line for line in lines if "error" in line), "no reason given")


def _output(library: ctypes.CDLL, program: ctypes.c_void_p, what: str) -> bytes:
    size = ctypes.c_size_t()
    library[f"nvrtcGet{what}Size"](program, ctypes.byref(size))
    buffer = ctypes.create_string_buffer(size.value)
    library[f"nvrtcGet{what}"](program, buffer)
    return buffer.raw


def check() -> None:
    """Check that kernels can be compiled.

    Raises:
        Unsuitable: NVRTC is missing.
    """
    _library()
