"""`python -m bench.peers FOLDER [GGUF …]`: the processor's time for speech, beside qwentts.cpp.

FOLDER is a checkpoint of `bench.checkpoints`, each GGUF a folder of `bench.gguf_checkpoint`. Every
engine is measured in a process of its own, in turn. It speaks a sentence for 2 frames and for
`--frames`; the difference, without the prompt and the load, is the cost of a second of speech.
Seconds of the processor (user and system, all threads) hardly depend on other programs; seconds of
the clock do. qwentts.cpp gets `--threads`, 1 by default: its threads wait for each other in busy
loops, which on a shared machine counts the time of the other programs as its own.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from bench import child, engines, machine
from bench.markdown import mb, table

QWENTTS = "qwentts.cpp"
_SHORT_FRAMES = 2
# What a process may take to load and speak on a busy machine.
_SECONDS = 900.0


def measure(engine: str, model: str, frames: int, threads: int) -> dict[str, float]:
    """In a child: return seconds of the processor and clock for a second of speech, and memory."""
    speak = _qwentts(model, threads) if engine == QWENTTS else _ours_or_mlx(engine, model)
    costs = [_timed(partial(speak, count)) for count in (_SHORT_FRAMES, _SHORT_FRAMES, frames)]
    (_, short_cpu, short_wall), (audio, cpu, wall) = costs[1:]
    more = audio - _SHORT_FRAMES / engines.FRAMES_PER_SECOND
    return {
        "cpu": (cpu - short_cpu) / more,
        "wall": (wall - short_wall) / more,
        "resident": engines.memory()["resident_bytes"],
        "load": os.getloadavg()[0],
    }


def _timed(speak: Callable[[], float]) -> tuple[float, float, float]:
    """Return seconds of audio, of the processor, and of the clock."""
    cpu, wall = time.process_time(), time.perf_counter()
    audio = speak()
    return audio, time.process_time() - cpu, time.perf_counter() - wall


def _ours_or_mlx(engine: str, model: str) -> Callable[[int], float]:
    speaker = engines.ENGINES[engine](model)
    return lambda frames: speaker.speak([engines.SENTENCES[0]], frames)[0].audio


def _qwentts(folder: str, threads: int) -> Callable[[int], float]:
    # It comes with the package realtimetts-qwen-native-cpu, which this project does not depend on.
    from qwentts_cpp_cpu import QwenTTS  # pyright: ignore[reportMissingImports]

    at = Path(folder)
    model: Any = QwenTTS(at / "talker.gguf", at / "codec.gguf", cpu_threads=threads)

    def speak(frames: int) -> float:
        voice = model.speaker_names()[0]
        samples, rate = model.synthesize(
            text=engines.SENTENCES[0],
            lang=engines.LANGUAGE,
            speaker=voice,
            seed=1,
            max_new_tokens=frames,
        )
        return len(samples) / rate

    return speak


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("gguf", nargs="*")
    parser.add_argument("--frames", type=int, default=18, help="of 80 ms; at least 3")
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--engines", default="ours,tuned,mlx-audio")
    options = parser.parse_args()
    wanted = [(engines.KEYS[key], options.folder) for key in options.engines.split(",") if key]
    wanted += [(QWENTTS, folder) for folder in options.gguf]
    print(machine.header(), flush=True)
    rows: dict[tuple[str, str], list[dict[str, float]]] = {key: [] for key in wanted}
    given = {"frames": options.frames, "threads": options.threads}
    for _ in range(options.runs):
        for engine, model in wanted:
            try:
                answer = child.call(
                    "bench.peers:measure", _SECONDS, engine=engine, model=model, **given
                )
            except child.ChildFailed as error:
                print(f"{engine} {model}: {error}", file=sys.stderr, flush=True)
                continue
            print(engine, Path(model).name, answer, file=sys.stderr, flush=True)
            rows[engine, model].append(answer)
    print(_report({key: answers for key, answers in rows.items() if answers}))


def _report(rows: dict[tuple[str, str], list[dict[str, float]]]) -> str:
    def figure(answers: list[dict[str, float]], name: str) -> float:
        return median(answer[name] for answer in answers)

    heads = ("engine", "weights", "processor, s", "clock, s", "peak memory", "load", "runs")
    return table(
        heads,
        [
            (
                engine,
                Path(model).name,
                f"{figure(answers, 'cpu'):.2f}",
                f"{figure(answers, 'wall'):.2f}",
                mb(figure(answers, "resident")),
                f"{figure(answers, 'load'):.0f}",
                str(len(answers)),
            )
            for (engine, model), answers in rows.items()
        ],
    )


if __name__ == "__main__":
    main()
