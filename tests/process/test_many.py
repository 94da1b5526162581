"""Many requests at once, through the real process."""

from __future__ import annotations

import base64
import time

import pytest

from tests.support.harness import TIMEOUT, RpcError, Sidecar

TEXTS = ["Yes.", "Hello there.", "One, two, three.", "This one is a little longer."]
REQUESTS = 64


def params(index: int) -> dict[str, object]:
    """Return the params of one of 16 different requests."""
    return {"text": TEXTS[index % 4], "seed": index // 4 % 2, "maxFrames": 6 + index // 8 % 2}


def until(server: Sidecar, **figures: int) -> None:
    """Wait for a status: texts are read on their own threads, so they are not all known at once."""
    deadline = time.monotonic() + TIMEOUT
    while True:
        status = server.call("server/status")
        if {"streams": len(status["streams"]), "queued": status["queued"]} == figures:
            return
        assert time.monotonic() < deadline, status


def test_64_at_once_are_all_answered_correctly_in_bounded_memory(server: Sidecar) -> None:
    alone = {}
    for index in range(16):  # 4 texts × 2 seeds × 2 lengths
        key = str(params(index))
        alone[key] = alone.get(key) or server.call("speech/synthesize", params(index))["audio"]
    one_by_one = server.call("server/status")["memory"]["peakBytes"]
    ids = [server.request("speech/synthesize", params(index)) for index in range(REQUESTS)]
    for index, id in enumerate(ids):
        result = server.wait(id)
        assert result["audio"] == alone[str(params(index))]
        assert len(base64.b64decode(result["audio"])) == result["samples"] * 2
    status = server.call("server/status")
    assert status["streams"] == []
    assert status["queued"] == 0
    # Only eight rows at a time have caches and activations, whatever the length of the queue.
    assert status["memory"]["peakBytes"] < one_by_one + 200_000_000


def queue_ms(server: Sidecar, id: int) -> float:
    return server.wait(id)["metrics"]["queueMs"]


def test_the_urgent_is_spoken_before_what_waits(server: Sidecar) -> None:
    text = "Something that takes a while to say, and then some. " * 8
    long = {"text": text, "splitSentences": False}
    running = [server.request("speech/synthesize", {**long, "seed": i}) for i in range(8)]
    until(server, streams=8, queued=0)
    waiting = [
        server.request(
            "speech/synthesize",
            {"text": "Yes.", "maxFrames": 5, "seed": i, "priority": priority},
        )
        for i, priority in enumerate(["low", "normal", "high"])
    ]
    until(server, streams=8, queued=3)
    server.notify("$/cancelRequest", {"id": running[0]})  # one place for the three
    urgent = [queue_ms(server, id) for id in reversed(waiting[1:])]
    for id in running[1:]:
        server.notify("$/cancelRequest", {"id": id})
    for id in running:
        with pytest.raises(RpcError, match="-32800"):
            server.wait(id)
    high, normal = urgent
    assert high < normal < queue_ms(server, waiting[0])
