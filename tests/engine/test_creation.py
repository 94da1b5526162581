"""Making a voice step by step, with an engine whose outcomes the test sets."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sidecar.audio.reference import Recording
from sidecar.engine.events import Done, EncodedVoice, Event, Events, Failed, LoadResult
from sidecar.engine.request import EncodeJob, Job, LoadJob, LoadOptions, SpeechRequest
from sidecar.errors import BadReferenceAudio, Cancelled, UnknownLanguage, UnknownModel
from sidecar.models.base import ModelInfo, ReferenceAudio
from sidecar.voices.create import Created, CreateRequest, Creation, Progress
from sidecar.voices.design import Design
from sidecar.voices.store import VoiceStore
from tests.support.sounds import sound, wav
from tests.support.voice_files import features, metadata

INFO = ModelInfo("qwen3_tts", "base", 24000, (), ("auto", "english"), (), 64, 16)
LOADED = Done(LoadResult(INFO, "float32", 0, 0.0))
ENCODED = Done(EncodedVoice(INFO, features()))
RECORDING = ReferenceAudio(data=base64.b64decode(wav(sound())))


class Engine:
    """An engine that ends each job with the next of `outcomes`, whatever the job is.

    Attributes:
        jobs: all jobs that it received.
    """

    def __init__(self, *outcomes: Event) -> None:
        self.jobs: list[Job] = []
        self._outcomes = list(outcomes)

    def load(self, model: str, options: LoadOptions, *, admitted: bool) -> Job:
        return self._keep(LoadJob(model=model, options=options, events=Events(), admitted=admitted))

    def encode(self, model: str, recording: Recording, *, admitted: bool) -> Job:
        return self._keep(
            EncodeJob(model=model, recording=recording, events=Events(), admitted=admitted)
        )

    def submit(self, request: SpeechRequest, *, admitted: bool) -> Job:
        raise AssertionError("nothing is spoken in these tests")

    def _keep(self, job: Job) -> Job:
        self.jobs.append(job)
        job.events.put(self._outcomes.pop(0))
        return job

    def cancel(self, job: Job) -> None:
        """Do nothing: the task runs in one piece, so a cancel comes too late."""


def creation(
    folder: Path, engine: Engine, source: ReferenceAudio | Design = RECORDING, **more: Any
) -> Creation:
    store = VoiceStore(str(folder))
    return Creation(engine, store, CreateRequest(source, **more))  # type: ignore[arg-type]


def replacing(folder: Path) -> Creation:
    """Return a creation that replaces an existing voice."""
    VoiceStore(str(folder)).save(metadata("anna"), features())
    return creation(folder, Engine(LOADED, ENCODED), name="anna", replace=True)


def content(folder: Path) -> bytes:
    return VoiceStore(str(folder)).find("anna").path.read_bytes()


def until(making: Iterator[Progress | Created], stage: str) -> None:
    """Continue the creation until a stage begins."""
    for event in making:
        if isinstance(event, Progress) and event.stage == stage:
            return
    raise AssertionError(f"{stage} has not begun")


def test_a_cancel_while_it_is_encoded_saves_nothing(tmp_path: Path) -> None:
    made = replacing(tmp_path)
    before, making = content(tmp_path), iter(made)
    until(making, "encoding")
    made.cancel()
    with pytest.raises(Cancelled):
        next(making)
    assert content(tmp_path) == before


def test_a_cancel_while_it_is_written_saves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = replacing(tmp_path)
    before = content(tmp_path)
    monkeypatch.setattr("os.fsync", lambda fd: made.cancel())
    with pytest.raises(Cancelled):
        list(made)
    assert content(tmp_path) == before


def test_a_cancel_once_the_file_has_its_name_does_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = replacing(tmp_path)
    before, replace, answers = content(tmp_path), os.replace, []

    def late(*paths: Any) -> None:
        replace(*paths)
        answers.append(made.cancel())

    monkeypatch.setattr("os.replace", late)
    *_, last = made
    assert isinstance(last, Created)
    assert answers == [False]  # the creation has answered
    assert content(tmp_path) != before


def test_a_cancel_while_a_disk_hangs_is_for_the_caller_to_answer(tmp_path: Path) -> None:
    """The result of the running step, which has not begun here, is dropped."""
    made = creation(tmp_path, Engine(LOADED, ENCODED), name="anna")
    making = iter(made)
    until(making, "saving")
    assert made.cancel()
    with pytest.raises(Cancelled):
        next(making)
    assert VoiceStore(str(tmp_path)).names() == []


def test_a_cancel_before_anything_was_begun_gives_the_engine_nothing(tmp_path: Path) -> None:
    engine = Engine()
    made = creation(tmp_path, engine)
    assert made.cancel()
    with pytest.raises(Cancelled):
        list(made)
    assert engine.jobs == []


def test_only_its_first_step_may_find_the_queue_full(tmp_path: Path) -> None:
    engine = Engine(LOADED, ENCODED)
    assert isinstance(list(creation(tmp_path, engine))[-1], Created)
    assert [job.admitted for job in engine.jobs] == [False, True]


DESIGN = Design("An old man.", "Once upon a time.", language="klingon")
DESIGNER = Done(
    LoadResult(msgspec.structs.replace(INFO, variant="voice_design", speaker_size=0), "", 0, 0.0)
)


@pytest.mark.parametrize(
    ("design", "language", "field", "loads"),
    [("klingon", None, "design.language", 1), ("english", "klingon", "language", 2)],
)
def test_a_language_that_there_is_not_is_known_before_anything_is_spoken(
    tmp_path: Path, design: str, language: str | None, field: str, loads: int
) -> None:
    source = msgspec.structs.replace(DESIGN, language=design)
    engine = Engine(DESIGNER, LOADED)
    with pytest.raises(UnknownLanguage) as raised:
        list(creation(tmp_path, engine, source, language=language))
    assert raised.value.field == field
    assert len(engine.jobs) == loads


def test_a_recording_is_read_before_a_model_is_fetched(tmp_path: Path) -> None:
    engine = Engine()
    with pytest.raises(BadReferenceAudio):
        list(creation(tmp_path, engine, ReferenceAudio(path=str(tmp_path / "nowhere.wav"))))
    assert engine.jobs == []


def test_an_error_that_others_hear_too_is_not_changed(tmp_path: Path) -> None:
    error = UnknownModel("There is none.", field="model")
    for source, field in ((RECORDING, "model"), (DESIGN, "design.model")):
        with pytest.raises(UnknownModel) as raised:
            list(creation(tmp_path, Engine(Failed(error)), source))
        assert raised.value.field == field
        assert error.field == "model"
