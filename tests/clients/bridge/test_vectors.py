"""The conversations of protocol/vectors/websocket, with the bridge and a real sidecar."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.clients.bridge.running import Bridge, Client
from tests.protocol.patterns import matches
from tests.protocol.vectors import FOLDER, Conversation, Vector
from tests.support.harness import Message

VECTORS = [Vector.read(file) for file in sorted((FOLDER / "websocket").glob("*.jsonl"))]


class Runner:
    """A runner of one conversation."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._clients: dict[str, Client] = {}
        self._conversations: dict[str, Conversation] = {}
        self._kept: dict[str, Message] = {}

    def step(self, step: Message) -> None:
        name = step.pop("on", "a")
        match step:
            case {"connect": options, "expectStatus": status}:
                with pytest.raises(InvalidStatus) as refused:
                    self._connect(name, options)
                assert refused.value.response.status_code == status
            case {"connect": options}:
                self._connect(name, options)
            case {"expect": pattern}:
                message = self._next(name)
                assert matches(pattern, message, {}), f"{message} is not {pattern}"
            case {"skip": pattern}:
                while matches(pattern, message := self._next(name), {}):
                    pass
                self._kept[name] = message
            case {"close": code}:
                self._clients[name].socket.close(code)
            case {"expectClose": code}:
                with pytest.raises(ConnectionClosed):
                    self._clients[name].socket.recv()
                assert self._clients[name].socket.close_code == code
            case _:
                self._send(name, step)

    def _connect(self, name: str, options: dict[str, Any]) -> None:
        options = {"token_in" if key == "tokenIn" else key: value for key, value in options.items()}
        self._clients[name] = Client(self._address, **options)
        self._conversations[name] = Conversation()

    def _send(self, name: str, step: Message) -> None:
        socket = self._clients[name].socket
        match step:
            case {"send": message}:
                self._conversations[name].sent(message)
                socket.send(json.dumps(message))
            case {"sendText": text}:
                socket.send(text)
            case {"sendBinary": data}:
                socket.send(base64.b64decode(data))
            case _:
                raise AssertionError(f"there is no step {step}")

    def _next(self, name: str) -> Message:
        kept = self._kept.pop(name, None)
        if kept is not None:
            return kept
        message = self._clients[name].next()
        conversation = self._conversations[name]
        if "audio" in message:
            audio = message["audio"]
            token = audio["token"]
            (stream,) = (s for s in conversation.streams.values() if s.token == token)
            assert audio["seq"] == stream.chunks
            stream.chunks += 1
            stream.samples += audio["samples"]
            stream.frames += audio["frames"]
        else:
            conversation.received(dict(message))
        return message


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.file.stem)
def test_vector(vector: Vector, shared: Bridge) -> None:
    runner = Runner(shared.address)
    for number, step in vector.steps:
        try:
            runner.step(dict(step))
        except AssertionError as error:
            raise AssertionError(f"{vector.file.name}:{number}: {error}") from error
