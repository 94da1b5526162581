"""Speech by WebSockets: whole, apart from each other, and bounded."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter

from tests.cluster.running import IS_LONG, Cluster
from tests.cluster.spoken import Request, Spoken, requests
from tests.cluster.wire import Message, Stream, Wire

CLIENTS, REQUESTS, TEXTS = (32, 1000, 100) if IS_LONG else (8, 64, 16)
UNREAD_SECONDS = 60 if IS_LONG else 5
LONG_TEXT = "The river was quiet in the morning, and nobody had opened the window. " * 40


def test_many_clients_get_what_one_process_says(
    cluster: Cluster, spoken: Spoken, loop: asyncio.Runner
) -> None:
    pool = requests(TEXTS, seed=1)
    expected = loop.run(spoken.of(pool))
    before = {process.pid for process in cluster.replicas()}
    started = time.monotonic()
    outcomes = loop.run(_crowd(cluster.address, pool, expected))
    print(f"{REQUESTS} requests of {CLIENTS} clients in {time.monotonic() - started:.0f} s:")
    print(dict(outcomes))
    assert sum(outcomes.values()) == REQUESTS
    assert outcomes.keys() <= {"whole", "slow", "cancelled", "too late to cancel"}
    assert {"whole", "slow", "cancelled"} <= outcomes.keys()
    assert {process.pid for process in cluster.replicas()} == before


async def _crowd(address: str, pool: list[Request], expected: dict[Request, bytes]) -> Counter[str]:
    left = iter(range(REQUESTS))
    outcomes: Counter[str] = Counter()

    async def client(number: int) -> None:
        draw = random.Random(number)
        async with Wire(address) as wire:
            for _ in left:
                request = draw.choice(pool)
                kind = draw.choices(("whole", "slow", "cancelled"), (6, 2, 2))[0]
                outcomes[await _one(wire, request, kind, expected[request], draw)] += 1
        assert wire.strays == []

    async with asyncio.TaskGroup() as group:
        for number in range(CLIENTS):
            group.create_task(client(number))
    return outcomes


async def _one(
    wire: Wire, request: Request, kind: str, expected: bytes, draw: random.Random
) -> str:
    """Make one request, check its audio, and return what became of it."""
    text, seed = request
    credit = 200 if kind == "slow" else 5000
    stream = await wire.speak(text, seed=seed, credit=credit)
    if kind == "cancelled":
        await _until_chunks(stream, draw.randint(0, 3))
        if not stream.ended.is_set():
            await wire.cancel(stream)
    await wire.read(stream, pause=(lambda: draw.uniform(0, 0.2)) if kind == "slow" else None)
    if kind == "cancelled" and stream.error == "cancelled":
        assert expected.startswith(bytes(stream.audio))
        return kind
    assert stream.error is None, stream.answers
    assert bytes(stream.audio) == expected
    return "too late to cancel" if kind == "cancelled" else kind


async def _until_chunks(stream: Stream, chunks: int) -> None:
    while stream.chunks < chunks and not stream.ended.is_set():
        stream.changed.clear()
        await stream.changed.wait()


def test_a_client_that_reads_nothing_costs_a_bounded_amount_and_no_disk(
    cluster: Cluster, loop: asyncio.Runner
) -> None:
    """Each of its streams may have 10 s of audio and what is played meanwhile on its way, however
    much it grants: 48 KB for a second."""
    loop.run(_unread(cluster))


async def _unread(cluster: Cluster) -> None:
    streams = 6
    before = cluster.memory()
    async with Wire(cluster.address) as wire:
        wire.socket.transport.pause_reading()
        for number in range(streams):
            await wire.speak(LONG_TEXT, credit=1e7, seed=number)
        peak, started = 0, time.monotonic()
        while (passed := time.monotonic() - started) < UNREAD_SECONDS:
            await asyncio.sleep(1)
            peak = max(peak, cluster.memory() - before)
            async with Wire(cluster.address) as other:
                stream = await other.read(await other.speak("Hello."))
                assert stream.error is None
        bound = streams * (10 + passed) * 48_000
        print(f"unread for {passed:.0f} s: {peak / 1e6:.1f} MB more, audio {bound / 1e6:.1f} MB")
        assert cluster.spilled() == []
        # And what the streams take for themselves, the sidecar's share included.
        assert peak < bound + 80e6
        wire.socket.transport.abort()


def test_the_end_of_a_connection_cancels_what_it_had_asked_for(
    cluster: Cluster, loop: asyncio.Runner
) -> None:
    loop.run(_abort(cluster))


async def _abort(cluster: Cluster) -> None:
    async with Wire(cluster.address, session="a session") as same_replica:
        async with Wire(cluster.address, session="a session") as wire:
            streams = [await wire.speak(LONG_TEXT, credit=1e6) for _ in range(3)]
            await streams[0].audible()
            assert _running(await same_replica.call("server/status")) == 3
            wire.socket.transport.abort()
        deadline = time.monotonic() + 20
        while _running(await same_replica.call("server/status")):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)


def _running(status: Message) -> int:
    return len(status["streams"]) + status["queued"]


def test_a_session_keeps_to_one_replica(cluster: Cluster, loop: asyncio.Runner) -> None:
    async def sidecars(session: str) -> list[float]:
        """Return which sidecars answer, by the times when they were started."""
        found: list[float] = []
        for _ in range(4):
            async with Wire(cluster.address, session=session) as wire:
                found.append(await wire.started_at())
        return found

    async def all_of_them() -> list[list[float]]:
        return [await sidecars(f"session {number}") for number in range(6)]

    assert all(max(times) - min(times) < 0.5 for times in loop.run(all_of_them()))
