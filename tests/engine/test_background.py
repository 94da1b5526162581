"""Work that may wait for a disk: how much of it at once, and what becomes of it at the end."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from sidecar.engine.engine import Engine
from sidecar.errors import QueueFull
from sidecar.limits import MAX_QUEUED
from sidecar.rpc.background import Background
from sidecar.rpc.contract.common import Empty
from sidecar.rpc.session import Session
from sidecar.voices.store import VoiceStore
from sidecar.wire.jsonrpc import ErrorResponse, Response
from sidecar.wire.stdio import Outbox
from tests.support.harness import TIMEOUT


def test_all_of_it_is_done_a_few_at_a_time() -> None:
    background, lock = Background(), threading.Lock()
    at_once = most = 0
    eight, done = threading.Barrier(8, timeout=TIMEOUT), threading.Semaphore(0)

    def work() -> None:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        eight.wait()
        with lock:
            at_once -= 1
        done.release()

    for _ in range(40):
        background.run(work)
    for _ in range(40):
        assert done.acquire(timeout=TIMEOUT)
    assert most == 8


def test_a_bug_in_one_piece_is_not_the_nexts(caplog: pytest.LogCaptureFixture) -> None:
    background, done = Background(), threading.Event()

    def broken() -> None:
        raise ValueError("a bug")

    for _ in range(8):
        background.run(broken)
    background.run(done.set)
    assert done.wait(TIMEOUT)
    background.close(TIMEOUT)
    assert "a bug" in caplog.text


def test_the_end_waits_for_what_has_begun_and_forgets_the_rest() -> None:
    background, go = Background(), threading.Event()
    began, done = threading.Semaphore(0), []

    def work() -> None:
        began.release()
        assert go.wait(TIMEOUT)
        done.append(1)

    for _ in range(12):
        background.run(work)
    for _ in range(8):
        assert began.acquire(timeout=TIMEOUT)
    start = time.monotonic()
    background.close(0.01)
    assert time.monotonic() - start < TIMEOUT / 2
    assert done == []
    go.set()
    background.close(TIMEOUT)
    assert len(done) == 8
    background.run(work)
    assert len(done) == 8


def test_no_thread_is_the_callers_to_know(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("can't start new thread")

    background = Background()
    with monkeypatch.context() as patch:
        patch.setattr("threading.Thread.start", broken)
        with pytest.raises(RuntimeError, match="new thread"):
            background.run(lambda: None)
    done = threading.Event()
    background.run(done.set)
    assert done.wait(TIMEOUT)


# --- requests ------------------------------------------------------------------------------


class Whole(Outbox):
    """Keeps the answers and their sizes."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[tuple[Any, int]] = []
        self.came = threading.Semaphore(0)

    def put(self, message: Any, size: int = 0) -> None:
        self.sent.append((message, size))
        self.came.release()


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session(Whole(), Engine(), "tiny-voice", VoiceStore(), lambda code: None)
    yield session
    session.background.close(TIMEOUT)


def answers(session: Session, count: int) -> list[Any]:
    assert isinstance(session.outbox, Whole)
    for _ in range(count):
        assert session.outbox.came.acquire(timeout=TIMEOUT)
    return [message for message, _ in session.outbox.sent]


class Names(msgspec.Struct):
    names: list[str]


def test_a_long_answer_is_counted_with_its_length(session: Session) -> None:
    result = Names(["x" * 50] * 1000)
    session.open_call(1).in_background(lambda: result)
    [answer] = answers(session, 1)
    assert isinstance(answer, Response)
    assert isinstance(session.outbox, Whole)
    [(_, size)] = session.outbox.sent
    assert size > len(msgspec.json.encode(result))


def test_too_many_are_refused(session: Session) -> None:
    go = threading.Event()

    def work() -> Empty:
        assert go.wait(TIMEOUT)
        return Empty()

    for id in range(MAX_QUEUED):
        session.open_call(id).in_background(work)
    with pytest.raises(QueueFull):
        session.open_call("late").in_background(work)
    go.set()
    assert len(answers(session, MAX_QUEUED)) == MAX_QUEUED
    session.open_call("later").in_background(work)
    answers(session, 1)


@pytest.mark.parametrize(("changes", "began"), [(False, True), (False, False), (True, False)])
def test_what_waits_or_only_looks_can_be_cancelled(
    session: Session, changes: bool, began: bool
) -> None:
    go, ran = threading.Event(), []
    beginning = threading.Semaphore(0)

    def work() -> Empty:
        beginning.release()
        assert go.wait(TIMEOUT)
        ran.append(1)
        return Empty()

    busy = [] if began else [session.open_call(f"busy {id}") for id in range(8)]
    for call in busy:
        call.in_background(work)
    call = session.open_call("it")
    call.in_background(work, changes=changes)
    for _ in busy or (call,):
        assert beginning.acquire(timeout=TIMEOUT)
    assert call.on_cancel is not None
    call.on_cancel()
    [answer] = answers(session, 1)
    assert isinstance(answer, ErrorResponse)
    assert answer.error.code == -32800
    go.set()
    session.background.close(TIMEOUT)
    assert len(ran) == (1 if began else 8)
    assert [message.id for message, _ in session.outbox.sent].count("it") == 1  # type: ignore[attr-defined]


def test_what_changes_something_is_not_cancelled_once_it_has_begun(session: Session) -> None:
    go, began = threading.Event(), threading.Event()

    def work() -> Empty:
        began.set()
        assert go.wait(TIMEOUT)
        return Empty()

    call = session.open_call(1)
    call.in_background(work, changes=True)
    assert began.wait(TIMEOUT)
    session.cancel_all()
    go.set()
    [answer] = answers(session, 1)
    assert isinstance(answer, Response)
