"""Ten minutes of requests: what the cluster's processes take does not grow."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter

import numpy as np
import pytest

from tests.cluster.running import IS_LONG, Cluster
from tests.cluster.wire import Wire

_CLIENTS = 3
_WARM_UP_SECONDS, _SECONDS = 180, 600
_TEXTS = (
    "Hello there.",
    "The river was quiet in the morning.",
    "Nobody had opened the window, yet.",
)


@pytest.mark.skipif(not IS_LONG, reason="it takes 13 minutes: set QWEN_TTS_CLUSTER_LONG=1")
def test_memory_is_flat(cluster: Cluster, loop: asyncio.Runner) -> None:
    samples = loop.run(_sampled(cluster))
    times = np.array([at for at, _ in samples]) / 60
    totals = np.array([sum(sizes.values()) for _, sizes in samples]) / 1e6
    growth = float(np.polyfit(times, totals, 1)[0])
    print(f"{totals[0]:.0f} to {totals[-1]:.0f} MB, {growth:+.2f} MB a minute")
    for name, size in samples[-1][1].items():
        print(f"  {name}: {(size - samples[0][1].get(name, 0)) / 1e6:+.1f} MB, {size / 1e6:.0f} MB")
    assert growth < 2


async def _sampled(cluster: Cluster) -> list[tuple[float, Counter[str]]]:
    """Return the memory of all processes by name, every 15 s after the first minutes."""
    started = time.monotonic()
    samples: list[tuple[float, Counter[str]]] = []
    async with asyncio.TaskGroup() as group:
        clients = [group.create_task(_client(cluster.address, n)) for n in range(_CLIENTS)]
        while (passed := time.monotonic() - started) < _WARM_UP_SECONDS + _SECONDS:
            await asyncio.sleep(15)
            if passed > _WARM_UP_SECONDS:
                samples.append((passed, cluster.memory_by_process()))
        for client in clients:
            client.cancel()
    return samples


async def _client(address: str, number: int) -> None:
    """Speak and cancel, over a new connection for each ten requests."""
    draw = random.Random(number)
    while True:
        async with Wire(address) as wire:
            for _ in range(10):
                stream = await wire.speak(draw.choice(_TEXTS), seed=draw.randrange(1000))
                if draw.random() < 0.2:
                    await stream.audible()
                    await wire.cancel(stream)
                await wire.read(stream)
                assert stream.error in (None, "cancelled")
