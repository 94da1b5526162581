"""The hub's cache on this disk: what is in it, and what is missing. Never uses the network.

The layout is huggingface_hub's ("Understand caching" in its documentation): `refs/` names
commits, `snapshots/<commit>/` has the files as links into `blobs/`.
"""

from __future__ import annotations

import contextlib
import fnmatch
import os
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from sidecar.home import below_home
from sidecar.models.checkpoint.jsonfile import read_leniently
from sidecar.models.checkpoint.weights import weight_names

# The files of a checkpoint. Everything else in a repository is left out, code above all.
PATTERNS = ("*.json", "*.safetensors", "*.txt", "*.model", "*.jinja", "*.yaml")
PARTIAL = ".incomplete"
_COMMIT = re.compile(r"[0-9a-f]{40}")
_REVISION = re.compile(r"(?!.*\.\.)[\w.-]+(?:/[\w.-]+)*")
_PREFIX = "models--"
# A temporary folder older than this was left by a process that was killed.
_ABANDONED_SECONDS = 3600.0


class Snapshot(msgspec.Struct, frozen=True):
    """One commit of a repository in the cache; `missing` lists files that a model needs."""

    repo: str
    commit: str
    path: Path
    missing: tuple[str, ...]


def folder() -> Path:
    """Return the cache's folder: `HF_HUB_CACHE`, or `hub` in `HF_HOME`."""
    from huggingface_hub import constants

    return below_home(lambda: Path(constants.HF_HUB_CACHE).expanduser(), "HF_HUB_CACHE")


def repo_folder(repo: str) -> Path:
    return folder() / (_PREFIX + repo.replace("/", "--"))


def home_of(path: Path) -> Path | None:
    """Return the repository's folder of a snapshot's folder; None if that is not in the cache."""
    home = path.parent.parent
    is_snapshot = path.parent.name == "snapshots" and home.name.startswith(_PREFIX)
    return home if is_snapshot and home.parent == folder() else None


def is_revision(text: str) -> bool:
    """Return whether a text can name a branch, a tag or a commit; it becomes part of a path."""
    return _REVISION.fullmatch(text) is not None


def find(repo: str, revision: str | None = None) -> Snapshot | None:
    """Return the snapshot of `revision` (default: the main branch); None if there is none."""
    home = repo_folder(repo)
    commit = revision or "main"
    if not _COMMIT.fullmatch(commit):
        try:
            commit = (home / "refs" / commit).read_text("utf-8").strip()
        except (OSError, ValueError):
            return None
    path = home / "snapshots" / commit
    if not _COMMIT.fullmatch(commit) or not path.is_dir():
        return None
    return Snapshot(repo, commit, path, tuple(_missing(repo, commit, path)))


def lay_out(repo: str, revision: str | None, commit: str, blobs: dict[str, Path]) -> Path:
    """Make a snapshot of files that are in `blobs/`; return its folder.

    Until it is complete, a reader finds no snapshot, or one that lacks a file which a model needs.
    So it does after the process was killed.

    Args:
        revision: the name of `commit` on the hub; None is the main branch.
        blobs: paths by the file's name in the repository, which must not lead out of it.
    """
    home = repo_folder(repo)
    path = home / "snapshots" / commit
    if path.is_dir() or not _build(path, blobs):
        for name in sorted(blobs, key=_order):
            _link(blobs[name], path / name, path / name)
    if revision != commit:
        ref = home / "refs" / (revision or "main")
        ref.parent.mkdir(parents=True, exist_ok=True)
        written = ref.with_name(f"{ref.name}.{os.getpid()}")
        written.write_text(commit, "utf-8")
        written.replace(ref)
    return path


def _build(path: Path, blobs: dict[str, Path]) -> bool:
    """Make a new snapshot that appears when it is complete; return False if another request was
    quicker. It is built beside `snapshots/`, where huggingface_hub takes every folder for a
    commit."""
    home = path.parent.parent
    _delete_abandoned(home)
    growing = home / f".{path.name}.{uuid.uuid4().hex}"
    try:
        growing.mkdir(parents=True)
        for name, blob in blobs.items():
            _link(blob, growing / name, path / name)
        path.parent.mkdir(exist_ok=True)
        growing.rename(path)
    except BaseException as error:
        shutil.rmtree(growing, ignore_errors=True)
        if isinstance(error, OSError) and path.is_dir():
            return False
        raise
    return True


def _delete_abandoned(home: Path) -> None:
    for left in home.glob(".*"):
        with contextlib.suppress(OSError):  # another process may delete it, too
            commit = left.name[1:].partition(".")[0]
            abandoned = time.time() - left.stat().st_mtime > _ABANDONED_SECONDS
            if abandoned and _COMMIT.fullmatch(commit):
                shutil.rmtree(left)


def _order(name: str) -> int:
    """Return when a file is linked: those that `_required` checks come last, so that a snapshot
    that has been begun is not taken for whole."""
    return 2 if name == "config.json" else int(name.endswith(".safetensors"))


def _link(blob: Path, link: Path, final: Path) -> None:
    """Make `link`, which leads to `blob` once it has been moved to `final`."""
    link.parent.mkdir(parents=True, exist_ok=True)
    target = os.path.relpath(blob, final.parent)
    new = link.with_name(f".{link.name}.{os.getpid()}")
    try:
        new.symlink_to(target)
    except OSError:  # a file system without links
        shutil.copyfile(blob, new)
    new.replace(link)


def repositories() -> Iterator[str]:
    """Yield every model repository of which something is in the cache."""
    for path in sorted(folder().glob(f"{_PREFIX}*--*")):
        yield path.name.removeprefix(_PREFIX).replace("--", "/", 1)


def disk_bytes(repo: str) -> int:
    """Return the size of a repository in the cache: all its commits, and partial downloads."""
    total = 0
    for path in repo_folder(repo).glob("blobs/*"):
        with contextlib.suppress(OSError):  # a download ends, or another process cleans up
            total += path.stat().st_size
    return total


def config(snapshot: Snapshot) -> dict[str, Any]:
    """Return the object in config.json; empty if it cannot be read."""
    return read_leniently(snapshot.path / "config.json")


def is_needed(name: str) -> bool:
    """Return whether a model needs the repository's file of this name."""
    return any(fnmatch.fnmatch(name, pattern) for pattern in PATTERNS)


def _missing(repo: str, commit: str, path: Path) -> Iterator[str]:
    names = _listed(repo, commit)
    if names is None:
        # Another program has fetched single files: derive the list from those that are there.
        names = _required(path)
    yield from (name for name in names if not (path / name).is_file())


def _listed(repo: str, commit: str) -> list[str] | None:
    """Return the needed files by the hub's listing, if huggingface_hub has kept it."""
    import huggingface_hub
    from huggingface_hub.errors import CachedRepoTreeNotFoundError

    try:
        tree = huggingface_hub.get_cached_repo_tree(repo, revision=commit)
    except CachedRepoTreeNotFoundError:
        return None
    return [file.path for file in tree if is_needed(file.path)]


def _required(path: Path) -> Iterator[str]:
    yield "config.json"
    config = read_leniently(path / "config.json")
    if config.get("model_type") != "qwen3_tts":
        yield from () if any(path.glob("*.safetensors")) else weight_names(path)
        return
    yield from weight_names(path)
    yield "speech_tokenizer/config.json"
    for name in weight_names(path / "speech_tokenizer"):
        yield f"speech_tokenizer/{name}"
    if not (path / "tokenizer.json").is_file():
        yield from ("vocab.json", "merges.txt")
