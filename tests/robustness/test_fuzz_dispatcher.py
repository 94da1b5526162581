"""Every body that can be framed is answered as the protocol says."""

from __future__ import annotations

import json
import logging
import threading
import time
import tracemalloc
from collections import deque
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sidecar.engine.commands import Cancel
from sidecar.engine.engine import Engine
from sidecar.engine.events import Done, Failed
from sidecar.engine.request import LoadJob, SpeechJob, UnloadJob
from sidecar.errors import Cancelled, QueueFull
from sidecar.rpc.dispatcher import Dispatcher
from sidecar.rpc.session import Phase, Session
from sidecar.voices.store import VoiceStore
from sidecar.wire.framing import encode_frame
from sidecar.wire.jsonrpc import Outgoing, encode
from sidecar.wire.stdio import Outbox
from tests.robustness import mutations
from tests.robustness.expectation import DEFERRED, Kind, expected
from tests.robustness.ledger import Ledger
from tests.robustness.parsing import cut, parsed
from tests.support.harness import TIMEOUT, frame

seeds = st.integers(0, 2**32 - 1)
VECTORS = mutations.vector_bodies()


class Recorder(Outbox):
    def __init__(self) -> None:
        super().__init__()
        self.messages: deque[Outgoing] = deque()

    def put(self, message: Outgoing, size: int = 256) -> None:
        self.messages.append(message)

    def drain(self, timeout: float) -> bool:
        return True


class StillEngine(Engine):
    """An engine whose inbox the test empties, and which never speaks."""

    def start(self) -> None:
        pass

    def commands(self) -> Iterator[Any]:
        while not self._inbox.empty():
            yield self._inbox.get()


class Server:
    """The sidecar without its pipes and its engine; every message goes through a ledger."""

    def __init__(self, phase: Phase = Phase.READY) -> None:
        self.outbox, self.engine, self.ledger = Recorder(), StillEngine(), Ledger()
        self.exits: list[int] = []
        voices = VoiceStore("/nowhere/at/all")
        session = Session(self.outbox, self.engine, "tiny-voice", voices, self.exits.append)
        session.phase = phase
        self._session = session
        self._dispatcher = Dispatcher(session)
        self._jobs: list[SpeechJob | LoadJob] = []
        self._number = 0

    def take(self, body: bytes) -> None:
        self._handle(body, sentinel=False)
        self._handle(b"", sentinel=True)

    def _handle(self, body: bytes, *, sentinel: bool) -> None:
        self._number += 1
        if sentinel:
            body = json.dumps(self.ledger.sentinel(self._number)).encode()
        else:
            self.ledger.send(self._number, body, expected(body))
        self._dispatcher.handle(body)
        begun = threading.Event()
        self._session.background.in_order(begun.set)
        assert begun.wait(TIMEOUT)
        self._work()
        self._receive()

    def _work(self) -> None:
        for command in self.engine.commands():
            if isinstance(command, SpeechJob | LoadJob):
                self._jobs.append(command)
            elif isinstance(command, UnloadJob):
                command.events.put(Done())
            elif isinstance(command, Cancel) and (job := command.job) in self._jobs:
                assert isinstance(job, SpeechJob | LoadJob)
                self._jobs.remove(job)
                job.events.put(Failed(Cancelled("Cancelled.")))

    def _receive(self) -> None:
        while self.outbox.messages:
            self.ledger.receive(json.loads(encode(self.outbox.messages.popleft())))

    def finish(self) -> None:
        end = time.monotonic() + TIMEOUT
        while self._jobs or self._is_owed_an_answer():
            assert time.monotonic() < end
            self._work()
            while self._jobs:
                self._jobs.pop().events.put(Failed(QueueFull("Full.")))
        self._receive()
        assert self.ledger.unanswered() == []

    def _is_owed_an_answer(self) -> bool:
        calls = self._session.calls
        with calls.lock:
            return bool(calls.by_id)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


def request(random: Random, number: int) -> dict[str, Any]:
    """Draw a request from few ids and tokens, so that they collide."""
    id: Any = random.choice([1, 2, "1", "two", f"d{number}"])
    message = {"jsonrpc": "2.0", "id": id, "method": "speech/synthesize"}
    match random.randrange(5):
        case 0:
            return mutations.message(random, number)
        case 1:
            params = {"model": "tiny-voice", "workDoneToken": random.choice([1, "1"])}
            return message | {"method": "model/load", "params": params}
        case 2:
            return {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": id}}
        case _:
            return message | {"params": mutations.speech(random, 2, random.choice("abc"))}


def some_body(random: Random, number: int) -> bytes:
    if random.random() < 0.3:
        return mutations.body(random, number, VECTORS)
    good = request(random, number)
    bent = mutations.bent(random, good) if random.random() < 0.7 else good
    body = mutations.dumped(random, bent)
    return mutations.broken(random, body) if random.random() < 0.2 else body


def is_fit(body: bytes) -> bool:
    """Return whether a body fits: other threads make lists; a loose body must not start work."""
    what = expected(body)
    if what.kind is Kind.LOOSE:
        return not any(name.encode() in body for name in DEFERRED)
    return what.method not in ("model/list", "voice/list", "shutdown", "exit")


@given(seeds)
@settings(max_examples=150)
def test_every_body_is_answered_as_the_protocol_says(seed: int) -> None:
    random, server = Random(seed), Server()
    for number in range(30):
        body = some_body(random, number)
        if is_fit(body):
            server.take(body)
    server.finish()


texts = st.text(max_size=8) | st.sampled_from(["\ud800", "x\udfff", "😀", "\0"])
numbers = st.integers() | st.floats() | st.integers(2**60, 2**70)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(["ping", "initialize", "initialized", "server/status", "$/cancelRequest"])
params = st.dictionaries(st.sampled_from(["id", "clientInfo", "a\ud800"]), values) | values
wholes = st.fixed_dictionaries(
    {"jsonrpc": st.just("2.0"), "id": st.integers(0, 3) | texts, "method": names | texts},
    optional={"params": params, "result": values, "extra": values},
)
parts = st.fixed_dictionaries(
    {},
    optional={
        "jsonrpc": st.just("2.0") | values, "id": values, "method": names | values,
        "params": params, "result": values, "error": values,
    },
)  # fmt: skip


@given(
    st.lists(wholes | wholes | parts | values, max_size=4),
    st.sampled_from([Phase.NEW, Phase.READY]),
)
@settings(max_examples=150)
def test_every_envelope_is_answered_as_the_protocol_says(messages: list[Any], phase: Phase) -> None:
    server = Server(phase)
    for message in messages:
        server.take(json.dumps(message).encode())
    server.finish()


@given(st.integers(1, 300), st.sampled_from(["[", '{"a":']), st.booleans())
def test_deep_bodies_are_answered_once(depth: int, opening: str, closed: bool) -> None:
    closing = "]" if opening == "[" else "}"
    deep = opening * depth + "1" + closing * depth * closed
    server = Server()
    server.take(b'{"jsonrpc":"2.0","id":1,"method":"ping","params":%b}' % deep.encode())
    server.take(deep.encode())
    assert server.ledger.counts["loose bodies without an answer"] == 0
    server.finish()


def test_a_nan_is_looked_for_in_little_memory() -> None:
    """The path of the NaN contains a long name, and so do the paths of all values before it."""
    zeros = b"0," * 5000
    body = b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"%b":[%bNaN]}}' % (
        b"k" * 5000,
        zeros,
    )
    server = Server()
    tracemalloc.start()
    server.take(body)
    assert tracemalloc.get_traced_memory()[1] < 200 * len(body)
    tracemalloc.stop()
    assert server.ledger.counts["error: notFinite"] == 1


def test_the_mutations_are_framed_as_the_sidecar_reads_them() -> None:
    random = Random(0)
    bodies = [some_body(random, number) for number in range(300)]
    stream = b"".join(mutations.framed(random, body) for body in bodies)
    assert parsed(cut(stream, list(range(0, len(stream), 1000)))) == (bodies, False)
    assert frame(b"{}") == encode_frame(b"{}")
