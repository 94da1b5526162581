"""The parser and the dispatcher, in this process, against everything that may be wrong.

`tests.robustness.fuzz` does the same to a real process, with a million frames.
"""

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
from sidecar.wire.framing import HEAD_BYTES, FrameParser, FramingError, Oversized, encode_frame
from sidecar.wire.jsonrpc import Outgoing, encode
from sidecar.wire.stdio import Outbox
from tests.robustness import headers, mutations
from tests.robustness.expectation import DEFERRED, Kind, expected
from tests.robustness.ledger import Ledger
from tests.support.harness import TIMEOUT, frame

seeds = st.integers(0, 2**32 - 1)
VECTORS = mutations.vector_bodies()


# --- the parser ----------------------------------------------------------------------------

Outcome = tuple[list[bytes | Oversized], bool]


def parsed(
    portions: list[bytes], max_header: int = 4096, max_body: int = 1 << 20, most: int = 1 << 30
) -> Outcome:
    """The bodies, and whether the stream could not be followed; never anything else."""
    parser, bodies = FrameParser(max_header, max_body, most), []
    try:
        for portion in portions:
            for body in parser.feed(portion):
                bodies.append(body)
                assert isinstance(body, Oversized) or len(body) <= max_body
            assert len(parser._buffer) <= max_header + max(max_body, HEAD_BYTES)
    except FramingError:
        return bodies, True
    return bodies, False


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    places = sorted(place % (len(stream) + 1) for place in places)
    return [stream[a:b] for a, b in zip([0, *places], [*places, len(stream)], strict=True)]


@given(seeds, st.lists(st.integers(0, 10_000), max_size=12))
@settings(max_examples=200)
def test_a_bent_stream_is_read_as_the_protocol_says(seed: int, places: list[int]) -> None:
    stream = headers.bent_stream(Random(seed))
    followed = headers.follow(stream)
    bodies, failed = parsed(cut(stream, places))
    assert bodies == followed.bodies
    assert (FramingError.EXIT_CODE if failed else 0) in followed.codes


def as_frames(bodies: list[bytes], max_body: int) -> list[bytes | Oversized]:
    return [
        body if len(body) <= max_body else Oversized(len(body), body[:HEAD_BYTES])
        for body in bodies
    ]


sizes = st.sampled_from([0, 1, 63, 64, 65, 4095, 4096, 4097, 9000]) | st.integers(0, 10_000)


@given(st.lists(sizes, max_size=6), st.lists(st.integers(0, 60_000), max_size=12), st.booleans())
@settings(max_examples=200)
def test_a_body_over_the_limit_is_one_item_however_it_is_cut(
    lengths: list[int], places: list[int], cut_short: bool
) -> None:
    bodies = [bytes(65 + place % 26 for place in range(length)) for length in lengths]
    stream = b"".join(encode_frame(body) for body in bodies)
    if cut_short:
        stream = stream[: len(stream) * 2 // 3]
    followed = headers.follow(stream, max_discard=9500)
    outcome = parsed(cut(stream, places), max_body=64, most=9500)
    assert outcome == (as_frames(followed.bodies, 64), followed.codes == (76,))
    assert parsed([bytes([byte]) for byte in stream], max_body=64, most=9500) == outcome


header_bits = st.sampled_from([
    b"Content-Length", b"content-length", b":", b" ", b"\t", b"\r\n", b"\n", b"\r", b"\r\n\r\n",
    b"0", b"3", b"12", b"30", b"-", b"{}", b"X-A", b"\xff", b"Content-Length: 2\r\n\r\n{}",
])  # fmt: skip


@given(st.lists(header_bits, max_size=14).map(b"".join), st.lists(st.integers(0, 99), max_size=9))
@settings(max_examples=200)
def test_portions_change_nothing(stream: bytes, places: list[int]) -> None:
    whole = parsed([stream], 48, 8, 40)
    assert parsed(cut(stream, places), 48, 8, 40) == whole
    assert parsed([bytes([byte]) for byte in stream], 48, 8, 40) == whole


def test_every_cut_and_every_end() -> None:
    bodies = [b"{}", b"", "ä".encode(), b"Content-Length: 2\r\n\r\n{}"]
    random = Random(1)
    frames = [mutations.framed(random, body) for body in bodies]
    stream = b"".join(frames)
    edges = {sum(map(len, frames[:count])) for count in range(len(frames) + 1)}
    for place in range(len(stream) + 1):
        assert parsed([stream[:place], stream[place:]]) == (bodies, False)
        parser = FrameParser()
        done = list(parser.feed(stream[:place]))
        assert done == bodies[: len(done)]
        assert parser.at_boundary == (place in edges)


# --- the dispatcher ------------------------------------------------------------------------


class Recorder(Outbox):
    def __init__(self) -> None:
        super().__init__()
        self.messages: deque[Outgoing] = deque()

    def put(self, message: Outgoing, size: int = 256) -> None:
        self.messages.append(message)

    def drain(self, timeout: float) -> bool:
        return True


class StillEngine(Engine):
    """Its inbox is worked off by the test, and nothing is ever spoken."""

    def start(self) -> None:
        pass

    def commands(self) -> Iterator[Any]:
        while not self._inbox.empty():
            yield self._inbox.get()


class Server:
    """All of the sidecar but its pipes and its engine; every message goes through a ledger."""

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
    """Few ids and tokens, so that they meet."""
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
    """Lists are made on threads of their own; a loose body must not have work done later."""
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
    """Its path has a long name in it, and so have those of all the values before it."""
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
