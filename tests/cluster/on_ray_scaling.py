"""Scaling 1, 2, 1 under load, by the streams of the replicas: no stream and no socket is cut."""

from __future__ import annotations

import asyncio
import contextlib

from websockets.exceptions import ConnectionClosed

from tests.cluster.running import Cluster, settings
from tests.cluster.wire import Stream, Wire

TEXT = "The river was quiet in the morning, and nobody had opened the window."
SCALING = {
    "minReplicas": 1,
    "maxReplicas": 2,
    "targetStreams": 8,
    # A busy machine starves each stream, which would ask for replicas for ever.
    "minAheadSeconds": -1000,
    "upscaleDelaySeconds": 1,
    "downscaleDelaySeconds": 2,
}


def test_replicas_come_and_go_and_nothing_is_cut(cluster: Cluster, loop: asyncio.Runner) -> None:
    wanted = settings("scaled", scaling=SCALING, limits={"drainSeconds": 120})
    cluster.run("/scaled", wanted)
    try:
        loop.run(_scale(cluster))
    finally:
        cluster.delete("scaled")


class Speaker:
    """A client that speaks one text after the other, and connects again when its server goes."""

    def __init__(self, address: str) -> None:
        self._address = address
        self.is_needed = True
        self.whole = 0
        self.faults: list[object] = []
        self.codes: list[int | None] = []

    async def run(self) -> None:
        while self.is_needed:
            async with Wire(self._address, "/scaled") as wire:
                while self.is_needed and await self._speak(wire):
                    pass
            self.codes.append(wire.close_code)
            self.faults += wire.strays

    async def _speak(self, wire: Wire) -> bool:
        """Speak once; return whether the socket may be used again."""
        try:
            stream: Stream = await wire.read(await wire.speak(TEXT, seed=1))
        except ConnectionClosed:
            return False
        if stream.error is None:
            self.whole += 1
            return True
        # A request that the server had not begun when it went.
        begun = stream.error == "lost" and (stream.chunks > 0 or wire.close_code != 1001)
        if begun or stream.error not in ("shuttingDown", "lost"):
            self.faults.append(stream.answers)
        return False


async def _scale(cluster: Cluster) -> None:
    """Have ten clients come and one stay; both replicas have busy sockets and idle ones."""
    speakers = [Speaker(cluster.address) for _ in range(10)]
    async with asyncio.TaskGroup() as group, contextlib.AsyncExitStack() as stack:
        for speaker in speakers:
            group.create_task(speaker.run())
        await _until(cluster, RUNNING=2)
        wires = [
            await stack.enter_async_context(Wire(cluster.address, "/scaled")) for _ in range(8)
        ]
        slow = [group.create_task(_speak_slowly(wire)) for wire in wires[:5]]
        for speaker in speakers[1:]:
            speaker.is_needed = False
        await _until(cluster, RUNNING=1)
        speakers[0].is_needed = False
        assert [await error for error in slow] == [None] * len(slow)
    assert [speaker.faults for speaker in speakers] == [[]] * len(speakers)
    assert all(speaker.whole for speaker in speakers)
    codes = [code for speaker in speakers for code in speaker.codes]
    ends = [wire.close_code for wire in wires]
    print(f"{sum(speaker.whole for speaker in speakers)} whole, closed with {codes} and {ends}")
    assert set(codes) | set(ends) == {1000, 1001}


async def _speak_slowly(wire: Wire) -> str | None:
    """Speak for some ten seconds, and return the type of the error if there was one."""
    stream = await wire.speak(" ".join([TEXT] * 4), seed=1, credit=500)
    return (await wire.read(stream, pause=lambda: 0.5)).error


async def _until(cluster: Cluster, **wanted: int) -> None:
    """Wait until so many replicas are in these states, and none in another one."""
    async with asyncio.timeout(180):
        while await asyncio.to_thread(cluster.states, "scaled") != wanted:
            await asyncio.sleep(0.3)
