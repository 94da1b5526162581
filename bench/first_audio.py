"""Time to first audio, compute ÷ audio and peak memory of one stream, beside mlx-audio.

`python -m bench.first_audio` runs every engine on the same checkpoint, the same sentences and the
same machine, in alternation, each in a process of its own, and prints medians. mlx-audio runs its
streaming `generate`, once as it comes (the checkpoint's bfloat16, reference BLAS) and, on the
CPU, once with the two things that make it faster there (float32, OpenBLAS loaded first), so
that the ratio is not owed to those.
"""

from __future__ import annotations

import statistics
from typing import Any

from bench import child, engines, machine, suite
from bench.markdown import failures, mb, medians, ms, ratio, table
from bench.options import Options

TITLE = "One stream: first audio, compute ÷ audio, peak memory"
SENTENCES = engines.SENTENCES[:3]


def measure(engine: str, model: str, frames: int) -> dict[str, float]:
    """In a child: medians over the sentences, warm; seconds, seconds per second, bytes."""
    speaker = engines.ENGINES[engine](model)
    speaker.speak(SENTENCES[:1], frames)
    recordings = [speaker.speak([text], frames)[0] for text in SENTENCES]
    return {
        "first": statistics.median(r.first for r in recordings),
        "factor": statistics.median(r.factor for r in recordings),
        "audio": sum(r.audio for r in recordings),
        **engines.memory(),
    }


def run(options: Options) -> dict[str, Any]:
    runs = options.run_count(full=5)
    names = engines.chosen(options.engines, machine.on_cpu())
    answers, failed = child.alternate(
        names,
        runs,
        "bench.first_audio:measure",
        options,
        model=options.model,
        frames=options.frames,
    )
    rows = {engine: medians(figures) for engine, figures in answers.items()}
    return {"runs": runs, "rows": rows, "failed": failed}


def report(result: dict[str, Any]) -> str:
    rows: dict[str, dict[str, float]] = result["rows"]
    base = rows.get(engines.OURS, {})
    header = ("", "first audio", "×", "compute ÷ audio", "×", "MLX peak", "resident peak")
    body = [
        (
            engine,
            ms(row["first"]),
            ratio(row["first"], base.get("first")),
            f"{row['factor']:.3f}",
            ratio(row["factor"], base.get("factor")),
            mb(row["mlx_bytes"]),
            mb(row["resident_bytes"]),
        )
        for engine, row in rows.items()
    ]
    note = (
        f"\n\nMedian of {result['runs']} processes per engine, {len(SENTENCES)} sentences each, "
        "warm; × against our row."
    )
    return table(header, body) + note + failures(result)


if __name__ == "__main__":
    suite.main(["first_audio"])
