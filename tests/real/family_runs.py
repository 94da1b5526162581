"""`python -m tests.real.family_runs [NAME …]`: the other families, true sizes, one utterance each.

One family after the other is written with random weights (`tests.real.family_checkpoints`), loaded
by the real process on this machine's CPU, speaks one utterance, and is cancelled early in the next;
then its files are deleted. A process that uses more than --most-gb is killed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from qwen_tts_client import Sidecar, SidecarCancelledError, SyncSidecar

from bench.child import ROOT
from bench.markdown import table
from bench.sidecars import cpu_seconds
from tests.real.family_checkpoints import NAMES

_TEXT = "The lighthouse stood at the end of the pier."
_FRAMES_PER_SECOND = 12.5
_HEADS = (
    "family", "weights in float32, MLX", "load: CPU / clock", "peak of the process", "MLX's peak",
    "audio", "CPU s for a second", "clock s for a second", "first audio", "cancel",
)  # fmt: skip


class Meter:
    """Seconds since it was made, of the clock and of a process."""

    def __init__(self, pid: int | None) -> None:
        self._pid, self._wall, self._cpu = pid, time.perf_counter(), cpu_seconds(pid)

    @property
    def wall(self) -> float:
        return time.perf_counter() - self._wall

    @property
    def cpu(self) -> float:
        return cpu_seconds(self._pid) - self._cpu


class Watch:
    """Notes the most memory of a process, and kills it beyond a limit."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self.most = 0.0

    @contextmanager
    def over(self, pid: int | None) -> Iterator[None]:
        ended = threading.Event()
        thread = threading.Thread(target=self._look, args=(psutil.Process(pid), ended))
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _look(self, process: psutil.Process, ended: threading.Event) -> None:
        while not ended.wait(0.2):
            with process.oneshot():
                resident = process.memory_info().rss - process.memory_info().shared
            self.most = max(self.most, resident / 1e9)
            if self.most > self._limit:
                process.kill()
                return


def measure(name: str, folder: Path, seconds: float, limit: float) -> tuple[str, ...]:
    """Return the row of a family whose files are in `folder`."""
    command = [sys.executable, "-m", "sidecar", "--model", str(folder / name)]
    env = {"HF_HUB_CACHE": str(folder / "hub"), "PYTHONSAFEPATH": None}
    watch = Watch(limit)
    with Sidecar(command, cwd=ROOT, env=env, restart=False) as tts, watch.over(tts.pid):
        meter = Meter(tts.pid)
        loaded = tts.models.load()
        load = f"{meter.cpu:.0f} / {meter.wall:.0f} s"
        frames = round(seconds * _FRAMES_PER_SECOND)
        meter = Meter(tts.pid)
        first = 0.0
        with tts.synthesize(_TEXT, seed=1, max_frames=frames) as stream:
            for _ in stream:
                first = first or meter.wall
            result = stream.final()
        wall, said = meter.wall, result.samples / result.sample_rate
        cells = (f"{said:.2f} s", f"{meter.cpu / said:.1f}", f"{wall / said:.1f}", f"{first:.1f} s")
        late = _cancel(tts, wall / 5, frames)
        peak = tts.status().memory.peak_bytes / 1e9
    weights = f"{loaded.memory_bytes / 1e9:.2f} GB"
    memory = (f"{watch.most:.2f} GB", f"{peak:.2f} GB")
    return (name, weights, load, *memory, *cells, f"{late:.2f} s")


def _cancel(tts: SyncSidecar, after: float, frames: int) -> float:
    """Return how long a cancel takes that comes so many seconds after the request."""
    stream = tts.synthesize(_TEXT, seed=2, max_frames=frames)
    time.sleep(after)
    start = time.perf_counter()
    stream.cancel()
    try:
        stream.final()
    except SidecarCancelledError:
        return time.perf_counter() - start
    raise RuntimeError("the speech ended before the cancel")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", default=NAMES, metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--seconds", type=float, default=2.0, help="of audio")
    parser.add_argument("--most-gb", type=float, default=10.0, help="memory of the process")
    parser.add_argument("--scratch", type=Path, help="where up to 5 GB are written for a while")
    options = parser.parse_args()
    rows: list[tuple[str, ...]] = []
    for name in options.names:
        with tempfile.TemporaryDirectory(prefix="family-", dir=options.scratch) as folder:
            writing = [sys.executable, "-m", "tests.real.family_checkpoints", name, folder]
            subprocess.run(writing, cwd=ROOT, check=True, stdout=sys.stderr)
            rows.append(measure(name, Path(folder), options.seconds, options.most_gb))
        print(rows[-1], os.getloadavg(), file=sys.stderr, flush=True)
    print(table(_HEADS, rows))


if __name__ == "__main__":
    main()
