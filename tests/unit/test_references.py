"""What is remembered of reference recordings, and for how long."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.engine.models import LoadedModel
from sidecar.engine.references import References
from sidecar.errors import BadReferenceAudio, Notice, VoiceDoesNotFit
from sidecar.models.base import ModelInfo, ReferenceAudio, Utterance, VoiceFeatures, VoiceInfo


class Model:
    """Counts what it encodes."""

    def __init__(self, variant: str = "base", voices: tuple[str, ...] = ()) -> None:
        presets = tuple(VoiceInfo(name) for name in voices)
        self.info = ModelInfo("f", variant, 24000, presets, ("auto",), speaker_size=64)
        self.encoded = 0

    def encode(self, reference: ReferenceAudio) -> VoiceFeatures:
        self.encoded += 1
        size = len(reference.data or b"")
        notices = (Notice("referenceShort", "Short."),)
        return VoiceFeatures(np.zeros(size, np.float32), notices=notices)


class Stored:
    """A saved voice."""

    name, language = "Anna", "english"

    def features(self) -> VoiceFeatures:
        return VoiceFeatures(np.ones(64, np.float32))


def loaded(model: Any) -> LoadedModel:
    return LoadedModel("m", model, None, 0, 0.0)  # type: ignore[arg-type]


def test_a_recording_is_encoded_once_for_each_way_to_hear_it() -> None:
    references, one, other = References(), loaded(Model()), loaded(Model())
    for _ in range(2):
        for text, silence in ((None, True), ("a", True), ("a", False), (" a ", True)):
            references.encoded(one, ReferenceAudio(data=b"1", text=text, append_silence=silence))
        references.encoded(one, ReferenceAudio(data=b"2"))
        references.encoded(other, ReferenceAudio(data=b"1"))
    assert one.model.encoded == 4  # type: ignore[attr-defined]
    assert other.model.encoded == 1  # type: ignore[attr-defined]
    assert len(references) == 5


def test_a_file_that_changes_is_another_recording(tmp_path: Any) -> None:
    references, model = References(), loaded(Model())
    path = tmp_path / "voice.wav"
    for content in (b"1", b"2", b"1"):
        path.write_bytes(content)
        references.encoded(model, ReferenceAudio(path=str(path)))
    assert model.model.encoded == 2  # type: ignore[attr-defined]
    path.unlink()
    with pytest.raises(BadReferenceAudio):
        references.encoded(model, ReferenceAudio(path=str(path)))


@given(st.lists(st.integers(1, 400), max_size=60), st.integers(0, 8000))
def test_memory_is_bounded_and_the_latest_stay(sizes: list[int], limit: int) -> None:
    references, model = References(limit=limit), loaded(Model())
    for size in sizes:
        kept = references.encoded(model, ReferenceAudio(data=b"x" * size))
        assert references.nbytes <= limit
        before = model.model.encoded  # type: ignore[attr-defined]
        again = references.encoded(model, ReferenceAudio(data=b"x" * size))
        assert again.nbytes == kept.nbytes
        fits = 4 * size + 512 <= limit
        assert (model.model.encoded == before) == fits  # type: ignore[attr-defined]
    assert (references.nbytes == 0) == (len(references) == 0)


def test_what_was_noticed_comes_again_with_what_is_remembered() -> None:
    references, model = References(), loaded(Model())
    for _ in range(2):
        utterance, notices = references.resolve(
            model, Utterance("Hi.", reference=ReferenceAudio(data=b"1"))
        )
        assert isinstance(utterance.reference, VoiceFeatures)
        assert [notice.type for notice in notices] == ["referenceShort"]


def test_a_saved_voice_is_read_and_says_its_language() -> None:
    references, model = References(), loaded(Model())
    for asked, spoken in ((None, "english"), ("auto", "auto"), ("german", "german")):
        utterance, notices = references.resolve(
            model, Utterance("Hi.", voice="Anna", language=asked, reference=Stored())
        )
        assert isinstance(utterance.reference, VoiceFeatures)
        assert (utterance.voice, utterance.language, notices) == (None, spoken, ())
    assert model.model.encoded == 0  # type: ignore[attr-defined]


def test_a_preset_of_the_model_comes_before_a_saved_voice() -> None:
    references, model = References(), loaded(Model("custom_voice", ("anna",)))
    utterance, _ = references.resolve(model, Utterance("Hi.", voice="ANNA", reference=Stored()))
    assert (utterance.reference, utterance.voice) == (None, "ANNA")
    with pytest.raises(VoiceDoesNotFit):
        references.resolve(model, Utterance("Hi.", voice="Bert", reference=Stored()))
