"""Making a voice step by step, with an engine that does as it is told."""

from __future__ import annotations

import base64
import os
from collections import deque
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from sidecar.engine.request import EncodedVoice, LoadResult, SynthesisRequest
from sidecar.errors import (
    BadReferenceAudio,
    Cancelled,
    InternalError,
    SidecarError,
    UnknownLanguage,
    UnknownModel,
)
from sidecar.models.base import ModelInfo, ReferenceAudio
from sidecar.recording import Recording
from sidecar.voices.create import CreateRequest, Creation, Design
from sidecar.voices.steps import Created
from sidecar.voices.store import VoiceStore
from tests.sounds import sound, wav
from tests.voice_files import features, metadata

INFO = ModelInfo("qwen3_tts", "base", 24000, (), ("auto", "english"), (), 64, 16)


class Engine:
    """Keeps the sinks, and calls none by itself."""

    def __init__(self) -> None:
        self.sinks: list[Any] = []

        self.admitted: list[bool] = []

    def load(self, model: str, dtype: str, sink: Any, *, admitted: bool) -> object:
        return self._keep(sink, admitted)

    def encode(self, model: str, recording: Recording, sink: Any, *, admitted: bool) -> object:
        return self._keep(sink, admitted)

    def submit(self, request: SynthesisRequest, sink: Any, *, admitted: bool) -> object:
        return self._keep(sink, admitted)

    def _keep(self, sink: Any, admitted: bool) -> object:
        self.sinks.append(sink)
        self.admitted.append(admitted)
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


def begun(folder: Path, source: ReferenceAudio | Design, **more: Any) -> Any:
    """A creation whose first model is being loaded; `aside` holds the steps beside the engine."""
    store = VoiceStore(str(folder))
    engine, observer = Engine(), Observer()
    aside: deque[Callable[[], None]] = deque()
    creation = Creation(
        engine,  # type: ignore[arg-type]
        store,
        CreateRequest(source, **more),
        observer,
        aside.append,
    )
    creation.start()
    assert engine.sinks == []  # nothing on the caller's thread
    aside.popleft()()
    return SimpleNamespace(
        store=store, engine=engine, observer=observer, creation=creation, aside=aside
    )


@pytest.fixture
def made(tmp_path: Path) -> Any:
    """A creation that replaces a voice, its base model being loaded."""
    VoiceStore(str(tmp_path)).save(metadata("anna"), features())
    recording = ReferenceAudio(data=base64.b64decode(wav(sound())))
    return begun(tmp_path, recording, name="anna", replace=True)


def loaded(made: Any, info: ModelInfo = INFO) -> None:
    made.engine.sinks[-1].done(LoadResult(info, "float32", 0, 0.0))


def encoded(made: Any) -> None:
    made.engine.sinks[-1].done(EncodedVoice(INFO, features()))


def test_a_cancel_while_it_is_encoded_saves_nothing(made: Any) -> None:
    before = made.store.find("anna").path.read_bytes()
    loaded(made)
    made.creation.cancel()
    encoded(made)
    made.aside.popleft()()
    [end] = made.observer.ends
    assert isinstance(end, Cancelled)
    assert made.store.find("anna").path.read_bytes() == before


def test_a_cancel_while_it_is_written_saves_nothing_and_one_afterwards_is_silent(
    made: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = made.store.find("anna").path.read_bytes()
    loaded(made)
    encoded(made)
    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", lambda fd: made.creation.cancel())
        made.aside.popleft()()
    assert {type(end) for end in made.observer.ends} == {Cancelled}
    assert made.store.find("anna").path.read_bytes() == before

    made.observer.ends.clear()
    made.creation._cancelled = False  # the same once more, and later by one step
    encoded(made)
    with monkeypatch.context() as patch:
        true = os.replace

        def late(*paths: Any) -> None:
            true(*paths)
            made.creation.cancel()

        patch.setattr("os.replace", late)
        made.aside.popleft()()
    [end] = made.observer.ends
    assert isinstance(end, Created)
    assert made.store.find("anna").path.read_bytes() != before


def test_a_cancel_while_a_disk_hangs_is_answered(tmp_path: Path) -> None:
    """The step that is at it, here before its beginning, ends unheard."""
    made = begun(tmp_path, ReferenceAudio(data=base64.b64decode(wav(sound()))), name="anna")
    loaded(made)
    encoded(made)
    made.creation.cancel()
    assert isinstance(made.observer.ends[0], Cancelled)
    made.aside.popleft()()
    assert made.store.names() == []


def test_only_its_first_step_may_find_the_queue_full(made: Any) -> None:
    loaded(made)
    assert made.engine.admitted == [False, True]


DESIGN = Design("An old man.", "Once upon a time.", language="klingon")
DESIGNER = msgspec.structs.replace(INFO, variant="voice_design", speaker_size=0)


@pytest.mark.parametrize(
    ("design", "language", "field"),
    [("klingon", None, "design.language"), ("english", "klingon", "language")],
)
def test_a_language_that_there_is_not_is_known_before_anything_is_spoken(
    tmp_path: Path, design: str, language: str | None, field: str
) -> None:
    source = msgspec.structs.replace(DESIGN, language=design)
    made = begun(tmp_path, source, language=language)
    loaded(made, DESIGNER)
    if field == "language":
        assert made.observer.ends == []
        loaded(made)
    [end] = made.observer.ends
    assert isinstance(end, UnknownLanguage)
    assert end.field == field
    assert len(made.engine.sinks) == (2 if field == "language" else 1)


def test_a_recording_is_read_before_a_model_is_fetched(tmp_path: Path) -> None:
    made = begun(tmp_path, ReferenceAudio(path=str(tmp_path / "nowhere.wav")))
    [end] = made.observer.ends
    assert isinstance(end, BadReferenceAudio)
    assert made.engine.sinks == []


def test_a_bug_in_a_step_is_an_answer_and_does_not_end_the_engine(made: Any) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("can't start new thread")

    loaded(made)
    made.creation._run = broken
    encoded(made)
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
