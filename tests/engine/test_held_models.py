"""A request holds its model from its turn to its first job. However it ends, the hold ends, too."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from sidecar.engine.engine import Engine
from sidecar.engine.events import LoadResult
from sidecar.engine.request import LoadOptions
from sidecar.errors import ModelInUse
from sidecar.rpc.contract.common import Empty
from sidecar.rpc.contract.model import ModelUnloadParams
from sidecar.rpc.contract.speech import AppendTextParams, StreamParams, SynthesizeParams
from sidecar.rpc.contract.voice import Reference
from sidecar.rpc.handlers import model, speech
from sidecar.rpc.session import Session
from sidecar.voices.store import VoiceStore
from sidecar.wire.jsonrpc import ErrorResponse, Response
from sidecar.wire.stdio import Outbox
from tests.support.harness import TIMEOUT
from tests.support.jobs import outcome

MODEL = "tiny-voice"


class Answers(Outbox):
    """Keeps the answers."""

    def __init__(self) -> None:
        super().__init__()
        self.came: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def put(self, message: Any, size: int = 0) -> None:
        if isinstance(message, Response | ErrorResponse):
            self.came.put(message)

    def next(self) -> Any:
        return self.came.get(timeout=TIMEOUT)


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def session(answers: Answers) -> Iterator[Session]:
    engine = Engine()
    session = Session(answers, engine, MODEL, VoiceStore(), lambda code: None)
    engine.start()
    assert isinstance(outcome(engine.load(MODEL, LoadOptions())), LoadResult)
    yield session
    session.calls.cancel_all()
    session.background.close(TIMEOUT)
    assert engine.stop(10)


def live(timeout_ms: float = 60_000.0) -> SynthesizeParams:
    return SynthesizeParams(
        text="", partial_result_token="t", more_text=True, text_timeout_ms=timeout_ms
    )


def no_text(session: Session) -> None:
    speech.append_text(session, AppendTextParams(token="t", text="… "))
    speech.end_text(session, StreamParams(token="t"))


def too_much_text(session: Session) -> None:
    speech.append_text(session, AppendTextParams(token="t", text="a" * 1_000_001))


def cancel(session: Session) -> None:
    call = session.calls.find(1)
    assert call is not None
    call.cancel()


def nothing(session: Session) -> None:
    """Let it end by itself."""


@pytest.mark.parametrize(
    ("params", "act", "error"),
    [
        (live(), no_text, "emptyText"),
        (live(), too_much_text, "textTooLong"),
        (live(), cancel, "cancelled"),
        (live(timeout_ms=1.0), nothing, "textTimeout"),
        (
            SynthesizeParams(text="Hi.", reference=Reference(path="/nowhere.wav")),
            nothing,
            "badReferenceAudio",
        ),
        (SynthesizeParams(text="Hi.", voice="unknown"), nothing, "unknownVoice"),
        (SynthesizeParams(text="… "), nothing, "emptyText"),
    ],
)
def test_an_end_before_the_first_job_ends_the_hold(
    session: Session,
    answers: Answers,
    params: SynthesizeParams,
    act: Callable[[Session], None],
    error: str,
) -> None:
    speech.synthesize(session, params, session.calls.open(1))
    act(session)
    assert answers.next().error.data.type == error
    model.unload(session, ModelUnloadParams(model=MODEL), session.calls.open(2))
    assert isinstance(answers.next().result, Empty)


def test_a_request_whose_thread_cannot_be_started_does_not_hold_its_model(
    session: Session, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(session.background, "start", broken)
        speech.synthesize(session, SynthesizeParams(text="Hi."), session.calls.open(1))
        assert answers.next().error.data.type == "outOfMemory"
    assert outcome(session.engine.unload(MODEL)) is None


@pytest.mark.parametrize("spelling", [None, "Tiny-Voice"])
def test_a_request_that_waits_for_its_first_text_holds_its_model(
    session: Session, answers: Answers, spelling: str | None
) -> None:
    params = msgspec.structs.replace(live(), model=spelling)
    speech.synthesize(session, params, session.calls.open(1))
    model.unload(session, ModelUnloadParams(model=MODEL), session.calls.open(2))
    assert answers.next().error.data.type == ModelInUse.type
    cancel(session)
    assert answers.next().error.data.type == "cancelled"
    model.unload(session, ModelUnloadParams(model=MODEL), session.calls.open(3))
    assert isinstance(answers.next().result, Empty)


def test_a_text_for_a_model_in_memory_reaches_it_without_another_load(
    session: Session, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise AssertionError("it was loaded again")

    monkeypatch.setattr(session.engine, "load", broken)
    params = SynthesizeParams(text="It is 5.", max_frames=1, partial_result_token="t")
    speech.synthesize(session, params, session.calls.open(1))
    assert answers.next().result.frames == 1
