"""The cache of reference recordings: what it keeps, and for how long."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.audio.reference import Recording
from sidecar.engine.loaded import LoadedModel
from sidecar.engine.references import References
from sidecar.errors import IncompatibleVoice, Notice
from sidecar.models.base import ModelInfo, Utterance, VoiceInfo, VoicePrompt

NOTICES = (Notice("referenceShort", "Short."),)


def recording(source: str, size: int = 1, **changes: Any) -> Recording:
    return Recording(np.zeros(size, np.float32), source, notices=NOTICES, **changes)


class Model:
    """A model that counts what it encodes."""

    def __init__(self, variant: str = "base", voices: tuple[str, ...] = ()) -> None:
        presets = tuple(VoiceInfo(name) for name in voices)
        size = 64 if variant == "base" else 0
        self.info = ModelInfo("f", variant, 24000, presets, ("auto",), speaker_size=size)
        self.encoded = 0

    def encode(self, recording: Recording) -> VoicePrompt:
        self.encoded += 1
        return VoicePrompt(np.zeros(len(recording.samples), np.float32), notices=NOTICES)


class Stored:
    """A saved voice."""

    name, language, tempo = "Anna", "english", None

    def features(self) -> VoicePrompt:
        return VoicePrompt(np.ones(64, np.float32))


def loaded(model: Any) -> LoadedModel:
    return LoadedModel("m", model, None, 0, 0.0)  # type: ignore[arg-type]


def test_a_recording_is_encoded_once_for_each_way_to_hear_it() -> None:
    references, one, other = References(), loaded(Model()), loaded(Model())
    for _ in range(2):
        for text, silence in ((None, True), ("a", True), ("a", False)):
            references.encode(one, recording("1", text=text, append_silence=silence))
        references.encode(one, recording("2"))
        references.encode(other, recording("1"))
    assert one.model.encoded == 4  # type: ignore[attr-defined]
    assert other.model.encoded == 1  # type: ignore[attr-defined]
    assert len(references) == 5


@given(st.lists(st.integers(1, 400), max_size=60), st.integers(0, 8000))
def test_memory_is_bounded_and_the_latest_stay(sizes: list[int], limit: int) -> None:
    references, model = References(limit=limit), loaded(Model())
    for size in sizes:
        kept = references.encode(model, recording(f"{size}", size))
        assert references.nbytes <= limit
        before = model.model.encoded  # type: ignore[attr-defined]
        again = references.encode(model, recording(f"{size}", size))
        assert again.nbytes == kept.nbytes
        fits = 4 * size + 512 <= limit
        assert (model.model.encoded == before) == fits  # type: ignore[attr-defined]
    assert (references.nbytes == 0) == (len(references) == 0)


def test_the_least_recently_used_recording_is_encoded_again() -> None:
    references, model = References(limit=2 * (512 + 4)), loaded(Model())
    for source in ("1", "2", "1", "3", "1"):
        references.encode(model, recording(source))
    assert model.model.encoded == 3  # type: ignore[attr-defined]
    references.encode(model, recording("2"))
    assert model.model.encoded == 4  # type: ignore[attr-defined]


def test_what_was_noticed_comes_again_with_what_is_remembered() -> None:
    references, model = References(), loaded(Model())
    for _ in range(2):
        utterance = references.resolve(model, Utterance("Hi.", reference=recording("1")))
        assert isinstance(utterance.reference, VoicePrompt)
        assert [notice.type for notice in utterance.reference.notices] == ["referenceShort"]


def test_a_saved_voice_is_read_and_says_its_language() -> None:
    references, model = References(), loaded(Model())
    for asked, spoken in ((None, "english"), ("auto", "auto"), ("german", "german")):
        utterance = references.resolve(
            model, Utterance("Hi.", voice="Anna", language=asked, reference=Stored())
        )
        assert isinstance(utterance.reference, VoicePrompt)
        assert (utterance.voice, utterance.language) == (None, spoken)
    assert model.model.encoded == 0  # type: ignore[attr-defined]


def test_a_preset_of_the_model_comes_before_a_saved_voice() -> None:
    references, model = References(), loaded(Model("custom_voice", ("anna",)))
    utterance = references.resolve(model, Utterance("Hi.", voice="ANNA", reference=Stored()))
    assert (utterance.reference, utterance.voice) == (None, "ANNA")
    with pytest.raises(IncompatibleVoice):
        references.resolve(model, Utterance("Hi.", voice="Bert", reference=Stored()))
