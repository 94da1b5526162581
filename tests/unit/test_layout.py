"""Snapshots in the cache appear only when they are whole, whatever happens meanwhile."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import huggingface_hub
import pytest
from huggingface_hub import constants

from sidecar.errors import ModelNotDownloaded
from sidecar.models import catalog
from sidecar.models.hub import cache

REPO = "someone/voice"
COMMIT = "0123456789abcdef" * 2 + "01234567"
NAMES = (
    "config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    "speech_tokenizer/config.json",
    "speech_tokenizer/model.safetensors",
    "generation_config.json",
)


@pytest.fixture
def blobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    folder = cache.repo_folder(REPO) / "blobs"
    folder.mkdir(parents=True)
    made = {name: folder / name.replace("/", "-") for name in NAMES}
    for name, blob in made.items():
        blob.write_text('{"model_type": "qwen3_tts"}' if name == "config.json" else name)
    return made


class Cut(BaseException):
    pass


def cut_after(links: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Interrupt the layout at the next link after the given number."""
    made = 0
    real = Path.symlink_to

    def link(self: Path, target: str) -> None:
        nonlocal made
        if made == links:
            raise Cut
        made += 1
        real(self, target)

    monkeypatch.setattr(Path, "symlink_to", link)


def is_whole() -> bool:
    found = cache.find(REPO, COMMIT)
    return found is not None and not found.missing


def check_whole(blobs: dict[str, Path]) -> None:
    found = cache.find(REPO, COMMIT)
    assert found is not None
    assert found.missing == ()
    for name, blob in blobs.items():
        link = found.path / name
        assert link.is_symlink()
        assert not os.path.isabs(os.readlink(link))
        assert link.samefile(blob)
    there = {p.relative_to(found.path).as_posix() for p in found.path.rglob("*") if p.is_file()}
    assert there == set(blobs)


def left(home: Path) -> list[str]:
    return [path.name for path in home.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("killed", [False, True], ids=["raised", "killed"])
@pytest.mark.parametrize("links", range(len(NAMES)))
def test_a_new_snapshot_appears_whole(
    blobs: dict[str, Path], monkeypatch: pytest.MonkeyPatch, links: int, killed: bool
) -> None:
    home = cache.repo_folder(REPO)
    with monkeypatch.context() as patch:
        cut_after(links, patch)
        if killed:  # nothing is cleaned up then
            patch.setattr(shutil, "rmtree", lambda *_, **__: None)
        with pytest.raises(Cut):
            cache.lay_out(REPO, COMMIT, COMMIT, blobs)
    assert cache.find(REPO, COMMIT) is None
    assert len(left(home)) == killed
    for path in home.glob(".*"):
        os.utime(path, (0, 0))
    cache.lay_out(REPO, COMMIT, COMMIT, blobs)
    check_whole(blobs)
    assert left(home) == []
    assert not huggingface_hub.scan_cache_dir(constants.HF_HUB_CACHE).warnings


@pytest.mark.parametrize("before", [(), ("config.json",), ("model.safetensors",)])
@pytest.mark.parametrize("links", range(len(NAMES)))
def test_a_snapshot_that_is_there_in_part_is_whole_last(
    blobs: dict[str, Path], monkeypatch: pytest.MonkeyPatch, before: tuple[str, ...], links: int
) -> None:
    """Other programs, which download single files, leave such snapshots.

    A snapshot that lacks a file never counts as whole, however soon the layout ends.
    """
    path = cache.repo_folder(REPO) / "snapshots" / COMMIT
    path.mkdir(parents=True)
    for name in before:
        (path / name).symlink_to(os.path.relpath(blobs[name], path))
    with monkeypatch.context() as patch:
        cut_after(links, patch)
        with pytest.raises(Cut):
            cache.lay_out(REPO, COMMIT, COMMIT, blobs)
    missing = [name for name in NAMES if not (path / name).is_file()]
    assert is_whole() == (not missing)
    cache.lay_out(REPO, COMMIT, COMMIT, blobs)
    check_whole(blobs)


def test_two_requests_lay_out_one(blobs: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.rename

    def slower(self: Path, target: Path) -> Path:
        monkeypatch.setattr(Path, "rename", real)
        assert not is_whole()
        cache.lay_out(REPO, None, COMMIT, blobs)  # the other one's, in between
        return real(self, target)

    monkeypatch.setattr(Path, "rename", slower)
    cache.lay_out(REPO, COMMIT, COMMIT, blobs)
    check_whole(blobs)
    assert left(cache.repo_folder(REPO)) == []


def test_a_layout_that_is_under_way_is_left_alone(blobs: dict[str, Path]) -> None:
    other = cache.repo_folder(REPO) / f".{COMMIT}.other"
    other.mkdir()
    cache.lay_out(REPO, None, COMMIT, blobs)
    assert left(cache.repo_folder(REPO)) == [other.name]


def test_what_is_not_here_says_how_to_get_it(blobs: dict[str, Path]) -> None:
    with pytest.raises(ModelNotDownloaded, match="not on this machine yet") as caught:
        catalog.resolve(f"{REPO}@v1")
    for way in (f"models download {REPO}@v1,", "model/load"):
        assert way in str(caught.value.hint)
    path = cache.lay_out(REPO, None, COMMIT, blobs)
    (path / "speech_tokenizer" / "config.json").unlink()
    with pytest.raises(
        ModelNotDownloaded, match=r"partly on this machine: it lacks speech_tokenizer/config.json"
    ):
        catalog.resolve(REPO)
