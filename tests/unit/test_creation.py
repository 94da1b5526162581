"""Making a voice step by step, with an engine that does as it is told."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sidecar.engine.request import EncodedVoice, LoadResult
from sidecar.errors import Cancelled, InternalError, SidecarError, UnknownModel
from sidecar.models.base import ModelInfo, ReferenceAudio
from sidecar.voices.create import CreateRequest, Creation
from sidecar.voices.store import VoiceStore
from tests.voice_files import features, metadata

INFO = ModelInfo("qwen3_tts", "base", 24000, (), ("auto", "english"), (), 64, 16)


class Engine:
    """Keeps the sinks, and calls none by itself."""

    def __init__(self) -> None:
        self.sinks: list[Any] = []

    def load(self, model: str, dtype: str, sink: Any) -> object:
        return self._keep(sink)

    def encode(self, model: str, reference: ReferenceAudio, sink: Any) -> object:
        return self._keep(sink)

    def _keep(self, sink: Any) -> object:
        self.sinks.append(sink)
        return object()

    def cancel(self, job: object) -> None:
        """Too late: it is at it, in one piece."""


class Observer:
    def __init__(self) -> None:
        self.ends: list[Any] = []

    def stage(self, stage: str, message: str) -> None:
        pass

    def failed(self, error: SidecarError) -> None:
        self.ends.append(error)

    def done(self, created: Any) -> None:
        self.ends.append(created)


@pytest.fixture
def made(tmp_path: Path) -> Any:
    """A creation that replaces a voice, its base model being loaded."""
    store = VoiceStore(str(tmp_path))
    store.save(metadata("anna"), features())
    engine, observer = Engine(), Observer()
    request = CreateRequest(ReferenceAudio(path="voice.wav"), name="anna", replace=True)
    creation = Creation(engine, store, request, observer)  # type: ignore[arg-type]
    creation.start()
    return SimpleNamespace(store=store, engine=engine, observer=observer, creation=creation)


def loaded(made: Any) -> None:
    made.engine.sinks[-1].done(LoadResult(INFO, "float32", 0, 0.0))


def test_a_cancel_while_it_is_encoded_saves_nothing(made: Any) -> None:
    before = made.store.find("anna").path.read_bytes()
    loaded(made)
    made.creation.cancel()
    made.engine.sinks[-1].done(EncodedVoice(INFO, features()))
    [end] = made.observer.ends
    assert isinstance(end, Cancelled)
    assert made.store.find("anna").path.read_bytes() == before


def test_a_bug_in_a_step_is_an_answer_and_does_not_end_the_engine(
    made: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("can't start new thread")

    loaded(made)
    monkeypatch.setattr("threading.Thread.start", broken)
    made.engine.sinks[-1].done(EncodedVoice(INFO, features()))
    [end] = made.observer.ends
    assert isinstance(end, InternalError)
    assert "can't start new thread" in end.message


def test_an_error_that_others_hear_too_is_not_changed(made: Any) -> None:
    error = UnknownModel("There is none.", field="model")
    made.engine.sinks[-1].failed(error)
    assert made.observer.ends[0].field == "model"
    design = UnknownModel("There is none.", field="model")
    made.engine.sinks[-1]._field = "design.model"
    made.engine.sinks[-1].failed(design)
    assert (design.field, made.observer.ends[1].field) == ("model", "design.model")
