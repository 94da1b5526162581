"""Requests in flight: their order, their limits, and their one answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any
from unittest.mock import Mock

import msgspec
import pytest

from sidecar.engine.engine import Engine
from sidecar.engine.request import Job
from sidecar.errors import QueueFull, UnknownModel
from sidecar.limits import MAX_QUEUED
from sidecar.rpc.calls import Call
from sidecar.rpc.contract.common import Empty
from sidecar.rpc.contract.model import LoadProgress, ModelLoadParams, ModelUnloadParams
from sidecar.rpc.contract.speech import AppendTextParams
from sidecar.rpc.handlers import model, speech
from sidecar.rpc.session import Session
from sidecar.voices.store import VoiceStore
from sidecar.wire.jsonrpc import ErrorResponse, OutgoingNotification, Response
from sidecar.wire.stdio import Outbox
from tests.support.harness import TIMEOUT


class Whole(Outbox):
    """A stand-in for the outbox that keeps the answers and their sizes."""

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
    session.answer_later(session.calls.open(1), lambda: result)
    [answer] = answers(session, 1)
    assert isinstance(answer, Response)
    assert isinstance(session.outbox, Whole)
    [(_, size)] = session.outbox.sent
    assert size > len(msgspec.json.encode(result))


def test_too_many_are_refused(session: Session) -> None:
    go = threading.Event()

    def look() -> Empty:
        assert go.wait(TIMEOUT)
        return Empty()

    for id in range(MAX_QUEUED):
        session.answer_later(session.calls.open(id), look)
    with pytest.raises(QueueFull):
        session.answer_later(session.calls.open("late"), look)
    go.set()
    assert len(answers(session, MAX_QUEUED)) == MAX_QUEUED
    session.answer_later(session.calls.open("later"), look)
    answers(session, 1)


@pytest.mark.parametrize("began", [True, False])
def test_what_only_looks_can_be_cancelled(session: Session, began: bool) -> None:
    go, ran = threading.Event(), []
    beginning = threading.Semaphore(0)

    def look() -> Empty:
        beginning.release()
        assert go.wait(TIMEOUT)
        ran.append(1)
        return Empty()

    busy = [] if began else [session.calls.open(f"busy {id}") for id in range(8)]
    call = session.calls.open("it")
    for one in (*busy, call):
        session.answer_later(one, look)
    for _ in busy or (call,):
        assert beginning.acquire(timeout=TIMEOUT)
    call.cancel()
    [answer] = answers(session, 1)
    assert isinstance(answer, ErrorResponse)
    assert answer.error.code == -32800
    go.set()
    session.background.close(TIMEOUT)
    assert len(ran) == (1 if began else 8)
    assert [message.id for message, _ in session.outbox.sent].count("it") == 1  # type: ignore[attr-defined]


# --- the ordered lane ----------------------------------------------------------------------


def test_steps_are_taken_in_the_order_of_their_requests(session: Session) -> None:
    taken: list[int] = []
    for id in range(50):
        session.in_order(session.calls.open(id), lambda id=id: taken.append(id))
    done = threading.Event()
    session.background.in_order(done.set)
    assert done.wait(TIMEOUT)
    assert taken == list(range(50))


def test_a_cancelled_step_is_answered_at_once_and_skipped(session: Session) -> None:
    go, taken = threading.Event(), []
    session.in_order(session.calls.open("slow"), lambda: go.wait(TIMEOUT))
    waiting, last = session.calls.open("waiting"), session.calls.open("last")
    session.in_order(waiting, lambda: taken.append("waiting"))
    session.in_order(last, lambda: taken.append("last"))
    waiting.cancel()
    [answer] = answers(session, 1)
    assert (answer.id, answer.error.code) == ("waiting", -32800)
    done = threading.Event()
    session.background.in_order(done.set)
    go.set()
    assert done.wait(TIMEOUT)
    assert taken == ["last"]


def test_what_a_step_raises_is_the_answer(session: Session) -> None:
    def step() -> None:
        raise UnknownModel("There is none.")

    session.in_order(session.calls.open(1), step)
    [answer] = answers(session, 1)
    assert (answer.id, answer.error.data.type) == (1, "unknownModel")


def test_the_end_forgets_steps_and_does_not_wait_for_a_disk_that_hangs(session: Session) -> None:
    go, began, taken = threading.Event(), threading.Event(), []

    def hang() -> None:
        began.set()
        assert go.wait(TIMEOUT)

    session.in_order(session.calls.open("hangs"), hang)
    session.in_order(session.calls.open("waits"), lambda: taken.append("waits"))
    assert began.wait(TIMEOUT)
    start = time.monotonic()
    session.background.close(0.01)
    assert time.monotonic() - start < TIMEOUT / 2
    go.set()
    session.background.close(TIMEOUT)
    assert taken == []


def test_what_has_begun_is_cancelled_in_its_own_way_or_not_at_all(session: Session) -> None:
    cancels: list[str] = []
    own, never, ended = (session.calls.open(id) for id in ("own", "never", "ended"))
    for call in (own, never, ended):
        call.wait()
    assert own.begin(lambda: lambda: cancels.append("own"))
    assert never.begin(lambda: None)
    ended.cancel()
    assert not ended.begin(lambda: cancels.append("ended"))
    session.calls.cancel_all()
    assert cancels == ["own"]
    assert [answer.id for answer in answers(session, 1)] == ["ended"]


def test_no_progress_follows_an_answer(session: Session) -> None:
    call = session.calls.open(1)
    call.claim_token("t", "workDoneToken")
    progress = LoadProgress(stage="loading", message="it")
    call.progress(progress)
    call.reply(Empty())
    call.progress(progress)
    call.fail(UnknownModel("Too late."))
    sent = [type(message) for message in answers(session, 2)]
    assert sent == [OutgoingNotification, Response]


def test_a_load_is_cancelled_if_no_thread_can_report_it(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("can't start new thread")

    cancelled: list[Job] = []
    monkeypatch.setattr(session.background, "start", broken)
    monkeypatch.setattr(session.engine, "cancel", cancelled.append)
    model.load(session, ModelLoadParams(), session.calls.open(1))
    [answer] = answers(session, 1)
    assert answer.error.data.type == "outOfMemory"
    assert len(cancelled) == 1


def test_unloads_are_limited_since_each_may_wait_on_a_thread(session: Session) -> None:
    go = threading.Event()
    session.in_order(session.calls.open("slow"), lambda: go.wait(TIMEOUT))
    params = ModelUnloadParams(model="tiny-voice", wait=True)
    for id in range(MAX_QUEUED):
        model.unload(session, params, session.calls.open(id))
    with pytest.raises(QueueFull):
        model.unload(session, params, session.calls.open("late"))
    session.calls.cancel_all()
    answers(session, MAX_QUEUED)
    go.set()


def test_text_for_a_request_that_is_answered_meanwhile_is_dropped(
    session: Session,
) -> None:
    class Ending(Call[Any]):
        """Answered right after the first look at `speech`."""

        def __getattribute__(self, name: str) -> Any:
            value = super().__getattribute__(name)
            if name == "speech":
                self.speech = None
            return value

    call = session.calls.by_id[1] = Ending(session.calls, 1)
    call.claim_token("t", "partialResultToken")
    texts: list[str] = []
    call.speech = Mock(append_text=texts.append)
    speech.append_text(session, AppendTextParams(token="t", text="Hi."))
    speech.append_text(session, AppendTextParams(token="t", text="Too late."))
    assert texts == ["Hi."]
