"""Deaths: of a sidecar, and of a replica. Each costs its own streams only, and for seconds."""

from __future__ import annotations

import asyncio

import psutil

from tests.cluster.running import Cluster, eventually
from tests.cluster.wire import Stream, Wire

LONG_TEXT = "The river was quiet in the morning, and nobody had opened the window. " * 6
# A busy machine has needed half a minute for another replica.
_SECONDS = 90.0


def test_the_death_of_a_sidecar_ends_its_own_streams_with_a_typed_error(
    cluster: Cluster, loop: asyncio.Runner
) -> None:
    loop.run(_kill_sidecar(cluster))


async def _kill_sidecar(cluster: Cluster) -> None:
    replicas = cluster.replicas()
    wires = await _open(cluster, 4)
    try:
        streams = await _begin(wires)
        (child,) = replicas[0].children()
        child.kill()
        ended = await _read(wires, streams)
        errors = [stream.error for stream in ended]
        assert set(errors) == {None, "sidecarExited"}, errors
        # The sockets stay, and a new sidecar answers on each of them.
        again = await _read(wires, await _begin(wires, "Hello again."))
        assert [stream.error for stream in again] == [None] * 4
        assert all(wire.strays == [] for wire in wires)
    finally:
        await _close(wires)
    assert {p.pid for p in cluster.replicas()} == {p.pid for p in replicas}


def test_the_death_of_a_replica_ends_its_own_sockets_only(
    cluster: Cluster, loop: asyncio.Runner
) -> None:
    loop.run(_kill_replica(cluster))


async def _kill_replica(cluster: Cluster) -> None:
    victim, other = cluster.replicas()
    (child,) = victim.children()
    wires = await _open(cluster, 4)
    try:
        streams = await _begin(wires)
        victim.kill()
        ended = await _read(wires, streams)
        errors = [stream.error for stream in ended]
        assert set(errors) == {None, "lost"}, errors
        async with Wire(cluster.address) as wire:  # The other replica answers at once.
            stream = await wire.read(await wire.speak("Hello again."))
            assert stream.error is None
    finally:
        await _close(wires)
    eventually(lambda: _has_ended(child), _SECONDS)
    eventually(lambda: cluster.states("speech").get("RUNNING") == 2, _SECONDS)
    assert other in cluster.replicas()
    assert len(cluster.replicas()) == 2


async def _open(cluster: Cluster, most: int) -> list[Wire]:
    """Return sockets, of which each replica has some.

    Which replica a socket has is known by the start of its sidecar.
    """
    wires: list[Wire] = []
    chosen: dict[float, int] = {}
    while len(wires) < most:
        wire = await Wire(cluster.address).__aenter__()
        started = await wire.started_at()
        known = next((time for time in chosen if abs(time - started) < 0.5), started)
        if chosen.get(known, 0) >= most // 2:
            await wire.__aexit__()
            continue
        chosen[known] = chosen.get(known, 0) + 1
        wires.append(wire)
    assert len(chosen) == 2
    return wires


async def _begin(wires: list[Wire], text: str = LONG_TEXT) -> list[Stream]:
    """Begin a speech on each socket, and wait until each has audio."""
    streams = [await wire.speak(text, seed=number) for number, wire in enumerate(wires)]
    for stream in streams:
        await stream.audible()
    return streams


async def _read(wires: list[Wire], streams: list[Stream]) -> list[Stream]:
    pairs = zip(wires, streams, strict=True)
    return list(await asyncio.gather(*(wire.read(stream) for wire, stream in pairs)))


async def _close(wires: list[Wire]) -> None:
    for wire in wires:
        await wire.__aexit__()


def _has_ended(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
