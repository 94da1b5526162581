"""The choice of the model, and of a saved voice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sidecar.errors import BadVoiceFile, UnknownModel
from sidecar.voices import format
from sidecar.voices.choice import choose
from sidecar.voices.store import VoiceStore
from tests.support.voice_files import features, metadata, same


@pytest.fixture
def store(tmp_path: Path) -> VoiceStore:
    return VoiceStore(str(tmp_path / "made" / "when needed"))


@pytest.mark.parametrize("default", ["tiny-voice", "1.7b-customvoice", "./not/here"])
def test_a_saved_voice_comes_before_a_preset_of_a_model_that_was_not_named(
    store: VoiceStore, default: str
) -> None:
    """This holds whatever the default model is, and whether it is downloaded."""
    store.save(metadata("slt"), features())
    model, saved = choose(store, "SLT", None, default)
    assert model == "1.7b-base"
    assert saved is not None
    assert saved.name == "slt"


def test_a_model_that_was_named_looks_at_its_presets_first(store: VoiceStore) -> None:
    """`choose` does not depend on whether it is loaded; see tests/engine/test_references.py."""
    store.save(metadata("slt"), features())
    for named in ("tiny-voice", "1.7b-customvoice", "./not/here"):
        model, saved = choose(store, "SLT", named, "tiny-voice")
        assert model == named
        assert saved is not None


def test_a_saved_voice_is_spoken_by_the_model_it_was_made_with(store: VoiceStore) -> None:
    store.save(metadata("anna"), features())
    model, saved = choose(store, "Anna", None, "tiny-voice")
    assert model == "1.7b-base"
    assert saved is not None
    assert same(saved.features(), features())
    assert choose(store, "anna", "other", "tiny-voice")[0] == "other"
    assert choose(store, "bert", None, "tiny-voice") == ("tiny-voice", None)
    assert choose(store, None, None, "tiny-voice") == ("tiny-voice", None)


@pytest.mark.parametrize("model", ["/srv/evil", "./beside", "evil/repository", "~root/evil"])
def test_a_file_from_somebody_else_loads_nothing_that_nobody_asked_for(
    store: VoiceStore, model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def looked(*_: Any) -> None:
        raise AssertionError("the disk or the hub was asked for it")

    store.save(metadata("anna", model=model), features())
    monkeypatch.setattr("sidecar.models.catalog.resolve", looked)
    with pytest.raises(UnknownModel, match="no request has named") as caught:
        choose(store, "anna", None, "tiny-voice", {"1.7b-base", str(tmp_path)})
    assert caught.value.field == "model"
    assert choose(store, "anna", "0.6b-base", "tiny-voice")[0] == "0.6b-base"


def test_a_model_that_is_loaded_or_the_default_has_been_asked_for(
    store: VoiceStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model may have been requested by any of its names."""
    (tmp_path / "base").mkdir()
    monkeypatch.chdir(tmp_path)
    folder = str(tmp_path / "base")
    store.save(metadata("anna", model=folder), features())
    store.save(metadata("bert", model="me/base"), features())
    for name in (folder, "base", "./base"):
        assert choose(store, "anna", None, "tiny-voice", {name})[0] == folder
        assert choose(store, "anna", None, name)[0] == folder
    assert choose(store, "bert", None, "tiny-voice", {"me/base"})[0] == "me/base"


def test_a_damaged_file_does_not_hide_a_preset_of_a_named_model(store: VoiceStore) -> None:
    store.folder.mkdir(parents=True)
    (store.folder / "rms.safetensors").write_bytes(b"")
    with pytest.raises(BadVoiceFile):
        choose(store, "rms", None, "tiny-voice")
    model, saved = choose(store, "rms", "tiny-voice", "1.7b-base")
    assert model == "tiny-voice"
    assert saved is not None
    with pytest.raises(BadVoiceFile):  # which only a model without that preset asks for
        saved.features()


def test_a_voice_that_is_deleted_while_its_request_waits_is_spoken_with(
    store: VoiceStore,
) -> None:
    path = store.save(metadata("anna"), features()).path
    _, saved = choose(store, "anna", None, "tiny-voice")
    path.unlink()
    assert saved is not None
    assert same(saved.features(), features())


@pytest.mark.parametrize("step", ["header", "arrays"])
def test_a_voice_that_goes_while_it_is_looked_for_was_never_there(
    store: VoiceStore, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = store.save(metadata("anna"), features()).path
    where = {"header": "open_regular", "arrays": "read_regular"}[step]
    true = getattr(format, where)

    def late(name: Path, most: int) -> Any:
        path.unlink(missing_ok=True)
        return true(name, most)

    monkeypatch.setattr(format, where, late)
    assert choose(store, "anna", None, "tiny-voice") == ("tiny-voice", None)
