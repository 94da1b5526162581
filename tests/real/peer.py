"""`python -m tests.real.peer [RUNS]`: Kokoro here and in onnxruntime, in turn, in the same run.

Both speak the same sentence from the same weights: here through the real process, with phonemes by
misaki; there with the phonemes as they are written down in `cases.py`, by the export's own graph,
whose weights and products are of 8 bits. Each has as many threads as it takes by itself.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from pathlib import Path

import onnxruntime

from tests.real import weights
from tests.real.cases import CASES
from tests.real.features import RATE
from tests.real.measure import Meter, ask
from tests.real.onnx_speech import speak
from tests.support import kokoro_extra
from tests.support.harness import Sidecar, sidecar

_TIMEOUT = 600.0


def here(process: Sidecar) -> tuple[float, float]:
    """Return the seconds of the processor, and of the clock, for a second of speech."""
    meter = Meter(process)
    result = process.wait(ask(process, CASES[0].text, voice=CASES[0].voice), _TIMEOUT)
    seconds = result["samples"] / result["sampleRate"]
    return meter.cpu / seconds, meter.wall / seconds


def there(session: onnxruntime.InferenceSession, vocabulary: dict[str, int]) -> tuple[float, float]:
    """Return the same of onnxruntime."""
    cpu, wall = time.process_time(), time.perf_counter()
    seconds = len(speak(session, vocabulary, weights.voices(), CASES[0])) / RATE
    return (time.process_time() - cpu) / seconds, (time.perf_counter() - wall) / seconds


def main(runs: int) -> None:
    path = os.pathsep.join(map(str, (kokoro_extra.installed(), weights.english())))
    vocabulary = json.loads(Path(weights.vocabulary()).read_text("utf-8"))["vocab"]
    session = onnxruntime.InferenceSession(weights.onnx(), providers=["CPUExecutionProvider"])
    ours: list[tuple[float, float]] = []
    theirs: list[tuple[float, float]] = []
    model = str(weights.checkpoint())
    with sidecar("--model", model, env={"PYTHONPATH": path}) as process:
        here(process)
        there(session, vocabulary)
        for _ in range(runs):
            ours.append(here(process))
            theirs.append(there(session, vocabulary))
        memory = process.call("server/status")["memory"]
    for name, rows in (("here", ours), ("onnxruntime, 8 bits", theirs)):
        cpu, wall = (statistics.median(column) for column in zip(*rows, strict=True))
        print(f"{name}: {cpu:.2f} s of processor and {wall:.2f} s of the clock for a second")
    ratios = [mine[0] / other[0] for mine, other in zip(ours, theirs, strict=True)]
    print(f"processor, here ÷ there: {statistics.median(ratios):.2f} ({len(ratios)} pairs)")
    print(f"MLX: {memory['activeBytes'] / 1e6:.0f} MB, peak {memory['peakBytes'] / 1e6:.0f} MB")
    print("load of the machine:", *(f"{load:.0f}" for load in os.getloadavg()))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
