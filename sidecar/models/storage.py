"""The space that models take in the hub's cache: their sizes, a budget for it, and how to free it.

The cache belongs to all programs on this machine. Only models that this one can load count, and
only those can be removed. Nothing is removed unless it was asked for.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from sidecar.errors import (
    BudgetExceeded,
    Figures,
    ModelInUse,
    ModelNotDeleted,
    ModelNotDownloaded,
    UnknownModel,
    Unsupported,
)
from sidecar.files import describe_os_error
from sidecar.memory import format_bytes
from sidecar.models import catalog, exported, registry
from sidecar.models.checkpoint import Checkpoint
from sidecar.models.checkpoint.jsonfile import read_leniently
from sidecar.models.hub import cache, lease
from sidecar.models.hub.settings import budget

_MOST_NAMED = 3


class Stored(msgspec.Struct, frozen=True):
    """A repository in the cache, with all its revisions and its partial downloads.

    Attributes:
        last_used: when a model of it was last loaded or downloaded, in seconds since 1970.
    """

    repo: str
    nbytes: int
    last_used: float

    @property
    def name(self) -> str:
        """Its alias, or its hub id."""
        return catalog.canonical(self.repo)

    @property
    def last_used_at(self) -> str:
        """The time of its last use, in ISO 8601 and UTC."""
        return datetime.fromtimestamp(self.last_used, UTC).isoformat(timespec="seconds")


def repositories() -> Iterator[str]:
    """Yield the repositories in the cache that can be loaded; others belong to other programs."""
    for repo in cache.repositories():
        if repo in catalog.ALIASES.values():
            yield repo
        elif (snapshot := cache.find(repo)) is not None:
            checkpoint = Checkpoint(repo, snapshot.path, cache.config(snapshot))
            if registry.is_known(checkpoint):
                yield repo


def contents() -> list[Stored]:
    """Return what is in the cache, the least recently used first."""
    return sorted(map(look_at, repositories()), key=lambda one: one.last_used)


def look_at(repo: str) -> Stored:
    """Return what a repository takes in the cache; 0 bytes if nothing of it is there."""
    return Stored(repo, cache.disk_bytes(repo), lease.last_used(cache.repo_folder(repo)))


def admit(repo: str, missing: int) -> None:
    """Refuse a download for which there is no room. Two downloads that begin at the same time do
    not know of each other.

    Args:
        missing: how many bytes it would add.

    Raises:
        DiskFull, BudgetExceeded: the hint names what could be removed.
    """
    from sidecar.models.hub.failures import disk_full_error, free_bytes

    stored = contents()
    if missing > free_bytes(cache.folder()):
        raise disk_full_error(repo, missing, _name_removable(stored, repo))
    limit, used = budget(), sum(one.nbytes for one in stored)
    if limit is not None and missing > 0 and used + missing > limit:
        raise BudgetExceeded(
            f"{repo} needs {format_bytes(missing)}; models take {format_bytes(used)} of the "
            f"{format_bytes(limit)} that they may take in {cache.folder()}.",
            hint="Raise --models-budget, or remove models (qwen-tts-sidecar models remove NAME, or "
            f"models prune).{_name_removable(stored, repo)}",
            field="model",
            figures=Figures(
                needed_bytes=missing, free_bytes=max(0, limit - used), limit_bytes=limit
            ),
        )


def _name_removable(stored: list[Stored], repo: str) -> str:
    others = [one for one in stored if one.repo != repo][:_MOST_NAMED]
    named = ", ".join(f"{one.name} ({format_bytes(one.nbytes)})" for one in others)
    return f" Least recently used: {named}." if others else ""


def excess(limit: int) -> list[Stored]:
    """Return the models to remove, the least recently used first, so that the others take at most
    `limit` bytes. Models in use are not among them, so it may not be enough."""
    stored, chosen = contents(), list[Stored]()
    used = sum(one.nbytes for one in stored)
    for one in stored:
        if used <= limit:
            break
        if not lease.is_held(cache.repo_folder(one.repo)):
            chosen.append(one)
            used -= one.nbytes
    return chosen


def parse_removable(name: str) -> tuple[str, str | None]:
    """Return the repository and the revision that the name of a downloaded model means.

    Raises:
        Unsupported: it is the bundled voice, a folder, only in a folder of `--models-dir`, or not a
            model that the sidecar can load: that belongs to another program.
        UnknownModel: it is neither an alias nor a hub id.
    """
    if catalog.canonical(name).partition("@")[0] == catalog.BUNDLED:
        raise Unsupported(f"{catalog.BUNDLED} is bundled and cannot be removed.", field="model")
    if catalog.is_folder(name):
        raise Unsupported(
            f"{name} names a folder, and only what was downloaded can be removed.",
            hint="Delete the folder yourself if you no longer need it.",
            field="model",
        )
    shipped = exported.look_up(*catalog.parts(name))
    _, repo, _ = catalog.parts(name)
    if shipped is not None and (repo is None or not cache.repo_folder(repo).is_dir()):
        raise Unsupported(
            f"{name} is in {shipped.path}, and only what was downloaded can be removed.",
            hint="Delete that folder yourself if no app needs it.",
            field="model",
        )
    repo, revision = catalog.repository(name)
    if _is_foreign(repo):
        raise Unsupported(
            f"{repo} is not a model of this program, and was not deleted.",
            hint="Other programs share the cache; huggingface_hub's command `hf cache` deletes "
            "what they no longer need.",
            field="model",
        )
    return repo, revision


def _is_foreign(repo: str) -> bool:
    """Return whether the snapshots of a repository are models that the sidecar cannot load."""
    if repo in catalog.ALIASES.values():
        return False
    found = [
        Checkpoint(repo, path, read_leniently(path / "config.json"))
        for path in cache.repo_folder(repo).glob("snapshots/*")
    ]
    return bool(found) and not any(map(registry.is_known, found))


def removable_bytes(repo: str, revision: str | None) -> int:
    """Return how many bytes `remove` would free.

    Raises:
        ModelNotDownloaded: nothing of the repository is in the cache.
        UnknownModel: the revision is not.
    """
    if not cache.repo_folder(repo).is_dir():
        raise ModelNotDownloaded(f"{repo} is not in {cache.folder()}.", field="model")
    if revision is None:
        return cache.disk_bytes(repo)
    return _deletion(_commit(repo, revision)).expected_freed_size


def remove(repo: str, revision: str | None) -> int:
    """Delete a repository, with its partial downloads, or one revision; return the bytes freed.

    Raises:
        ModelNotDownloaded, UnknownModel: as `removable_bytes`.
        ModelInUse: a process on this machine has a model of it in memory, or downloads it.
        ModelNotDeleted: its files cannot be deleted.
    """
    size, home = removable_bytes(repo, revision), cache.repo_folder(repo)
    try:
        with lease.exclusively(home):
            if revision is None:
                # Also what is half downloaded, which huggingface_hub would leave.
                shutil.rmtree(home)
                shutil.rmtree(home.parent / ".locks" / home.name, ignore_errors=True)
            else:
                _deletion(_commit(repo, revision)).execute()
    except lease.InUseError:
        raise ModelInUse(
            f"{repo} is in use, by this process or another one, and was not deleted.",
            hint="Unload it first, or end the program that uses it.",
            field="model",
        ) from None
    except OSError as error:
        path = error.filename or home
        raise ModelNotDeleted(
            f"{repo} could not be deleted. {path}: {describe_os_error(error, path)}.", field="model"
        ) from error
    return size


def _commit(repo: str, revision: str) -> str:
    snapshot = cache.find(repo, revision)
    if snapshot is None:
        raise UnknownModel(
            f"Revision {revision!r} of {repo} is not on this machine.", field="model"
        )
    return snapshot.commit


def _deletion(commit: str) -> Any:
    import huggingface_hub

    return huggingface_hub.scan_cache_dir(cache.folder()).delete_revisions(commit)
