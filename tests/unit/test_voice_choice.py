"""Which model speaks, and whether with a saved voice."""

from __future__ import annotations

from pathlib import Path

import pytest

from sidecar.errors import BadVoiceFile
from sidecar.voices.choice import choose
from sidecar.voices.format import SavedVoice
from sidecar.voices.store import VoiceStore
from tests.voice_files import features, metadata


@pytest.fixture
def store(tmp_path: Path) -> VoiceStore:
    return VoiceStore(str(tmp_path / "made" / "when needed"))


def test_the_default_models_presets_come_first(store: VoiceStore) -> None:
    store.save(metadata("slt"), features())
    assert choose(store, "SLT", None, "tiny-voice") == ("tiny-voice", None)


def test_a_saved_voice_is_spoken_by_the_model_it_was_made_with(store: VoiceStore) -> None:
    store.save(metadata("anna"), features())
    model, saved = choose(store, "Anna", None, "tiny-voice")
    assert model == "1.7b-base"
    assert isinstance(saved, SavedVoice)
    assert choose(store, "anna", "other", "tiny-voice")[0] == "other"
    assert choose(store, "bert", None, "tiny-voice") == ("tiny-voice", None)
    assert choose(store, None, None, "tiny-voice") == ("tiny-voice", None)


@pytest.mark.parametrize("model", ["./not/here", "evil/repository"])
def test_a_file_from_somebody_else_fetches_nothing(store: VoiceStore, model: str) -> None:
    store.save(metadata("anna", model=model), features())
    with pytest.raises(Exception, match="made with a model that is not here") as caught:
        choose(store, "anna", None, "tiny-voice")
    assert caught.value.code in (1001, 1002)  # type: ignore[attr-defined]
    assert choose(store, "anna", "0.6b-base", "tiny-voice")[0] == "0.6b-base"


def test_a_damaged_file_does_not_hide_a_preset(store: VoiceStore) -> None:
    store.folder.mkdir(parents=True)
    (store.folder / "rms.safetensors").write_bytes(b"")
    assert choose(store, "rms", None, "tiny-voice") == ("tiny-voice", None)
    assert choose(store, "rms", "tiny-voice", "1.7b-base") == ("tiny-voice", None)
    with pytest.raises(BadVoiceFile):
        choose(store, "rms", "1.7b-base", "tiny-voice")
