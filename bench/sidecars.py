"""The sidecar's process as benchmarks run it, with the Python client, and what they count of it."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar
from unittest import mock

import psutil
from qwen_tts_client import Sidecar, SyncSidecar, process
from qwen_tts_client.framing import frame

from bench.child import ROOT


@contextmanager
def running(
    model: str,
    seconds: float,
    *arguments: str,
    python: str = sys.executable,
    folder: Path = ROOT,
) -> Iterator[SyncSidecar]:
    """Run `python -m sidecar`, and kill it after `seconds`, so that no benchmark hangs.

    Args:
        python: the interpreter of an installation.
        folder: the working folder, whose `sidecar` comes before the installed one.
    """
    with prepared(model, *arguments, python=python, folder=folder) as tts:
        clock = threading.Timer(seconds, _kill, [tts.pid])
        clock.daemon = True
        clock.start()
        try:
            yield tts
        finally:
            clock.cancel()


def prepared(
    model: str,
    *arguments: str,
    python: str = sys.executable,
    folder: Path = ROOT,
    **options: Any,
) -> Sidecar:
    """Return the client of a process that is not started again if it crashes."""
    command = [python, "-m", "sidecar", "--model", model, *arguments]
    env = {"PYTHONSAFEPATH": None}
    return Sidecar(command, cwd=folder, env=env, restart=False, **options)


def cpu_seconds(pid: int | None) -> float:
    """User and system time of a process so far, in hundredths of a second."""
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


class Wire(process.StdioTransport):
    """Pipes that count what passes, in all processes that are started within `counting`."""

    sent: ClassVar[int] = 0
    received: ClassVar[int] = 0

    @classmethod
    @contextmanager
    def counting(cls) -> Iterator[None]:
        """Start processes with these pipes."""
        with mock.patch.object(process, "StdioTransport", cls):
            yield

    def send(self, body: bytes) -> None:
        Wire.sent += len(frame(body))
        super().send(body)

    def pipe_data_received(self, fd: int, data: Any) -> None:
        Wire.received += len(data) if fd == 1 else 0
        super().pipe_data_received(fd, data)


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
