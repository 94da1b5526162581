"""`python -m bench.startup`: from spawn to the handshake's answer, and to the first audio, cold."""

from __future__ import annotations

import statistics
import time
from typing import Any

from bench import engines, suite
from bench.client import Client
from bench.markdown import ms, table
from bench.options import Options

TITLE = "Start-up"


def spawn(model: str, seconds: float) -> tuple[float, float]:
    """Return seconds from spawn to the handshake's answer, and to the first audio."""
    voice = engines.first_voice(model)
    start = time.perf_counter()
    arrivals: list[float] = []
    with Client(model, seconds) as client:
        client.initialize()
        handshake = time.perf_counter() - start
        client.speak(
            lambda _: arrivals.append(time.perf_counter() - start),
            text="Hello there.",
            voice=voice,
            seed=1,
            maxFrames=1,
        )
    return handshake, arrivals[0]


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
