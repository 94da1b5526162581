"""Files of unknown origin in the folder of voices."""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save

from sidecar.errors import BadVoiceFile, VoiceExists
from sidecar.voices import format
from sidecar.voices.reader import ReferenceReader
from sidecar.voices.store import VoiceStore
from tests.support.voice_files import features, metadata, same


@pytest.fixture
def store(tmp_path: Path) -> VoiceStore:
    return VoiceStore(str(tmp_path / "made" / "when needed"))


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
    "metadata of another program": save({"speaker": np.ones(4, np.float32)}, {"format": "pt"}),
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
    found = store.voices()
    voices, [skipped] = found.voices, found.skipped
    assert [voice.path for voice in voices] == [good.path]
    assert skipped.file == "bad.safetensors"
    with pytest.raises(BadVoiceFile, match=r"bad\.safetensors"):
        store.find("bad")
    store.delete("bad")
    assert store.voices().skipped == []


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
        found = format.read(path, "damaged", ReferenceReader().max_frames).features()
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
    found = store.voices()
    voices, skipped = found.voices, found.skipped
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
    """A stand-in reports the missing permission, since root may read everything."""
    store.save(metadata("anna"), features())

    def denied(*_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(format, "open_regular", denied)
    found = store.voices()
    voices, [skipped] = found.voices, found.skipped
    assert voices == []
    assert "permission is denied" in skipped.reason


@pytest.mark.skipif(sys.platform == "darwin", reason="names are UTF-8 there")
def test_names_of_files_that_are_no_text(store: VoiceStore) -> None:
    store.save(metadata("good"), features())
    for name in (b"\xff.safetensors", b"a\x1b[2J\n.safetensors", b"other.txt", b".x.safetensors"):
        (Path(os.fsdecode(os.fsencode(store.folder) + b"/" + name))).write_bytes(WHOLE)
    found = store.voices()
    voices, skipped = found.voices, found.skipped
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
    found = store.voices()
    voices, skipped = found.voices, found.skipped
    for voice in voices:
        msgspec.json.encode(voice.metadata)
    assert len(skipped) + len(voices) == 1


def test_a_voice_longer_than_the_option_is_skipped_and_says_so(store: VoiceStore) -> None:
    long = features(codes=np.ones((2000, 16), np.uint16))
    patient = VoiceStore(str(store.folder), ReferenceReader(300))
    assert patient.save(metadata("long"), long).frames == 2000
    assert same(patient.find("long").features(), long)
    [skipped] = store.voices().skipped
    assert "--max-reference-seconds" in skipped.reason
    with pytest.raises(BadVoiceFile, match="--max-reference-seconds"):
        store.find("long")


def test_a_list_has_an_end(store: VoiceStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sidecar.voices.store._MOST_LISTED", 5)
    monkeypatch.setattr("sidecar.voices.store._MOST_SKIPPED", 3)
    path = store.save(metadata("a0"), features()).path
    for number in range(1, 8):
        path.with_name(f"a{number}.safetensors").write_bytes(path.read_bytes())
    found = store.voices()
    assert [voice.name for voice in found.voices] == ["a0", "a1", "a2", "a3", "a4"]
    assert (len(found.skipped), found.omitted) == (0, 3)
    for number in range(8):
        (store.folder / f"a{number}.safetensors").write_bytes(b"")
    found = store.voices()
    assert (len(found.voices), len(found.skipped), found.omitted) == (0, 3, 5)
