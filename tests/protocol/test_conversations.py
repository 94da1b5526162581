"""A model of client and server: whatever is sent, in whatever order, each request has one answer.

The model is `tests.robustness.ledger.Ledger`: it knows the answers that are owed and the messages
that may come. It records every frame before the frame is written, and it checks every message.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from random import Random
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from tests.robustness.expectation import expected
from tests.robustness.ledger import Ledger
from tests.robustness.peer import Peer
from tests.support.harness import TIMEOUT, Message, frame

MOST_IN_FLIGHT = 20
TEXTS = st.sampled_from(["Yes.", "One, two, three.", "Ä 😀", "12"])
WRONG: list[Message] = [
    {"text": ""},
    {"text": 5},
    {"text": "Hi.", "speed": 2},
    {"text": "Hi.", "voice": "nobody"},
    {"text": "Hi.", "maxFrames": 0},
    {"text": "Hi.", "partialResultToken": 1.5},
    {"text": "Hi.", "model": "./no/such/folder"},
]
BODIES = [b"", b"{", b"[]", b"null", b'{"jsonrpc":"2.0","id":1,"method":"ping"', b"\xff", b"{}"]


class Client:
    """A client that numbers and writes frames; every id is new unless a test reuses one."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.peer = Peer(self.ledger)
        self._numbers = iter(range(10**9))
        self.peer.initialize()

    def new_id(self, text: bool = False) -> int | str:
        number = next(self._numbers)
        return f"id {number}" if text else number

    def frame(self, message: Any) -> bytes:
        """Record a frame in the ledger and return it; it must be written before the next one."""
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        self.ledger.send(next(self._numbers), body, expected(body))
        return frame(body)

    def send(self, *messages: Any, size: int | None = None) -> None:
        """Send a frame in one write, or in pieces of `size` bytes."""
        data = b"".join([self.frame(message) for message in messages])
        for at in range(0, len(data), size or len(data)):
            self.peer.write(data[at : at + (size or len(data))])

    def pass_ping(self) -> None:
        """Send a ping; its answer comes after those of all requests with immediate answers."""
        number = next(self._numbers)
        self.peer.write(frame(self.ledger.sentinel(number)))
        self.ledger.wait_passed(number, TIMEOUT)

    def settle(self) -> None:
        """Check that every request has had its one answer, and that nothing comes after them."""
        self.ledger.wait_owed(0, TIMEOUT)
        self.pass_ping()
        assert self.ledger.unanswered() == []


def request(id: Any, method: str, params: Any = None) -> Message:
    message = {"jsonrpc": "2.0", "id": id, "method": method}
    return message if params is None else message | {"params": params}


def cancel(id: Any) -> Message:
    return {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": id}}


class Conversations(RuleBasedStateMachine):
    """All examples use one process; the next one begins when no answer is outstanding."""

    client: ClassVar[Client]

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[int | str] = []
        self.tokens: list[int | str] = []

    def speak(self, id: Any, **params: Any) -> Message:
        self.ids.append(id)
        if params.get("partialResultToken") is None:
            params.pop("partialResultToken", None)
        else:
            self.tokens.append(params["partialResultToken"])
        return request(id, "speech/synthesize", params)

    @rule(text=st.booleans(), method=st.sampled_from(["ping", "server/status", "voice/list"]))
    def ask(self, text: bool, method: str) -> None:
        self.ids.append(id := self.client.new_id(text))
        self.client.send(request(id, method))

    @rule(
        text=TEXTS,
        streamed=st.booleans(),
        frames=st.integers(1, 5),
        seed=st.integers(0, 9),
        chunk=st.none()
        | st.builds(lambda n: {"firstFrames": n, "maxFrames": 2}, st.integers(1, 3)),
        priority=st.sampled_from(["low", "normal", "high"]),
        cancelled=st.sampled_from([False, False, True]),
    )
    def synthesize(
        self,
        text: str,
        streamed: bool,
        frames: int,
        seed: int,
        chunk: Message | None,
        priority: str,
        cancelled: bool,
    ) -> None:
        id = self.client.new_id(text="Y" in text)
        token = self.client.new_id(text=seed % 2 == 0) if streamed else None
        speech = self.speak(
            id, text=text, partialResultToken=token, maxFrames=frames, seed=seed, chunk=chunk,
            priority=priority,
        )  # fmt: skip
        self.client.ledger.wait_owed(MOST_IN_FLIGHT, TIMEOUT)
        self.client.send(*([speech, cancel(id)] if cancelled else [speech]))

    @rule(data=st.data())
    def cancel_one(self, data: st.DataObject) -> None:
        known = st.sampled_from(self.ids) if self.ids else st.nothing()
        self.client.send(cancel(data.draw(known | st.sampled_from(["nobody", -1, "0"]))))

    @rule(data=st.data())
    def use_an_id_again(self, data: st.DataObject) -> None:
        if self.ids:
            self.client.send(request(data.draw(st.sampled_from(self.ids)), "ping"))

    @rule(data=st.data(), load=st.booleans())
    def use_a_token_again(self, data: st.DataObject, load: bool) -> None:
        if not self.tokens:
            return
        token, id = data.draw(st.sampled_from(self.tokens)), self.client.new_id()
        if load:
            params = {"model": "tiny-voice", "workDoneToken": token}
            self.client.send(request(id, "model/load", params))
        else:
            self.client.send(self.speak(id, text="Again.", maxFrames=2, partialResultToken=token))

    @rule(params=st.sampled_from(WRONG), method=st.sampled_from(["speech/synthesize", "no/such"]))
    def ask_for_what_is_wrong(self, params: Message, method: str) -> None:
        self.client.send(request(self.client.new_id(), method, params))

    @rule(body=st.sampled_from(BODIES))
    def send_what_is_no_request(self, body: bytes) -> None:
        self.client.send(body)
        self.client.pass_ping()

    @rule(method=st.sampled_from(["ping", "initialized", "no/such", "$/cancelRequest"]))
    def notify(self, method: str) -> None:
        self.client.send({"jsonrpc": "2.0", "method": method})
        self.client.send({"jsonrpc": "2.0", "id": 0, "result": None})

    @rule(count=st.integers(2, 12), size=st.none() | st.integers(1, 40), frames=st.integers(1, 3))
    def send_many(self, count: int, size: int | None, frames: int) -> None:
        asked = [request(self.client.new_id(), "ping") for _ in range(count)]
        token = self.client.new_id()
        speech = self.speak(
            self.client.new_id(), text="Many.", maxFrames=frames, partialResultToken=token
        )
        self.client.send(*asked, speech, *asked[:1], size=size)

    @rule()
    def wait(self) -> None:
        self.client.pass_ping()

    def teardown(self) -> None:
        self.client.settle()


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    client = Client()
    with client.peer:
        client.send(request("warm", "speech/synthesize", {"text": "Hi.", "maxFrames": 1}))
        client.settle()
        yield client
        client.settle()
        assert client.peer.finish() == 0


def test_every_conversation_has_one_answer_for_each_request(client: Client) -> None:
    Conversations.client = client
    machine = Conversations.TestCase
    machine.settings = settings(max_examples=25, stateful_step_count=25)
    machine().runTest()
    counts = client.ledger.counts
    kinds = ("result: ping", "progress: audio", "error: cancelled", "error: duplicateId")
    assert all(counts[kind] for kind in (*kinds, "error: tokenInUse")), counts


@given(
    seed=st.integers(0, 10**6),
    steps=st.integers(0, 12),
    ending=st.sampled_from(["shutdown, exit", "exit", "closeStdin", "shutdown, closeStdin"]),
)
@settings(max_examples=8)
def test_an_end_at_any_time_answers_all_that_was_sent(seed: int, steps: int, ending: str) -> None:
    with ExitStack() as stack:
        client = Client()
        stack.enter_context(client.peer)
        talk(client, Random(seed), steps)
        client.peer.ending()
        if "shutdown" in ending:
            client.send(request("last", "shutdown"))
            talk(client, Random(seed), 2)
        if "exit" in ending:
            client.send({"jsonrpc": "2.0", "method": "exit"})
        code = client.peer.finish(close="exit" not in ending)
        assert code == (1 if ending == "exit" else 0)
        client.ledger.wait_owed(0, 0.1)


def talk(client: Client, random: Random, steps: int) -> None:
    for _ in range(steps):
        id = client.new_id()
        params: Message = {"text": "One, two, three.", "maxFrames": random.randint(1, 30)}
        if random.random() < 0.5:
            params["partialResultToken"] = id
        match random.randrange(4):
            case 0:
                client.send(request(id, "ping"))
            case 1:
                client.send(request(id, "speech/synthesize", params), cancel(id))
            case _:
                client.send(request(id, "speech/synthesize", params))
