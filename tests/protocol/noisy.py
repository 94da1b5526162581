"""Run the sidecar with a model that prints to stdout, in every possible way, at each frame."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys

from sidecar.models import backend

backend.prepare()  # before MLX is imported, or it stays with its own slow BLAS

from sidecar.cli import main as cli  # noqa: E402
from sidecar.engine.decode import Batch  # noqa: E402

_C = ctypes.CDLL(None)
_step = Batch.step


def noisy_step(batch: Batch) -> None:
    print("python print")
    sys.stdout.write("python write\n")
    sys.__stdout__.write("python's first stdout\n")  # type: ignore[union-attr]
    sys.__stdout__.flush()  # type: ignore[union-attr]
    os.write(1, b"write to fd 1\n")
    _C.puts(b"C puts")
    _C.fflush(None)
    subprocess.run(["echo", "a child's echo"], check=True)
    _step(batch)


Batch.step = noisy_step  # pyright: ignore[reportAttributeAccessIssue]
cli.main(sys.argv[1:])
