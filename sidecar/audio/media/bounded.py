"""Run a program on a file that may be hostile, with limits on its time, memory and output."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

# Address space. An interpreter with FFmpeg maps half a GiB. macOS has no such limit.
_MAX_KIB = 4 * 2**20
# The unit in which POSIX counts the size of files.
_BLOCK_BYTES = 512
_POLL_SECONDS = 0.05
_MAX_OUTPUT_BYTES = 2000
# The shell sets the limits, since a process with threads must not run Python between fork and exec.
# `exec` replaces the shell by the program, so that killing one kills the other.
_LIMITED = (
    "ulimit -c 0; ulimit -t {seconds}; ulimit -f {blocks}; "
    'ulimit -v {kib} 2>/dev/null || :; exec "$@"'
)
# Nothing else is passed on: a decoder that a file has taken over must not find the hub's token.
_ENVIRONMENT = (
    "PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "VIRTUAL_ENV", "PYTHONHOME",
    "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH",
)  # fmt: skip


class Outcome(msgspec.Struct, frozen=True):
    """How a program ended.

    Attributes:
        status: its exit status, negative for a signal; None if it ran out of time.
        stdout: the end of what it wrote to stdout.
        stderr: the end of what it wrote to stderr.
    """

    status: int | None
    stdout: str
    stderr: str


def run(
    command: Sequence[str | Path],
    folder: Path,
    *,
    seconds: float,
    max_bytes: int,
    check: Callable[[], None],
) -> Outcome:
    """Run a program and wait for its end.

    Args:
        folder: its working directory, where its output is kept, too.
        seconds: it is killed after this time, and after this much CPU time.
        max_bytes: the limit of each file that it writes.
        check: is called several times a second; an exception that it raises ends the program.

    Raises:
        OSError: it cannot be started.
    """
    limits = _LIMITED.format(
        seconds=int(seconds) + 1, blocks=max_bytes // _BLOCK_BYTES + 1, kib=_MAX_KIB
    )
    stdout, stderr = folder / "stdout", folder / "stderr"
    with stdout.open("wb") as out, stderr.open("wb") as err:
        process = subprocess.Popen(
            ["/bin/sh", "-c", limits, "sh", *map(str, command)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            cwd=folder,
            env=_make_environment(),
        )
        try:
            status = _wait(process, time.monotonic() + seconds, check)
        finally:
            process.kill()
            process.wait()
    return Outcome(status, _read_end(stdout), _read_end(stderr).strip())


def _wait(
    process: subprocess.Popen[bytes], deadline: float, check: Callable[[], None]
) -> int | None:
    while time.monotonic() < deadline:
        check()
        try:
            return process.wait(_POLL_SECONDS)
        except subprocess.TimeoutExpired:
            continue
    return None


def _make_environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    # A Python program finds the packages that this process finds, and uses one thread.
    return kept | {
        "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path)),
        "OPENBLAS_NUM_THREADS": "1",
    }


def _read_end(path: Path) -> str:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _MAX_OUTPUT_BYTES))
        return file.read().decode("utf-8", "replace")
