"""The WebSocket's door of a replica, without Ray: who may come in, what it refuses, and its end."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from qwen_tts_cluster.backends.sidecar import SidecarBackend
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from tests.cluster.door.serving import KEY, Door, door
from tests.cluster.wire import Message, Stream, Wire
from tests.support.command import COMMAND

pytestmark = pytest.mark.hosts

BACKEND = {"sidecar": {"command": COMMAND}}
TEXT = "The river was quiet in the morning, and nobody had opened the window. " * 3


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """Yield a replica of two sockets and two speeches at most."""
    keys = tmp_path_factory.mktemp("keys") / "keys.json"
    keys.write_text(json.dumps([{"name": "a test", "key": KEY}]))
    limits = {"maxSockets": 2, "maxStreams": 2, "maxCreditMs": 2000}
    access = {"origins": ["https://good.example"], "keysFile": str(keys)}
    with door(backend=BACKEND, limits=limits, access=access, models=["tiny-voice"]) as opened:
        yield opened


def address(opened: Door) -> str:
    return opened.url.removeprefix("http://")


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"key": "another"}, 401),
        ({"key": None}, 401),
        ({"subprotocols": None}, 400),
        ({"origin": "https://bad.example"}, 403),
        ({}, None),
        ({"origin": "https://good.example"}, None),
        ({"key": None, "subprotocols": ["qwen-tts.v1", f"qwen-tts.token.{KEY}"]}, None),
    ],
)
def test_who_may_come_in(shared: Door, changed: dict[str, Any], status: int | None) -> None:
    given = {"key": KEY, "subprotocols": ["qwen-tts.v1"], "origin": None, **changed}

    async def knock() -> None:
        names = [Subprotocol(name) for name in given["subprotocols"] or []]
        async with connect(
            f"ws://{address(shared)}/",
            additional_headers={"Authorization": f"Bearer {given['key']}"} if given["key"] else {},
            subprotocols=names or None,
            origin=Origin(given["origin"]) if given["origin"] else None,
        ) as socket:
            assert socket.subprotocol == "qwen-tts.v1"

    if status is None:
        asyncio.run(knock())
        return
    with pytest.raises(InvalidStatus) as refused:
        asyncio.run(knock())
    assert refused.value.response.status_code == status
    assert KEY.encode() not in refused.value.response.body


def test_one_socket_too_many_is_refused(shared: Door) -> None:
    async def run() -> None:
        async with Wire(address(shared)), Wire(address(shared)):
            with pytest.raises(InvalidStatus) as refused:
                await Wire(address(shared)).__aenter__()
            assert refused.value.response.status_code == 503

    asyncio.run(run())


@pytest.mark.parametrize(
    ("method", "params", "kind"),
    [
        ("voice/create", {"voice": "Anna"}, "methodNotFound"),
        ("model/delete", {"model": "tiny-voice"}, "methodNotFound"),
        ("speech/synthesize", {"text": "a", "model": "/etc"}, "unknownModel"),
        ("speech/synthesize", {"text": "a", "creditMs": None}, "invalidParams"),
        ("speech/synthesize", {"text": "a", "speed": 9}, "invalidParams"),
    ],
)
def test_what_is_refused(shared: Door, method: str, params: Message, kind: str) -> None:
    async def run() -> None:
        async with Wire(address(shared)) as wire:
            more = {"partialResultToken": 7, "creditMs": 100}
            error = await wire.refused(method, **(more if "text" in params else {}) | params)
            assert error["data"]["type"] == kind

    asyncio.run(run())


def test_one_speech_too_many_is_refused_and_credit_bounds_the_others(shared: Door) -> None:
    async def run() -> None:
        async with Wire(address(shared)) as wire:
            # More than the door lets go without a sign that it is read.
            streams = [await wire.speak(TEXT, credit=1e6 if n else 500) for n in range(2)]
            await streams[1].audible()
            third = await wire.speak("One more.")
            await third.ended.wait()
            assert third.error == "queueFull"
            await wire.cancel(streams[1])
            await streams[1].ended.wait()
            assert streams[1].error == "cancelled"
            # 500 ms, and what is left of the chunk in which they ended.
            assert 0 < len(streams[0].audio) <= (500 + 960) * 48
            await wire.read(streams[0])
            assert streams[0].error is None
            assert wire.strays == []
        assert shared.service.meter.streams == 0

    asyncio.run(run())


def test_a_sidecar_that_dies_is_started_again(shared: Door) -> None:
    async def run() -> None:
        backend = shared.service.backend
        assert isinstance(backend, SidecarBackend)
        async with Wire(address(shared)) as wire:
            stream = await wire.speak(TEXT)
            await stream.audible()
            pid = backend.sidecar.pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            await stream.ended.wait()
            assert stream.error == "sidecarExited"
            again = await wire.read(await wire.speak("Hello again."))
            assert again.error is None

    asyncio.run(run())


def test_a_replica_that_goes_lets_speech_end_and_closes() -> None:
    with door(backend=BACKEND) as opened:
        asyncio.run(_drain(opened))


async def _drain(opened: Door) -> None:
    async with Wire(address(opened)) as busy, Wire(address(opened)) as idle:
        stream: Stream = await busy.speak(TEXT, credit=300)
        await stream.audible()
        opened.loop.call_soon_threadsafe(opened.service.drain)
        await idle.reading
        assert idle.close_code == 1001
        assert (await busy.refused("server/status"))["data"]["type"] == "shuttingDown"
        with pytest.raises(InvalidStatus) as refused:
            await Wire(address(opened)).__aenter__()
        assert refused.value.response.status_code == 503
        await busy.read(stream)
        assert stream.error is None, "it ends whole"
        await busy.reading
        assert busy.close_code == 1001


def test_speech_that_outlasts_the_grace_gets_its_answer() -> None:
    with door(backend=BACKEND, limits={"drainSeconds": 0.2}) as opened:
        asyncio.run(_outlast(opened))


async def _outlast(opened: Door) -> None:
    async with Wire(address(opened)) as wire:
        stream = await wire.speak(TEXT, credit=300)
        await stream.audible()
        opened.loop.call_soon_threadsafe(opened.service.drain)
        await wire.reading
        assert stream.error == "cancelled"
        assert wire.close_code == 1001
