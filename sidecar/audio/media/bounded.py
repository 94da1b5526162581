"""A program on a file that may be hostile: bounded in time, memory and output."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

# Address space, KiB. An interpreter with FFmpeg maps half a GiB. macOS knows no such limit.
_MOST_KIB = 4 * 2**20
# POSIX counts the size of files in these.
_BLOCK_BYTES = 512
_POLL_SECONDS = 0.05
_MOST_SAID = 2000
# The limits are set by the shell and not between fork and exec, where a process with threads must
# not run Python. `exec` makes the shell the program, so that killing it kills that.
_LIMITED = (
    "ulimit -c 0; ulimit -t {seconds}; ulimit -f {blocks}; "
    'ulimit -v {kib} 2>/dev/null || :; exec "$@"'
)
# A decoder that was taken over must not find the hub's token.
_ENVIRONMENT = (
    "PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "VIRTUAL_ENV", "PYTHONHOME",
    "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH",
)  # fmt: skip


class Outcome(msgspec.Struct, frozen=True):
    """How a program ended.

    Attributes:
        status: its exit status, negative for a signal; None if it ran out of time.
        said: what it wrote to stdout.
        complaints: the end of what it wrote to stderr.
    """

    status: int | None
    said: str
    complaints: str


def run(
    command: Sequence[str | Path],
    folder: Path,
    *,
    seconds: float,
    most_bytes: int,
    check: Callable[[], None],
) -> Outcome:
    """Run a program and wait for its end.

    Args:
        folder: its working directory; what it says is kept there, too.
        seconds: it is killed then, and when it has used that much of a processor.
        most_bytes: of each file that it writes.
        check: is called several times a second; what it raises ends the program.

    Raises:
        OSError: it cannot be started.
    """
    limits = _LIMITED.format(
        seconds=int(seconds) + 1, blocks=most_bytes // _BLOCK_BYTES + 1, kib=_MOST_KIB
    )
    said, complained = folder / "stdout", folder / "stderr"
    with said.open("wb") as out, complained.open("wb") as err:
        process = subprocess.Popen(
            ["/bin/sh", "-c", limits, "sh", *map(str, command)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            cwd=folder,
            env=_environment(),
        )
        try:
            status = _wait(process, time.monotonic() + seconds, check)
        finally:
            process.kill()
            process.wait()
    return Outcome(status, _read(said), _read(complained).strip())


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


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    # A Python program finds the packages that this process finds, and takes one thread.
    return kept | {
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "OPENBLAS_NUM_THREADS": "1",
    }


def _read(path: Path) -> str:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _MOST_SAID))
        return file.read().decode("utf-8", "replace")
