"""Memory over time: ten minutes of speech, and two hundred short requests; our engine.

Between two requests, so with nothing in flight, three sizes are read: what MLX holds (active),
its peak so far, and the process's resident size.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from bench import child, engines, suite
from bench.markdown import failures, mb, table
from bench.options import Options

TITLE = "Memory over time"
_SAMPLE_SECONDS = 10.0
_SETTLED_SECONDS = 60.0
_SHORT = "Yes."
_SHORT_FRAMES = 12

Sample = dict[str, float]


def measure_speech(engine: str, model: str, seconds: float, frames: int) -> list[Sample]:
    """In a child: a sample each 10 s of audio, sentence after sentence, until `seconds`."""
    speaker = engines.ENGINES[engine](model)
    samples: list[Sample] = []
    audio, turn = 0.0, 0
    while audio < seconds:
        text = engines.SENTENCES[turn % len(engines.SENTENCES)]
        audio += speaker.speak([text], frames)[0].audio
        turn += 1
        if audio >= _SAMPLE_SECONDS * (len(samples) + 1):
            samples.append(_sample(audio))
    return samples


def measure_requests(engine: str, model: str, count: int) -> list[Sample]:
    """In a child: a sample after each of `count` short requests."""
    speaker = engines.ENGINES[engine](model)
    samples: list[Sample] = []
    for request in range(count):
        speaker.speak([_SHORT], _SHORT_FRAMES)
        samples.append(_sample(request + 1))
    return samples


def _sample(at: float) -> Sample:
    import mlx.core as mx

    return {
        "at": at,
        "active": mx.get_active_memory(),
        "peak": mx.get_peak_memory(),
        "resident": _resident_bytes(),
    }


def _resident_bytes() -> int:
    """Of this process, now."""
    if sys.platform == "linux":
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    shown = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(os.getpid())], capture_output=True, timeout=10, check=True
    )
    return int(shown.stdout) * 1024


def run(options: Options) -> dict[str, Any]:
    seconds, count = (90.0, 40) if options.quick else (600.0, 200)
    result: dict[str, Any] = {"seconds": seconds, "count": count, "failed": {}}
    tasks: dict[str, dict[str, Any]] = {
        "speech": {"seconds": seconds, "frames": options.frames},
        "requests": {"count": count},
    }
    for name, arguments in tasks.items():
        answers, failed = child.alternate(
            [engines.OURS],
            1,
            f"bench.memory:measure_{name}",
            options,
            model=options.model,
            **arguments,
        )
        result[name] = answers.get(engines.OURS, [None])[0]
        result["failed"] |= {f"{engine}, {name}": why for engine, why in failed.items()}
    return result


def report(result: dict[str, Any]) -> str:
    header = ("", "", "at first", "at the end", "largest", "change")
    body: list[tuple[str, ...]] = []
    if speech := result["speech"]:
        settled = [s for s in speech if s["at"] >= min(_SETTLED_SECONDS, result["seconds"] / 3)]
        body += _rows(f"{result['seconds']:.0f} s of speech", settled, _deviation)
    if requests := result["requests"]:
        body += _rows(f"{result['count']} requests", requests[result["count"] // 10 :], _growth)
    note = (
        "\n\nChange: of speech, the largest deviation from the median after the first minute; of "
        "requests, the last tenth's median against the second tenth's."
    )
    return table(header, body) + note + failures(result)


def _rows(name: str, samples: Sequence[Sample], change: Any) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for key in ("active", "peak", "resident"):
        values = [sample[key] for sample in samples]
        first, last, most = mb(values[0]), mb(values[-1]), mb(max(values))
        title = "resident" if key == "resident" else f"MLX {key}"
        rows.append((name, title, first, last, most, f"{change(values):+.1f} %"))
    return rows


def _deviation(values: Sequence[float]) -> float:
    middle = statistics.median(values)
    return max((value - middle for value in values), key=abs) / middle * 100


def _growth(values: Sequence[float]) -> float:
    size = max(1, len(values) // 9)
    first, last = statistics.median(values[:size]), statistics.median(values[-size:])
    return (last - first) / first * 100


if __name__ == "__main__":
    suite.main(["memory"])
