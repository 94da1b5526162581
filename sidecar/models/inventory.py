"""What `model/list` lists: bundled, cached and known models, each with what is known of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from sidecar.errors import NotACheckpoint
from sidecar.models import cache, catalog, registry
from sidecar.models.base import Ability, ModelInfo
from sidecar.models.catalog import Checkpoint
from sidecar.models.known import KNOWN, LANGUAGES, KnownModel

State = Literal["bundled", "cached", "known"]


class Entry(msgspec.Struct, frozen=True):
    """A model that can be named.

    Attributes:
        state: cached is whole, and can be used without a network; known would be downloaded.
        known: its row of the catalogue.
        info: of one that is not in the catalogue, by its config; None if that is wrong.
        disk_bytes: what is on this machine of it.
        missing: of a known model that is here in part, the files that it lacks.
    """

    name: str
    state: State
    repo: str | None = None
    known: KnownModel | None = None
    info: ModelInfo | None = None
    disk_bytes: int = 0
    missing: tuple[str, ...] = ()

    @property
    def languages(self) -> Sequence[str]:
        if self.info is not None:
            return [name for name in self.info.languages if name != "auto"]
        return () if self.known is None else LANGUAGES

    @property
    def abilities(self) -> Sequence[Ability]:
        if self.name == catalog.BUNDLED:
            return ("presets", "textStreaming", "batching", "seed")
        if self.info is not None:
            return self.info.abilities
        return () if self.known is None else self.known.abilities


def entries() -> list[Entry]:
    """Lists the bundled voice, every alias, and what else is cached and can be loaded; never asks
    the network."""
    size = sum(file.stat().st_size for file in catalog.BUNDLED_PATH.rglob("*") if file.is_file())
    rows = [Entry(catalog.BUNDLED, "bundled", disk_bytes=size)]
    rows += [_entry(alias, known.repo, known) for alias, known in KNOWN.items()]
    return rows + list(_others())


def _others() -> Iterator[Entry]:
    listed = set(catalog.ALIASES.values())
    for repo in cache.repositories():
        snapshot = None if repo in listed else cache.find(repo)
        if snapshot is None:
            continue
        checkpoint = Checkpoint(repo, snapshot.path, cache.config(snapshot))
        if registry.is_known(checkpoint):  # not another program's
            yield _entry(repo, repo, None, _info(checkpoint))


def _info(checkpoint: Checkpoint) -> ModelInfo | None:
    """None of one that cannot be loaded; it is listed to be removed."""
    try:
        return registry.describe(checkpoint)
    except NotACheckpoint:
        return None


def _entry(name: str, repo: str, known: KnownModel | None, info: ModelInfo | None = None) -> Entry:
    snapshot = cache.find(repo)
    size = cache.disk_bytes(repo)
    if snapshot is None:
        return Entry(name, "known", repo, known, info, size)
    state: State = "known" if snapshot.missing else "cached"
    return Entry(name, state, repo, known, info, size, snapshot.missing)
