"""The client over a WebSocket, with servers that misbehave."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from typing import Any

import pytest

from client_tests.fake_sidecar import SERVER
from client_tests.support import QUICK, Events, fails, within
from qwen_tts_client import (
    RestartEvent,
    SidecarDisconnectedError,
    SidecarError,
    SidecarProtocolError,
    SidecarStartError,
    connect,
)

pytest.importorskip("websockets")
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

TOKEN = "a-token"


@asynccontextmanager
async def misbehaving(
    answer: Callable[[ServerConnection, int], Awaitable[None]],
    max_size: int | None = 2**20,
) -> AsyncIterator[str]:
    """Serve as `answer` does, which gets each request's id; `initialize` is answered correctly."""

    async def handle(socket: ServerConnection, message: dict[str, Any]) -> None:
        if message["method"] == "initialize":
            await socket.send(json.dumps({"jsonrpc": "2.0", "id": 1, "result": SERVER}))
        elif "id" in message:
            await answer(socket, message["id"])

    async def converse(socket: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            async for text in socket:
                await handle(socket, json.loads(text))

    names = [Subprotocol("qwen-tts.v1")]
    async with serve(converse, "127.0.0.1", 0, subprotocols=names, max_size=max_size) as server:
        yield f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"


async def pong(socket: ServerConnection, id: int) -> None:
    await socket.send(json.dumps({"jsonrpc": "2.0", "id": id, "result": {"uptimeMs": 1}}))


async def test_a_connection_that_is_lost_is_made_again() -> None:
    lost: list[int] = []
    exits, restarts = Events(), Events()

    async def answer(socket: ServerConnection, id: int) -> None:
        if lost:
            await pong(socket, id)
        else:
            lost.append(id)
            socket.transport.abort()

    async with (
        misbehaving(answer) as url,
        connect(url, TOKEN, restart=QUICK, on_exit=exits, on_restart=restarts) as remote,
    ):
        await fails(remote.ping(), SidecarDisconnectedError, "ended with 1006")
        assert (await within(remote.ping())).uptime_ms == 1
        assert (await exits.next()).will_restart
        assert await restarts.next() == RestartEvent(None, 1)


async def test_a_connection_that_cannot_be_made_again_is_given_up() -> None:
    async def answer(socket: ServerConnection, id: int) -> None:
        await socket.close(1011, "out of order")

    async with misbehaving(answer) as url, connect(url, TOKEN, restart=QUICK) as remote:
        for _ in range(5):
            await fails(remote.ping(), SidecarDisconnectedError, "ended with 1011: out of order")
        match = "out of order. It was lost too often and is not made again"
        await fails(remote.ping(), SidecarDisconnectedError, match)


async def test_a_connection_that_ends_while_much_is_being_sent_is_noticed() -> None:
    async with (
        misbehaving(pong, max_size=1000) as url,
        connect(url, TOKEN, restart=QUICK) as remote,
    ):
        speech = remote.synthesize("x" * 2**23)
        await fails(speech.final(), SidecarDisconnectedError, "ended with 10")
        assert (await within(remote.ping())).uptime_ms == 1


async def test_binary_messages_of_later_kinds_are_ignored_and_short_ones_end_it() -> None:
    async def later(socket: ServerConnection, id: int) -> None:
        await socket.send(b"\x09 whatever")
        await pong(socket, id)

    async def short(socket: ServerConnection, id: int) -> None:
        await socket.send(b"\x01\x1c\x00")

    async with misbehaving(later) as url, connect(url, TOKEN) as remote:
        assert (await within(remote.ping())).uptime_ms == 1
    async with misbehaving(short) as url, connect(url, TOKEN, restart=False) as remote:
        await fails(remote.ping(), SidecarProtocolError, "3 bytes has no whole header")


async def test_a_server_that_is_not_there_or_refuses_is_reported() -> None:
    away = connect("ws://127.0.0.1:9", TOKEN)
    await fails(away.start(), SidecarStartError, "ws://127.0.0.1:9 cannot be reached")
    await fails(connect("http://x", TOKEN).start(), SidecarStartError, "isn't a valid URI")
    async with serve(nobody, "127.0.0.1", 0, process_request=refuse) as server:
        url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        await fails(connect(url, TOKEN).start(), SidecarStartError, "status 401: Bearer a-token!")


async def test_the_token_is_sent_to_one_server_and_is_in_no_error() -> None:
    with pytest.raises(SidecarError, match="a line break at its end may come from a file") as wrong:
        connect("ws://127.0.0.1:9", f"{TOKEN}\n")
    assert TOKEN not in str(wrong.value)
    asked: list[str] = []

    def note(socket: ServerConnection, request: Request) -> Response:
        asked.append(request.path)
        return socket.respond(HTTPStatus.NOT_FOUND, "")

    async with serve(nobody, "127.0.0.1", 0, process_request=note) as other:
        there = f"ws://127.0.0.1:{next(iter(other.sockets)).getsockname()[1]}/there"

        def redirect(socket: ServerConnection, request: Request) -> Response:
            response = socket.respond(HTTPStatus.FOUND, "")
            response.headers["Location"] = there
            return response

        async with serve(nobody, "127.0.0.1", 0, process_request=redirect) as server:
            url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
            await fails(connect(url, TOKEN).start(), SidecarStartError, "status 302")
    assert asked == []


async def nobody(_: ServerConnection) -> None:
    raise AssertionError("the connection was refused")


def refuse(socket: ServerConnection, request: Request) -> Response:
    return socket.respond(HTTPStatus.UNAUTHORIZED, f"{request.headers['Authorization']}!")
