"""A model is warmed up when it is loaded, unless a request waits that costs no more itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sidecar.engine.engine import Engine
from sidecar.engine.request import LoadOptions, SpeechRequest
from sidecar.models import backend
from sidecar.models.base import Utterance
from sidecar.models.qwen3_tts import model
from sidecar.models.qwen3_tts.backend import METAL
from sidecar.models.qwen3_tts.model import Qwen3TTS
from tests.support.jobs import heard, outcome

REQUEST = SpeechRequest("tiny-voice", Utterance("Hi."), seed=1, max_frames=3)


@pytest.fixture
def warmed(monkeypatch: pytest.MonkeyPatch) -> list[Qwen3TTS]:
    """Return the models that are warmed up from now on."""
    models: list[Qwen3TTS] = []
    warm_up = Qwen3TTS.warm_up

    def noted(self: Qwen3TTS, sampler: Any) -> None:
        models.append(self)
        warm_up(self, sampler)

    monkeypatch.setattr(Qwen3TTS, "warm_up", noted)
    return models


def speak(load: LoadOptions | None) -> np.ndarray:
    """Return the audio of a new engine's first request, with a load before it or without."""
    engine = Engine()
    engine.start()
    try:
        if load is not None:
            outcome(engine.load(REQUEST.model, load))
        chunks, _ = heard(engine.submit(REQUEST))
        return np.concatenate([chunk.samples for chunk in chunks])
    finally:
        assert engine.stop(10)


@pytest.mark.skipif(not backend.on_cpu(), reason="a GPU compiles kernels, which takes seconds")
def test_a_request_that_waits_is_not_kept_waiting(warmed: list[Qwen3TTS]) -> None:
    first = speak(None)
    assert warmed == []
    assert np.array_equal(speak(LoadOptions(is_awaited=True)), first)
    assert warmed == []
    assert np.array_equal(speak(LoadOptions()), first)
    assert len(warmed) == 1


def test_kernels_are_compiled_before_the_first_request(
    warmed: list[Qwen3TTS], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model, "of_this_machine", lambda: METAL)  # which runs on a CPU, too
    monkeypatch.setattr(model, "_WARM_ROWS", (1,))
    monkeypatch.setattr(model, "_WARM_CHUNKS", (1,))
    speak(None)
    assert len(warmed) == 1
