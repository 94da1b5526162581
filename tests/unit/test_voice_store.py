"""The folder of saved voices: everything written is read back whole, and nothing elsewhere."""

from __future__ import annotations

import os
import time
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sidecar.errors import (
    Cancelled,
    InvalidVoiceName,
    UnknownVoice,
    VoiceExists,
    VoiceSaveFailed,
)
from sidecar.models.base import VoicePrompt
from sidecar.voices import atomic, names
from sidecar.voices.store import Listing, VoiceStore
from tests.support.voice_files import features, metadata, same


@pytest.fixture
def store(tmp_path: Path) -> VoiceStore:
    return VoiceStore(str(tmp_path / "made" / "when needed"))


def test_a_voice_comes_back_as_it_was_saved(store: VoiceStore) -> None:
    # Codes as an encoder leaves them: columns first.
    codes = np.asfortranarray(features().codes)
    store.save(metadata("Anna"), features(codes=codes))
    found = store.find("ANNA")
    assert (found.name, found.speaker_size, found.codebooks, found.frames) == ("Anna", 64, 16, 30)
    assert found.metadata == metadata("Anna")
    assert same(found.features(), features())
    assert store.folder.stat().st_mode & 0o777 == 0o700
    assert found.path.stat().st_mode & 0o777 == 0o600


def test_the_timbre_alone_has_no_codes(store: VoiceStore) -> None:
    alone = VoicePrompt(features().speaker)
    found = store.save(metadata(text=None), alone)
    assert (found.codebooks, found.frames) == (0, 0)
    assert same(found.features(), alone)


text = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(
    model=text, language=st.none() | text, transcript=text, instruct=st.none() | text,
    origin=st.sampled_from(["reference", "design"]), frames=st.integers(1, 40),
)  # fmt: skip
def test_any_metadata_comes_back(
    tmp_path_factory: pytest.TempPathFactory, transcript: str, frames: int, **fields: Any
) -> None:
    store = VoiceStore(str(tmp_path_factory.getbasetemp() / "any"))
    written = metadata(text=transcript, **fields)
    given = features(text=transcript, codes=np.ones((frames, 16), np.uint16))
    found = store.save(written, given, replace=True)
    assert found.metadata == written
    assert same(found.features(), given)


@example("ß" * 25)  # 50 letters when folded
@given(st.text(max_size=60) | st.from_regex(r"[\w ./\\:-]{1,20}", fullmatch=True))
def test_a_name_is_a_file_in_the_folder_or_refused(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    store = VoiceStore(str(tmp_path_factory.getbasetemp() / "names"))
    if not names.is_valid(name):
        assert store.locate(name) is None
        with pytest.raises(InvalidVoiceName):
            names.check(name)
        return
    found = store.save(metadata(name), features(), replace=True)
    assert found.path.parent == store.folder
    assert found.name == name
    other = unicodedata.normalize("NFD", name.swapcase())
    if names.key(other) == names.key(name) and names.is_valid(other):  # not so for a dotless ı
        assert store.find(other).path == found.path
    store.delete(name)
    assert store.names() == []


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../anna", "a/b", "a\\b", "a:b", "a\0b", ".hidden", "-rf", "a\nb", "a\x1b[2J",
     " anna", "anna ", "anna.", "a" * 49, "\ud800", "a\u202eb", "/etc/passwd", "😀"],
)  # fmt: skip
def test_names_that_lead_elsewhere(store: VoiceStore, name: str) -> None:
    with pytest.raises(InvalidVoiceName):
        store.check_free(name)
    with pytest.raises(UnknownVoice):
        store.find(name)
    with pytest.raises(UnknownVoice):
        store.delete(name)


@pytest.mark.parametrize("name", ["Anna", "小明", "हिन्दी", "Béla B.jr", "2nd_voice", "O'Neil-2"])
def test_names_of_people(store: VoiceStore, name: str) -> None:
    assert store.save(metadata(name), features()).name == name


def test_an_existing_voice_is_replaced_only_on_request(store: VoiceStore) -> None:
    store.save(metadata("Anna"), features())
    with pytest.raises(VoiceExists):
        store.check_free("anna")
    with pytest.raises(VoiceExists):
        store.save(metadata("anna"), features(text="Other.", speaker=np.ones(64, np.float32)))
    assert same(store.find("anna").features(), features())
    other = features(speaker=np.ones(64, np.float32))
    store.save(metadata("anna", language="english"), other, replace=True)
    assert same(store.find("Anna").features(), other)
    assert [voice.name for voice in store.voices().voices] == ["anna"]


def test_without_a_name_it_takes_a_free_one(store: VoiceStore) -> None:
    store.save(metadata("voice-2"), features())
    made = [store.save(metadata(""), features()).name for _ in range(3)]
    assert made == ["voice-1", "voice-3", "voice-4"]


def test_a_copied_file_is_a_voice_by_the_name_of_the_file(store: VoiceStore) -> None:
    saved = store.save(metadata("Anna"), features())
    data = saved.path.read_bytes()
    (store.folder / "Bella Copy.safetensors").write_bytes(data)
    assert [voice.name for voice in store.voices().voices] == ["Anna", "Bella Copy"]
    assert same(store.find("bella copy").features(), features())
    store.save(metadata("bella COPY"), features(), replace=True)
    assert len(store.voices().voices) == 2
    store.delete("BELLA copy")
    assert [voice.name for voice in store.voices().voices] == ["Anna"]


def test_what_is_listed_is_what_is_found_and_deleted(store: VoiceStore) -> None:
    """There are two files whose names differ only in case."""
    path = store.save(metadata("anna"), features()).path
    path.with_name("Anna.safetensors").write_bytes(path.read_bytes())
    found = store.voices()
    [listed], [skipped] = found.voices, found.skipped
    assert skipped.file == "Anna.safetensors"
    assert store.find("ANNA").path == listed.path == path
    store.delete("Anna")
    assert store.find("anna").path.name == "Anna.safetensors"


def test_a_failed_write_leaves_nothing(store: VoiceStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.save(metadata("anna"), features())
    before = store.find("anna").path.read_bytes()

    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    for name, replace in (("anna", True), ("bert", False)):
        with pytest.raises(VoiceSaveFailed, match="no space is left on the device that holds"):
            store.save(metadata(name), features(), replace=replace)
    assert [path.read_bytes() for path in store.folder.iterdir()] == [before]


def test_a_folder_that_cannot_be_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = VoiceStore(str(tmp_path / "file" / "voices"))
    [skipped] = store.voices().skipped
    assert (skipped.file, "is not a folder" in skipped.reason) == (str(store.folder), True)
    assert VoiceStore(str(tmp_path / "not there yet")).voices() == Listing([], [])
    with pytest.raises(VoiceSaveFailed, match="cannot be changed"):
        store.save(metadata(), features())


def test_only_files_that_a_killed_writer_left_are_removed(store: VoiceStore) -> None:
    store.save(metadata("anna"), features())
    names = [".voice-old.new", ".voice-young.new", ".other.new", ".voice-old", "voice-old.new"]
    for name in names:
        (store.folder / name).write_bytes(b"half a voice")
        then = time.time() - (0 if "young" in name else 3600)
        os.utime(store.folder / name, (then, then))
    (store.folder / ".voice-folder.new").mkdir()
    os.utime(store.folder / ".voice-folder.new", (0, 0))
    store.save(metadata("bert"), features())
    left = {path.name for path in store.folder.iterdir()}
    kept = {*names[1:], ".voice-folder.new", "anna.safetensors", "bert.safetensors"}
    assert left == kept


def test_what_is_cancelled_before_it_has_a_name_leaves_the_folder_as_it_was(
    store: VoiceStore,
) -> None:
    path = store.save(metadata("anna"), features()).path
    before = path.read_bytes()

    def cancelled() -> None:
        assert len(list(store.folder.iterdir())) == 2  # it has been written
        raise Cancelled("The request was cancelled.")

    for name, replace in (("anna", True), ("bert", False), ("", False)):
        with pytest.raises(Cancelled):
            store.save(
                metadata(name),
                features(speaker=np.ones(64, np.float32)),
                replace=replace,
                commit=cancelled,
            )
        assert [one.read_bytes() for one in store.folder.iterdir()] == [before]


@pytest.mark.parametrize("links", [True, False])
def test_a_name_that_is_taken_in_the_last_moment_is_not_overwritten(
    store: VoiceStore, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    """This also holds without hard links, as on FAT and some network file systems."""

    def no_links(*_: Any) -> None:
        raise OSError(95, "Operation not supported")

    if not links:
        monkeypatch.setattr(os, "link", no_links)
    assert same(store.save(metadata("anna"), features()).features(), features())
    target = store.folder / "bert.safetensors"

    def faster() -> None:
        target.write_bytes(b"theirs")

    with pytest.raises(VoiceExists):
        store.save(metadata("bert"), features(), commit=faster)
    assert target.read_bytes() == b"theirs"
    assert len(list(store.folder.iterdir())) == 2


@pytest.mark.parametrize("name", ["anna", ""])
def test_a_voice_that_is_deleted_as_soon_as_it_has_its_name_was_saved(
    store: VoiceStore, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    true_put = atomic.put

    def put(temporary: str, target: Path, replace: bool) -> None:
        true_put(temporary, target, replace)
        target.unlink()

    monkeypatch.setattr(atomic, "put", put)
    saved = store.save(metadata(name), features())
    assert (saved.name, saved.frames, saved.codebooks) == (name or "voice-1", 30, 16)
    assert saved.path == store.folder / f"{saved.name}.safetensors"
    assert list(store.folder.iterdir()) == []


def test_a_name_is_free_again_where_the_last_step_fails(
    store: VoiceStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "link", broken)
    monkeypatch.setattr(os, "replace", broken)
    with pytest.raises(VoiceSaveFailed, match="the device failed"):
        store.save(metadata("anna"), features())
    assert list(store.folder.iterdir()) == []
