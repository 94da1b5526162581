"""`python -m bench.startup`: from spawn to the handshake's answer, and to the first audio, cold."""

from __future__ import annotations

import statistics
import time
from typing import Any

from bench import engines, sidecars, suite
from bench.markdown import ms, table
from bench.options import Options

TITLE = "Start-up"


def spawn(model: str, seconds: float) -> tuple[float, float]:
    """Return seconds from spawn to the handshake's answer, and to the first audio."""
    voice = engines.first_voice(model)
    start = time.perf_counter()
    with sidecars.running(model, seconds) as tts:
        handshake = time.perf_counter() - start
        for _ in tts.synthesize("Hello there.", voice=voice, seed=1, max_frames=1):
            return handshake, time.perf_counter() - start
    raise AssertionError("there was no audio")


def run(options: Options) -> dict[str, Any]:
    count = options.run_count(full=15, quick=3)
    handshakes, audios = zip(
        *(spawn(options.model, options.seconds()) for _ in range(count)), strict=True
    )
    return {"runs": count, "handshake": handshakes, "first audio": audios}


def report(result: dict[str, Any]) -> str:
    rows = [
        (f"from spawn to the {name}", ms(statistics.median(seconds)), ms(max(seconds)))
        for name, seconds in (
            ("handshake's answer", result["handshake"]),
            ("first audio (imports and loading included)", result["first audio"]),
        )
    ]
    return table(("", "median", f"worst of {result['runs']}"), rows)


if __name__ == "__main__":
    suite.main(["startup"])
