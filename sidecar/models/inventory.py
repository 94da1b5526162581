"""The entries of `model/list`: bundled, cached and known models, with what is known of each."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from sidecar.errors import ModelDamaged, ModelNotDownloaded, NotACheckpoint, SidecarError
from sidecar.models import catalog, exported, manifest, registry, storage
from sidecar.models.base import Ability, ModelInfo, VoiceInfo
from sidecar.models.checkpoint import Checkpoint
from sidecar.models.checkpoint.footprint import to_speak
from sidecar.models.checkpoint.jsonfile import read_leniently
from sidecar.models.exported import Exported
from sidecar.models.hub import cache
from sidecar.models.known import KNOWN, LANGUAGES, KnownModel

State = Literal["bundled", "cached", "known"]
Source = Literal["bundled", "modelsDir", "cache"]


class Entry(msgspec.Struct, frozen=True):
    """A model that can be named.

    Attributes:
        state: a cached model is complete, and needs no network; a known one would be downloaded.
        source: where its files are, if they are complete: they are used from there.
        known: its row of the catalogue.
        info: from its config, if that is on this machine and can be read.
        disk_bytes: the size of its files on this machine, in all places.
        cache_bytes: the part of that which is in the hub's cache.
        last_used: when it was last loaded from there or downloaded, in ISO 8601 and UTC.
        missing: the files that a partly downloaded model lacks.
        checkpoint: its files, if they are complete.
        fault: why an exported model cannot be used.
    """

    name: str
    state: State
    repo: str | None = None
    known: KnownModel | None = None
    info: ModelInfo | None = None
    disk_bytes: int = 0
    missing: tuple[str, ...] = ()
    checkpoint: Checkpoint | None = None
    source: Source | None = None
    cache_bytes: int = 0
    last_used: str | None = None
    fault: ModelDamaged | None = None

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
    """Return the bundled voice, every alias, other exported models, and other cached models that
    can be loaded, without the network."""
    shipped: dict[str, Exported] = {}
    for one in exported.contents():
        shipped.setdefault(catalog.canonical(one.name), one)  # the first folder counts
    cached = [
        *(_entry(alias, known.repo, known) for alias, known in KNOWN.items()),
        *_others(),
    ]
    return [
        _bundled(),
        *(_with_exported(entry, shipped.pop(entry.name, None)) for entry in cached),
        *(_with_exported(Entry(name, "known"), one) for name, one in shipped.items()),
    ]


def _with_exported(entry: Entry, one: Exported | None) -> Entry:
    """Return an entry with what an exported model of its name adds; that is used first."""
    if one is None:
        return entry
    change = msgspec.structs.replace
    try:
        if one.fault is not None:
            raise one.fault
        assert one.manifest is not None
        manifest.check_presence(one.path, one.manifest)
        checkpoint = Checkpoint(entry.name, one.path, read_leniently(one.path / "config.json"))
    except ModelDamaged as fault:
        return change(entry, state="known", fault=fault, checkpoint=None, source=None)
    return change(
        entry,
        state="cached",
        repo=entry.repo or one.manifest.repo,
        source="modelsDir",
        info=_info(checkpoint),
        disk_bytes=one.manifest.size + entry.cache_bytes,
        missing=(),
        checkpoint=checkpoint,
    )


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
        return Entry(catalog.BUNDLED, "bundled", source="bundled", disk_bytes=size)
    return Entry(
        catalog.BUNDLED,
        "bundled",
        source="bundled",
        info=_info(checkpoint),
        disk_bytes=size,
        checkpoint=checkpoint,
    )


def _others() -> Iterator[Entry]:
    for repo in storage.repositories():
        if repo not in catalog.ALIASES.values() and cache.find(repo) is not None:
            yield _entry(repo, repo, None)


def _info(checkpoint: Checkpoint) -> ModelInfo | None:
    """Return None for a model that cannot be loaded; it is listed so that it can be removed."""
    try:
        return registry.describe(checkpoint)
    except NotACheckpoint:
        return None


def _entry(name: str, repo: str, known: KnownModel | None) -> Entry:
    snapshot = cache.find(repo)
    stored = storage.look_at(repo)
    entry = Entry(
        name,
        "known",
        repo,
        known,
        disk_bytes=stored.nbytes,
        cache_bytes=stored.nbytes,
        last_used=stored.last_used_at if stored.nbytes else None,
    )
    if snapshot is None:
        return entry
    checkpoint = Checkpoint(name, snapshot.path, cache.config(snapshot))
    found = msgspec.structs.replace(entry, info=_info(checkpoint), missing=snapshot.missing)
    if snapshot.missing:
        return found
    return msgspec.structs.replace(found, state="cached", source="cache", checkpoint=checkpoint)
