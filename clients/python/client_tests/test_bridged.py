"""The client over a WebSocket, with the bridge and a sidecar behind it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from client_tests.support import COMMAND, LONG, Events, eventually, fails, within
from qwen_tts_client import (
    Client,
    Sidecar,
    SidecarCancelledError,
    SidecarResponseError,
    SidecarStartError,
    connect,
)

pytest.importorskip("websockets")
from qwen_tts_client.bridge.server import Bridge, BridgeOptions

pytestmark = pytest.mark.hosts

TOKEN = "a-token"


@pytest.fixture(scope="module")
def sidecar() -> Sidecar:
    """Return the sidecar behind the bridge."""
    return Sidecar(COMMAND)


@pytest.fixture(scope="module")
def bridge(loop: asyncio.AbstractEventLoop, sidecar: Sidecar) -> Iterator[Bridge]:
    """Yield a running bridge."""
    bridge = Bridge(sidecar, BridgeOptions(token=TOKEN))
    loop.run_until_complete(bridge.__aenter__())
    yield bridge
    loop.run_until_complete(bridge.__aexit__())


def client(bridge: Bridge, token: str = TOKEN, **options: Any) -> Client:
    return connect(f"ws://127.0.0.1:{bridge.port}", token, **options)


async def test_it_gives_the_same_bytes_as_stdio_and_the_same_errors(
    bridge: Bridge, tts: Sidecar
) -> None:
    async with client(bridge) as remote:
        variants: list[dict[str, Any]] = [{}, {"encoding": "flac"}]
        for params in variants:
            clients: list[Client] = [remote, tts]
            streams = [one.synthesize("Hello there. You.", seed=3, **params) for one in clients]
            there, here = [await stream.read() for stream in streams]
            assert there == here
            assert streams[0].sentences == streams[1].sentences
        async with remote.synthesize(LONG) as stream:
            assert (await anext(aiter(stream))).seq == 0
        await fails(stream.final(), SidecarCancelledError)
        error = await fails(remote.synthesize("Hi.", voice="nobody").final(), SidecarResponseError)
        assert "Unknown voice 'nobody'" in str(error)
        assert [entry.voice for entry in await remote.voices.list()] == ["slt", "rms"]
        assert remote.pid is None


async def test_a_stream_that_is_not_read_pauses_and_no_other(bridge: Bridge) -> None:
    async with client(bridge) as remote:
        whole = await remote.synthesize(LONG, seed=1, max_frames=30).read()
        stream = remote.synthesize(LONG, seed=1, max_frames=30, credit_ms=500)

        async def is_paused() -> bool:
            streams = (await remote.status()).streams
            return [one.waits_for for one in streams] == ["credit"]

        await eventually(is_paused, "the credit is spent")
        assert remote.buffered_bytes <= 48 * (500 + 960)  # and one chunk of 12 frames
        assert (await within(remote.synthesize("Hi.", max_frames=2).final())).frames == 2
        assert await stream.read() == whole


async def test_a_wrong_token_is_refused(bridge: Bridge) -> None:
    await fails(client(bridge, "wrong").start(), SidecarStartError, "with status 401: The token")


async def test_the_end_of_the_sidecar_fails_its_requests_and_the_connection_stays(
    bridge: Bridge, sidecar: Sidecar
) -> None:
    exits = Events()
    async with client(bridge, on_exit=exits) as remote:
        stream = remote.synthesize(LONG)
        chunks = aiter(stream)
        await anext(chunks)
        assert sidecar.pid is not None
        os.kill(sidecar.pid, signal.SIGKILL)
        error = await fails(stream.final(), SidecarResponseError)
        assert isinstance(error, SidecarResponseError)
        assert (error.type, error.code) == ("sidecarExited", 1018)
        assert (await within(remote.ping())).uptime_ms > 0
        assert not exits.seen
