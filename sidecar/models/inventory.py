"""The entries of `model/list`: bundled, cached and known models, with what is known of each."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from sidecar.errors import ModelNotDownloaded, NotACheckpoint, SidecarError
from sidecar.models import catalog, registry
from sidecar.models.base import Ability, ModelInfo, VoiceInfo
from sidecar.models.checkpoint import Checkpoint
from sidecar.models.checkpoint.footprint import to_speak
from sidecar.models.hub import cache
from sidecar.models.known import KNOWN, LANGUAGES, KnownModel

State = Literal["bundled", "cached", "known"]


class Entry(msgspec.Struct, frozen=True):
    """A model that can be named.

    Attributes:
        state: a cached model is complete, and needs no network; a known one would be downloaded.
        known: its row of the catalogue.
        info: from its config, if that is on this machine and can be read.
        disk_bytes: the size of its files on this machine.
        missing: the files that a partly downloaded model lacks.
        checkpoint: its files, if they are complete.
    """

    name: str
    state: State
    repo: str | None = None
    known: KnownModel | None = None
    info: ModelInfo | None = None
    disk_bytes: int = 0
    missing: tuple[str, ...] = ()
    checkpoint: Checkpoint | None = None

    def memory_bytes(self, *, on_cpu: bool) -> int | None:
        """Return the memory to speak one stream with it, the process included: by the headers of
        its files if they are on this machine, otherwise by the catalogue; None without both."""
        if self.checkpoint is not None:
            # An invalid file of one model must not end the list of all.
            with contextlib.suppress(SidecarError, OSError, ValueError, TypeError, AttributeError):
                return to_speak(registry.footprint(self.checkpoint, "auto", None, on_cpu))
        return None if self.known is None else self.known.memory_bytes(on_cpu=on_cpu)

    @property
    def voices(self) -> Sequence[VoiceInfo]:
        """Its preset voices: from its config if there is one, otherwise from the catalogue."""
        if self.info is not None:
            return self.info.voices
        return () if self.known is None else self.known.voices

    @property
    def languages(self) -> Sequence[str]:
        if self.info is not None:
            return [name for name in self.info.languages if name != "auto"]
        return () if self.known is None else LANGUAGES

    @property
    def abilities(self) -> Sequence[Ability]:
        if self.info is not None:
            return self.info.abilities
        return () if self.known is None else self.known.abilities


def entries() -> list[Entry]:
    """Return the bundled voice, every alias, and other cached models that can be loaded, without
    the network."""
    return [
        _bundled(),
        *(_entry(alias, known.repo, known) for alias, known in KNOWN.items()),
        *_others(),
    ]


def describe(name: str) -> ModelInfo:
    """Return what is known of a model without loading it: from its config if that is on this
    machine, otherwise from the catalogue.

    Raises:
        SidecarError: as `catalog.resolve`, for a model that is not in the catalogue.
    """
    try:
        return registry.describe(catalog.resolve(name))
    except ModelNotDownloaded:
        known = KNOWN.get(catalog.canonical(name))
        if known is None:
            raise
        return known.info


def _bundled() -> Entry:
    folder = catalog.BUNDLED_PATH
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    try:
        checkpoint = catalog.resolve(catalog.BUNDLED)
    except SidecarError:  # its files are damaged; `doctor` reports it
        return Entry(catalog.BUNDLED, "bundled", disk_bytes=size)
    info = _info(checkpoint)
    return Entry(catalog.BUNDLED, "bundled", info=info, disk_bytes=size, checkpoint=checkpoint)


def _others() -> Iterator[Entry]:
    listed = set(catalog.ALIASES.values())
    for repo in cache.repositories():
        snapshot = None if repo in listed else cache.find(repo)
        if snapshot is None:
            continue
        checkpoint = Checkpoint(repo, snapshot.path, cache.config(snapshot))
        if registry.is_known(checkpoint):  # others belong to other programs
            yield _entry(repo, repo, None)


def _info(checkpoint: Checkpoint) -> ModelInfo | None:
    """Return None for a model that cannot be loaded; it is listed so that it can be removed."""
    try:
        return registry.describe(checkpoint)
    except NotACheckpoint:
        return None


def _entry(name: str, repo: str, known: KnownModel | None) -> Entry:
    snapshot = cache.find(repo)
    size = cache.disk_bytes(repo)
    if snapshot is None:
        return Entry(name, "known", repo, known, disk_bytes=size)
    checkpoint = Checkpoint(name, snapshot.path, cache.config(snapshot))
    info = _info(checkpoint)
    if snapshot.missing:
        return Entry(name, "known", repo, known, info, size, snapshot.missing)
    return Entry(name, "cached", repo, known, info, size, checkpoint=checkpoint)
