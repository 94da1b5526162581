"""What `model/list` lists: bundled, cached and known models, each with what is known of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from sidecar.models import cache, catalog
from sidecar.models.known import KNOWN, LANGUAGES, Ability, KnownModel

State = Literal["bundled", "cached", "known"]


class Entry(msgspec.Struct, frozen=True):
    """A model that can be named.

    Attributes:
        state: cached is whole, and can be used without a network; known would be downloaded.
        known: its row of the catalogue.
        disk_bytes: what is on this machine of it.
        missing: of a known model that is here in part, the files that it lacks.
    """

    name: str
    state: State
    repo: str | None = None
    known: KnownModel | None = None
    disk_bytes: int = 0
    missing: tuple[str, ...] = ()

    @property
    def languages(self) -> Sequence[str]:
        return () if self.known is None else LANGUAGES

    @property
    def abilities(self) -> Sequence[Ability]:
        if self.name == catalog.BUNDLED:
            return ("presets", "textStream")
        return () if self.known is None else self.known.abilities


def entries(families: frozenset[str]) -> list[Entry]:
    """Lists the bundled voice, every alias, and what else is cached; never asks the network.

    Args:
        families: values of `model_type` that can be loaded; repositories of others are left out.
    """
    size = sum(file.stat().st_size for file in catalog.BUNDLED_PATH.rglob("*") if file.is_file())
    rows = [Entry(catalog.BUNDLED, "bundled", disk_bytes=size)]
    rows += [_entry(alias, known.repo, known) for alias, known in KNOWN.items()]
    return rows + list(_others(families))


def _others(families: frozenset[str]) -> Iterator[Entry]:
    listed = set(catalog.ALIASES.values())
    for repo in cache.repositories():
        snapshot = None if repo in listed else cache.find(repo)
        if snapshot is not None and cache.model_type(snapshot) in families:
            yield _entry(repo, repo, None)


def _entry(name: str, repo: str, known: KnownModel | None) -> Entry:
    snapshot = cache.find(repo)
    size = cache.disk_bytes(repo)
    if snapshot is None:
        return Entry(name, "known", repo, known, size)
    state: State = "known" if snapshot.missing else "cached"
    return Entry(name, state, repo, known, size, snapshot.missing)
