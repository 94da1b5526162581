"""What the protocol costs: bytes and CPU seconds per second of audio, against the bare engine.

The real process, over pipes: JSON, base64 and all, with a client that decodes every chunk. The
bare engine says the same sentences, with the same seeds, in the process that measures.
"""

from __future__ import annotations

import os
import time
from typing import Any

from bench import child, engines, sidecars, suite
from bench.markdown import failures, medians, table
from bench.options import Options
from bench.sidecars import Wire

TITLE = "The protocol's share"
ENCODINGS = ("pcm_s16le", "pcm_f32le")
_IN_PROCESS = "engine in process"


def measure(engine: str, model: str, frames: int, turns: int, seconds: float) -> dict[str, float]:
    """In a child; `engine` is an encoding, or the bare engine. Per second of audio."""
    # Idle BLAS threads spin, by chance more or less: that would drown what is looked for.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    if engine == _IN_PROCESS:
        return _measure_engine(model, frames, turns)
    return _measure_wire(engine, model, frames, turns, seconds)


def _measure_engine(model: str, frames: int, turns: int) -> dict[str, float]:
    speaker = engines.Sidecar(model)
    speaker.speak(engines.SENTENCES[:1], frames)
    cpu, start = time.process_time(), time.perf_counter()
    # One text at a time has seed 0, as on the wire.
    audio = sum(speaker.speak([text], frames)[0].audio for text in engines.SENTENCES * turns)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - start
    return {"sent": 0, "received": 0, "server": cpu / audio, "client": 0, "wall": wall / audio}


def _measure_wire(
    encoding: str, model: str, frames: int, turns: int, seconds: float
) -> dict[str, float]:
    usual: dict[str, Any] = {"encoding": encoding, "max_frames": frames, "seed": 0}
    usual |= {"language": engines.LANGUAGE, "voice": engines.first_voice(model)}
    with Wire.counting(), sidecars.running(model, seconds) as tts:
        tts.synthesize(engines.SENTENCES[0], **usual).final()
        sent, received, server = Wire.sent, Wire.received, sidecars.cpu_seconds(tts.pid)
        own, start = time.process_time(), time.perf_counter()
        results = [tts.synthesize(text, **usual).final() for text in engines.SENTENCES * turns]
        audio = sum(result.samples / result.sample_rate for result in results)
        return {
            "sent": (Wire.sent - sent) / audio,
            "received": (Wire.received - received) / audio,
            "server": (sidecars.cpu_seconds(tts.pid) - server) / audio,
            "client": (time.process_time() - own) / audio,
            "wall": (time.perf_counter() - start) / audio,
        }


def run(options: Options) -> dict[str, Any]:
    runs = options.run_count(full=5)
    answers, failed = child.alternate(
        [_IN_PROCESS, *ENCODINGS],
        runs,
        "bench.protocol:measure",
        options,
        model=options.model,
        frames=options.frames,
        turns=1 if options.quick else 2,
        seconds=options.seconds(),
    )
    rows = {engine: medians(figures) for engine, figures in answers.items()}
    return {"runs": runs, "rows": rows, "failed": failed}


def report(result: dict[str, Any]) -> str:
    header = (
        "per second of audio",
        "bytes received",
        "bytes sent",
        "CPU, server",
        "CPU, client",
        "wall",
    )
    body = [
        (
            engine,
            f"{row['received']:.0f}",
            f"{row['sent']:.0f}",
            *(f"{row[key] * 1000:.1f} ms" for key in ("server", "client", "wall")),
        )
        for engine, row in result["rows"].items()
    ]
    note = (
        f"\n\nMedian of {result['runs']} processes each, warm. Bare samples are 48,000 bytes a "
        "second as pcm_s16le and 96,000 as pcm_f32le. The server's CPU is nearly all synthesis; "
        "what the protocol adds is its difference to the first row."
    )
    return table(header, body) + note + failures(result)


if __name__ == "__main__":
    suite.main(["protocol"])
