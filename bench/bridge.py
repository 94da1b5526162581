"""What the bridge costs: first audio, whole time and CPU of a speech, against the process's pipes.

`python -m bench.bridge` has one sidecar on its pipes and another one behind `qwen-tts-bridge`, and
lets them say the same sentences in turn. Ratios are of neighbours in this order, so that a machine
that is busy for a while does not look like a cost of either.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from typing import Any

import psutil
from qwen_tts_client import SyncSidecar, connect

from bench import engines, sidecars, suite
from bench.child import ROOT
from bench.markdown import table
from bench.options import Options
from bench.sidecars import cpu_seconds

TITLE = "The bridge's share"
_TOKEN = "of-the-benchmark"


def run(options: Options) -> dict[str, Any]:
    runs = options.run_count(full=10, quick=3)
    bridge = subprocess.Popen(
        [sys.executable, "-m", "qwen_tts_client.bridge.main", "--port", "0",
         "--command", f"'{sys.executable}' -m sidecar --model '{options.model}'"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'clients' / 'python'}:{ROOT}",
             "QWEN_TTS_BRIDGE_TOKEN": _TOKEN},
        stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    try:
        assert bridge.stdout
        address = bridge.stdout.readline().removeprefix("Listening on ").strip()
        with (
            sidecars.running(options.model, options.seconds()) as pipes,
            connect(address, _TOKEN) as remote,
        ):
            [sidecar] = psutil.Process(bridge.pid).children()
            return compare(pipes, remote, [bridge.pid], sidecar.pid, runs, options.frames)
    finally:
        bridge.terminate()
        bridge.wait()


def compare(
    pipes: SyncSidecar,
    remote: SyncSidecar,
    servers: list[int],
    sidecar: int,
    runs: int,
    frames: int,
) -> dict[str, Any]:
    """Have both say the same sentences in turn.

    Args:
        servers: the processes between the remote client and its sidecar.
        sidecar: the process of the remote client's sidecar.
    """

    def spent() -> tuple[float, float]:
        return sum(map(cpu_seconds, servers)), cpu_seconds(sidecar)

    turns: list[dict[str, float]] = []
    before: tuple[float, float] | None = None
    for turn in range(runs + 1):
        for text in engines.SENTENCES[:3]:
            here, there = (_timed(one, text, seed=0, max_frames=frames) for one in (pipes, remote))
            if turn:  # the first one loads the model
                turns.append({name: there[name] / here[name] for name in here})
        before = before or spent()
    assert before
    between, speech = (after - then for after, then in zip(spent(), before, strict=True))
    quartiles = {
        name: statistics.quantiles([one[name] for one in turns], n=4) for name in ("first", "whole")
    }
    return {"pairs": len(turns), "quartiles": quartiles, "cpu": between / speech}


def _timed(tts: SyncSidecar, text: str, **speech: Any) -> dict[str, float]:
    """Return the seconds until the first audio, and until the answer."""
    start = time.perf_counter()
    stream = tts.synthesize(text, **speech)
    heard = [time.perf_counter() for _ in stream]
    stream.final()
    return {"first": heard[0] - start, "whole": time.perf_counter() - start}


def report(result: dict[str, Any]) -> str:
    return report_ratios("bridge ÷ pipes", "The bridge's process", result)


def report_ratios(ratio: str, servers: str, result: dict[str, Any]) -> str:
    """Return the table of a result of `compare`.

    Args:
        ratio: names what was divided by what.
        servers: names the processes between the remote client and its sidecar.
    """
    rows = [
        (name, *(f"{value:.2f}" for value in result["quartiles"][key]))
        for name, key in (("first audio", "first"), ("until the answer", "whole"))
    ]
    header = (ratio, "lower quartile", "median", "upper quartile")
    return table(header, rows) + (
        f"\n\n{result['pairs']} pairs of the same sentence, in alternation. {servers} "
        f"used {result['cpu']:.1%} of the CPU time of the sidecar."
    )


if __name__ == "__main__":
    suite.main(["bridge"])
