"""Simultaneous streams: aggregate compute ÷ audio, and how long each waits for its first audio.

N requests are submitted at once. The aggregate is the time from there to the last sample, divided
by the seconds of audio of all N together. mlx-audio cannot stream several at once, so its requests
run one after another, as with a lock in a server; its batch session takes them all, but gives
out each one's audio only when it is whole.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Sequence
from typing import Any

from bench import child, engines, machine, suite
from bench.engines import Recording, Speaker
from bench.markdown import failures, mb, medians, ms, ratio, table
from bench.options import Options

TITLE = "Simultaneous streams"
_WARM_FRAMES = 26


def measure(
    engine: str, model: str, counts: Sequence[int], frames: int, rounds: int
) -> dict[str, dict[str, float]]:
    """In a child: by number of streams; seconds, seconds per second of audio, bytes."""
    speaker = engines.ENGINES[engine](model)
    speaker.speak(_texts(1), frames)
    return {str(count): _measured(speaker, count, frames, rounds) for count in counts}


def _measured(speaker: Speaker, count: int, frames: int, rounds: int) -> dict[str, float]:
    if speaker.simultaneous:
        # Kernels are built for each number of rows the first time it is seen.
        speaker.speak(_texts(count), min(frames, _WARM_FRAMES))
    answers = [_figures(speaker.speak(_texts(count), frames)) for _ in range(rounds)]
    return medians(answers) | engines.memory()


def _figures(recordings: Sequence[Recording]) -> dict[str, float]:
    start, end = min(r.start for r in recordings), max(r.end for r in recordings)
    firsts = [r.first for r in recordings]
    return {
        "aggregate": (end - start) / sum(r.audio for r in recordings),
        "worst_first": max(firsts),
        "median_first": statistics.median(firsts),
        "worst_silence": max(r.silence for r in recordings),
    }


def _texts(count: int) -> list[str]:
    return list(itertools.islice(itertools.cycle(engines.SENTENCES), count))


def run(options: Options) -> dict[str, Any]:
    runs = options.run_count(full=3)
    names = engines.chosen(options.engines, machine.on_cpu(), batch=True)
    answers, failed = child.alternate(
        names,
        runs,
        "bench.streams:measure",
        options,
        model=options.model,
        counts=options.streams,
        frames=options.frames,
        rounds=1 if options.quick else 3,
    )
    rows = {
        engine: {str(n): medians([a[str(n)] for a in figures]) for n in options.streams}
        for engine, figures in answers.items()
    }
    return {"runs": runs, "frames": options.frames, "rows": rows, "failed": failed}


def report(result: dict[str, Any]) -> str:
    rows: dict[str, dict[str, dict[str, float]]] = result["rows"]
    ours = rows.get(engines.OURS, {})
    header = ("streams", "", "compute ÷ audio", "×", "first audio", "worst", "silence", "MLX peak")
    counts = next(iter(rows.values()), {})
    body = [
        (
            count,
            engine,
            f"{row['aggregate']:.3f}",
            ratio(row["aggregate"], ours.get(count, {}).get("aggregate")),
            ms(row["median_first"]),
            ms(row["worst_first"]),
            ms(row["worst_silence"]),
            mb(row["mlx_bytes"]),
        )
        for count in counts
        for engine, row in ((engine, by_count[count]) for engine, by_count in rows.items())
    ]
    note = (
        "\n\nCompute ÷ audio is the aggregate over all streams. First audio: median and worst of "
        "the streams, from one common start. Silence: what the worst player, started with its "
        "first chunk, would have waited. mlx-audio streams one request after another; its batch "
        f"session does not stream. Median of {result['runs']} processes per engine, utterances of "
        f"at most {result['frames']} frames; MLX peak since the process began; × against our row."
    )
    return table(header, body) + note + failures(result)


if __name__ == "__main__":
    suite.main(["streams"])
