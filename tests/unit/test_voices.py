"""The folder of saved voices: what is written, and what anybody may have put there."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from safetensors.numpy import save

from sidecar.errors import BadVoiceFile, InvalidVoiceName, UnknownVoice, VoiceExists, VoiceNotSaved
from sidecar.models.base import VoiceFeatures
from sidecar.voices import format, names
from sidecar.voices.choice import choose
from sidecar.voices.format import Metadata, SavedVoice
from sidecar.voices.store import VoiceStore
from tests.harness import ROOT


def features(**changes: Any) -> VoiceFeatures:
    random = np.random.default_rng(1)
    whole = VoiceFeatures(
        speaker=random.standard_normal(64).astype(np.float32),
        codes=random.integers(0, 256, (30, 16)).astype(np.uint16),
        text="Say it.",
        text_ids=np.arange(5, dtype=np.int32),
    )
    return msgspec.structs.replace(whole, **changes)


def metadata(name: str = "anna", **changes: Any) -> Metadata:
    whole = Metadata(
        format_version=1,
        name=name,
        model="1.7b-base",
        family="qwen3_tts",
        created="2026-01-01T00:00:00Z",
        origin="reference",
        text="Say it.",
    )
    return msgspec.structs.replace(whole, **changes)


def same(one: VoiceFeatures, other: VoiceFeatures) -> bool:
    return (
        np.array_equal(one.speaker, other.speaker)
        and np.array_equal(one.codes, other.codes)  # type: ignore[arg-type]
        and np.array_equal(one.text_ids, other.text_ids)  # type: ignore[arg-type]
        and one.text == other.text
    )


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
    alone = VoiceFeatures(features().speaker)
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
    assert [voice.name for voice in store.voices()[0]] == ["anna"]


def test_without_a_name_it_takes_a_free_one(store: VoiceStore) -> None:
    store.save(metadata("voice-2"), features())
    made = [store.save(metadata(""), features()).name for _ in range(3)]
    assert made == ["voice-1", "voice-3", "voice-4"]


def test_a_copied_file_is_a_voice_by_the_name_of_the_file(store: VoiceStore) -> None:
    saved = store.save(metadata("Anna"), features())
    data = saved.path.read_bytes()
    (store.folder / "Bella Copy.safetensors").write_bytes(data)
    assert [voice.name for voice in store.voices()[0]] == ["Anna", "Bella Copy"]
    assert same(store.find("bella copy").features(), features())
    store.save(metadata("bella COPY"), features(), replace=True)
    assert len(store.voices()[0]) == 2
    store.delete("BELLA copy")
    assert [voice.name for voice in store.voices()[0]] == ["Anna"]


def test_what_is_listed_is_what_is_found_and_deleted(store: VoiceStore) -> None:
    """Of two files whose names differ in case only."""
    path = store.save(metadata("anna"), features()).path
    path.with_name("Anna.safetensors").write_bytes(path.read_bytes())
    [listed], [skipped] = store.voices()
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
        with pytest.raises(VoiceNotSaved, match="No space left"):
            store.save(metadata(name), features(), replace=replace)
    assert [path.read_bytes() for path in store.folder.iterdir()] == [before]


def test_a_folder_that_cannot_be_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = VoiceStore(str(tmp_path / "file" / "voices"))
    assert store.voices() == ([], [])
    with pytest.raises(VoiceNotSaved, match="cannot be changed"):
        store.save(metadata(), features())


def test_two_processes_creating_at_once(store: VoiceStore) -> None:
    """One of them succeeds; what is there is its own, whole."""
    script = (
        "import sys; from tests.unit.test_voices import *; import numpy as np\n"
        "store = VoiceStore(sys.argv[1]); which = int(sys.argv[2])\n"
        "sys.stdout.write('ready\\n'); sys.stdout.flush(); sys.stdin.readline()\n"
        "try:\n"
        "    store.save(metadata('Same'), features(speaker=np.full(64, which, np.float32)))\n"
        "    print('saved', store.save(metadata(''), features()).name)\n"
        "except VoiceExists: print('exists', store.save(metadata(''), features()).name)\n"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(store.folder), str(which)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        )
        for which in range(2)
    ]  # fmt: skip
    for process in started:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=60)[0].split() for process in started]
    assert sorted(line[0] for line in said) == ["exists", "saved"]
    assert sorted(line[1] for line in said) == ["voice-1", "voice-2"]
    winner = next(which for which, line in enumerate(said) if line[0] == "saved")
    assert (store.find("same").features().speaker == winner).all()
    assert len(list(store.folder.iterdir())) == 3  # nothing half-written


# --- what others may have put there ----------------------------------------------------------


def tensors(**changes: Any) -> dict[str, np.ndarray]:
    given = features()
    whole = {"speaker": given.speaker, "codes": given.codes, "text_ids": given.text_ids}
    return {name: value for name, value in {**whole, **changes}.items() if value is not None}


def file(about: Any = None, **changes: Any) -> bytes:
    document = msgspec.json.encode(metadata() if about is None else about).decode()
    return save(tensors(**changes), {"qwen_tts_voice": document})


def with_header(header: bytes, size: int | None = None) -> bytes:
    return struct.pack("<Q", len(header) if size is None else size) + header


WHOLE = format.write(metadata(), features())
FOREIGN: dict[str, bytes] = {
    "empty": b"",
    "no header": b"RIFF....WAVEfmt ",
    "header longer than all": with_header(b"{}", 2**62),
    "header that is no JSON": with_header(b"not JSON at all"),
    "header nested deeply": with_header(b"[" * 100_000),
    "another safetensors file": save({"weight": np.ones(4, np.float32)}),
    "somebody else's metadata": save({"speaker": np.ones(4, np.float32)}, {"format": "pt"}),
    "one tensor too many": save({**tensors(), "more": np.ones(1)}, {"qwen_tts_voice": "{}"}),
    "no metadata of a voice": file({}),
    "newer format": file({**msgspec.to_builtins(metadata()), "formatVersion": 2}),
    "format that is no number": file({**msgspec.to_builtins(metadata()), "formatVersion": "1"}),
    "model that is no name": file({**msgspec.to_builtins(metadata()), "model": 7}),
    "no transcript for its codes": file(metadata(text=None)),
    "transcript without end": file(metadata(text="a" * 5000)),
    "speaker that is a table": file(speaker=np.ones((8, 8), np.float32)),
    "codes that are a row": file(codes=np.ones(16, np.uint16)),
    "codes of an hour": file(codes=np.zeros((800, 16), np.uint16)),
    "model with a name without end": file(metadata(model="a" * 100_000)),
}
# A header that looks right, and arrays that are not.
WRONG_INSIDE: dict[str, bytes] = {
    "cut": WHOLE[:-100],
    "longer": WHOLE + b"more",
    "float64 speaker": file(speaker=np.ones(64)),
    "speaker with NaN": file(speaker=np.full(64, np.nan, np.float32)),
    "speaker with infinity": file(speaker=np.full(64, np.inf, np.float32)),
    "signed codes": file(codes=np.full((30, 16), -1, np.int16)),
    "float codes": file(codes=np.ones((30, 16), np.float32)),
    "no codes at all": file(codes=np.zeros((0, 16), np.uint16)),
    "codes without tokens": file(text_ids=None),
    "tokens that are a table": file(text_ids=np.ones((2, 2), np.int32)),
    "tokens of eight bytes": file(text_ids=np.ones(5, np.int64)),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_foreign_file_is_reported_and_skipped(store: VoiceStore, kind: str) -> None:
    good = store.save(metadata("good"), features())
    (store.folder / "bad.safetensors").write_bytes(FOREIGN[kind])
    voices, [skipped] = store.voices()
    assert [voice.path for voice in voices] == [good.path]
    assert skipped.file == "bad.safetensors"
    with pytest.raises(BadVoiceFile, match=r"bad\.safetensors"):
        store.find("bad")
    store.delete("bad")
    assert store.voices()[1] == []


@pytest.mark.parametrize("kind", WRONG_INSIDE)
def test_arrays_are_looked_at_before_they_are_believed(store: VoiceStore, kind: str) -> None:
    store.save(metadata("good"), features())
    (store.folder / "bad.safetensors").write_bytes(WRONG_INSIDE[kind])
    with pytest.raises(BadVoiceFile, match=r"bad\.safetensors"):
        store.find("bad").features()


@given(st.integers(0, len(WHOLE) - 1), st.binary(min_size=1, max_size=30))
def test_a_damaged_file_is_a_voice_or_an_error_of_ours(
    tmp_path_factory: pytest.TempPathFactory, at: int, noise: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.safetensors"
    path.write_bytes(WHOLE[:at] + noise + WHOLE[at + len(noise) :])
    try:
        found = format.read(path, "damaged").features()
    except BadVoiceFile:
        return
    assert np.isfinite(found.speaker).all()


def _pipe(path: Path) -> None:
    os.mkfifo(path)  # which would wait for a writer


def _folder(path: Path) -> None:
    path.mkdir()


def _loop(path: Path) -> None:
    path.symlink_to(path)


def _dangling(path: Path) -> None:
    path.symlink_to("nowhere")


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _foreign_link(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def _huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2**40)  # a hole: it takes no room


@pytest.mark.parametrize("make", [_pipe, _folder, _loop, _dangling, _device, _foreign_link, _huge])
def test_what_is_no_file_is_reported_and_skipped(
    store: VoiceStore, make: Callable[[Path], None]
) -> None:
    store.save(metadata("good"), features())
    path = store.folder / "bad.safetensors"
    make(path)
    voices, skipped = store.voices()
    assert [voice.name for voice in voices] == ["good"]
    assert [one.file for one in skipped] == ["bad.safetensors"]
    with pytest.raises(BadVoiceFile):
        store.find("bad")
    with pytest.raises(VoiceExists):
        store.save(metadata("bad"), features())
    if make is not _folder:
        store.save(metadata("bad"), features(), replace=True)  # the link goes, not what it leads to
        assert same(store.find("bad").features(), features())
        assert not path.is_symlink()


def test_a_link_to_a_voice_is_one_and_only_the_link_is_deleted(
    store: VoiceStore, tmp_path: Path
) -> None:
    saved = store.save(metadata("anna"), features())
    saved.path.rename(tmp_path / "elsewhere")
    saved.path.symlink_to(tmp_path / "elsewhere")
    assert same(store.find("anna").features(), features())
    store.delete("anna")
    assert (tmp_path / "elsewhere").exists()


def test_a_file_that_may_not_be_read_is_skipped(
    store: VoiceStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Said by a stand-in, since root may read everything."""
    store.save(metadata("anna"), features())

    def denied(*_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(format, "open_regular", denied)
    voices, [skipped] = store.voices()
    assert voices == []
    assert "Permission denied" in skipped.reason


@pytest.mark.skipif(sys.platform == "darwin", reason="names are UTF-8 there")
def test_names_of_files_that_are_no_text(store: VoiceStore) -> None:
    store.save(metadata("good"), features())
    for name in (b"\xff.safetensors", b"a\x1b[2J\n.safetensors", b"other.txt", b".x.safetensors"):
        (Path(os.fsdecode(os.fsencode(store.folder) + b"/" + name))).write_bytes(WHOLE)
    voices, skipped = store.voices()
    assert [voice.name for voice in voices] == ["good"]
    assert len(skipped) == 2
    for one in skipped:
        msgspec.json.encode(one)  # it can be told
        assert one.reason.isprintable()


def test_half_a_character_in_the_metadata_is_refused(store: VoiceStore) -> None:
    document = msgspec.json.encode(metadata(model="MODEL")).decode().replace("MODEL", "\\ud800")
    store.folder.mkdir(parents=True)
    bad = save(tensors(), {"qwen_tts_voice": document})
    (store.folder / "bad.safetensors").write_bytes(bad)
    voices, skipped = store.voices()
    for voice in voices:
        msgspec.json.encode(voice.metadata)
    assert len(skipped) + len(voices) == 1


# --- which model speaks ----------------------------------------------------------------------


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
