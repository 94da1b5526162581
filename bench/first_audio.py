"""Time to first audio, compute ÷ audio and peak memory: our loop beside mlx-audio's own.

`python -m bench.first_audio` runs both on the same checkpoint, the same sentences and the same
machine, in alternation, each in a process of its own, and prints medians. mlx-audio runs its
streaming `generate`, once as it comes (the checkpoint's bfloat16, reference BLAS) and, on the
CPU, once with the two things that make it faster there (float32, OpenBLAS loaded first), so
that the ratio is not owed to those.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib import metadata
from typing import Any

SENTENCES = [
    "The quick brown fox jumps over the lazy dog.",
    "Our meeting has been moved to Thursday at 4:30 in the afternoon.",
    "I would like a cup of coffee with milk and no sugar.",
]
MAX_FRAMES = 120
# mlx-audio has one interval for all chunks; this is the shortest that its users set.
PEER_INTERVAL_SECONDS = 0.32

Figures = dict[str, float]


def measure(chunks: Iterator[int], rate: int) -> Figures:
    """Drains a stream of sample counts; seconds to the first, and seconds per second of audio."""
    start, first, samples = time.perf_counter(), 0.0, 0
    for count in chunks:
        first = first or time.perf_counter() - start
        samples += count
    return {"first": first, "factor": (time.perf_counter() - start) / (samples / rate)}


def ours(model: str) -> Callable[[str], Figures]:
    """Our engine, in process, as the sidecar runs it."""
    from sidecar.engine.collector import Collector
    from sidecar.engine.engine import Engine
    from sidecar.engine.request import SynthesisRequest, SynthesisResult
    from sidecar.models.base import Utterance

    engine = Engine()
    engine.start()

    def stream(text: str) -> Iterator[int]:
        sink = Collector()
        utterance = Utterance(text, language="english")
        engine.submit(SynthesisRequest(model, utterance, seed=1, max_frames=MAX_FRAMES), sink)
        while not isinstance(event := sink.events.get(timeout=600), SynthesisResult):
            if isinstance(event, Exception):
                raise event
            yield len(event.samples)

    return lambda text: measure(stream(text), 24000)


def peer(model: str, tuned: bool) -> Callable[[str], Figures]:
    """mlx-audio's streaming generate."""
    if tuned:
        from sidecar.models.backend import load_openblas

        load_openblas()
    import mlx.core as mx
    from mlx_audio.tts.utils import load_model

    from sidecar.models import catalog

    loaded: Any = load_model(catalog.resolve(model).path)
    if tuned:
        loaded.talker.set_dtype(mx.float32)
    mx.random.seed(1)
    voice = loaded.get_supported_speakers()[0]

    def stream(text: str) -> Iterator[int]:
        for result in loaded.generate(
            text=text,
            voice=voice,
            lang_code="english",
            stream=True,
            streaming_interval=PEER_INTERVAL_SECONDS,
            max_tokens=MAX_FRAMES,
        ):
            mx.eval(result.audio)
            yield result.audio.size

    return lambda text: measure(stream(text), 24000)


ENGINES: dict[str, Callable[[str], Callable[[str], Figures]]] = {
    "qwen-tts-sidecar": ours,
    "mlx-audio": lambda model: peer(model, tuned=False),
    "mlx-audio, float32 + OpenBLAS": lambda model: peer(model, tuned=True),
}


def child(engine: str, model: str) -> None:
    """Warms up, measures every sentence once, prints JSON as its last line."""
    out = os.dup(1)
    os.dup2(2, 1)  # mlx-audio prints while it loads
    run = ENGINES[engine](model)
    run(SENTENCES[0])
    figures = [run(text) for text in SENTENCES]
    import mlx.core as mx

    report = {
        "first": statistics.median(f["first"] for f in figures),
        "factor": statistics.median(f["factor"] for f in figures),
        "mlx_bytes": mx.get_peak_memory(),
        "resident_bytes": _resident_bytes(),
    }
    os.write(out, json.dumps(report).encode())


def _resident_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def spawn(engine: str, model: str) -> Figures:
    command = [sys.executable, "-m", "bench.first_audio", "--engine", engine, "--model", model]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout)


def table(rows: dict[str, list[Figures]]) -> str:
    """Medians over the runs, as a Markdown table; ratios are against our own row."""

    def median(runs: list[Figures], key: str) -> float:
        return statistics.median(run[key] for run in runs)

    lines = [
        "| | first audio | × | compute ÷ audio | × | MLX peak | resident peak |",
        "|---|---|---|---|---|---|---|",
    ]
    base = rows["qwen-tts-sidecar"]
    for engine, runs in rows.items():
        first, factor = median(runs, "first"), median(runs, "factor")
        lines.append(
            f"| {engine} | {first * 1000:.0f} ms | {first / median(base, 'first'):.1f} "
            f"| {factor:.2f} | {factor / median(base, 'factor'):.1f} "
            f"| {median(runs, 'mlx_bytes') / 1e6:.0f} MB "
            f"| {median(runs, 'resident_bytes') / 1e6:.0f} MB |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--model", default="tiny-voice")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--engine", choices=ENGINES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.engine:
        child(options.engine, options.model)
        return
    print(
        f"{options.model} · {platform.platform()} · {os.cpu_count()} cores · "
        f"mlx {metadata.version('mlx')} · mlx-audio {metadata.version('mlx-audio')} · "
        f"median of {options.runs} processes, {len(SENTENCES)} sentences each, warm\n"
    )
    rows: dict[str, list[Figures]] = {engine: [] for engine in ENGINES}
    for run in range(options.runs):
        for engine, runs in rows.items():
            print(f"run {run + 1}/{options.runs}: {engine}", file=sys.stderr)
            runs.append(spawn(engine, options.model))
    print(table(rows))


if __name__ == "__main__":
    main()
