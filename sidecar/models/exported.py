"""Folders of exported models, which `--models-dir` names: models that need neither a hub nor a
cache. Never writes into them.

Each folder in such a folder that has a manifest is a model. Hidden folders are not looked at: an
export that is not finished is one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from sidecar.errors import ModelDamaged
from sidecar.models import manifest
from sidecar.models.manifest import MANIFEST, Manifest

VARIABLE = "QWEN_TTS_MODELS_DIR"
"""The environment variable with the folders, separated as in PATH; `--models-dir` sets it."""

_MAIN = "main"


class Exported(msgspec.Struct, frozen=True):
    """A model in one of the folders.

    Attributes:
        path: its own folder.
        manifest: None if that cannot be used.
        fault: why the manifest cannot be used.
    """

    path: Path
    manifest: Manifest | None = None
    fault: ModelDamaged | None = None

    def is_named(self, model: str, repo: str | None, revision: str | None) -> bool:
        """Return whether a name means this model; one without a usable manifest is recognised by
        the name that `models export` gives to its folder.

        Args:
            model: an alias, a hub id, or another name, without a revision.
            repo: the repository that it means, if it can mean one.
        """
        about = self.manifest
        if about is None:
            return self.path.name == folder_name(model, revision)
        if about.repo is None:
            return revision is None and about.model == model
        same = (about.revision or _MAIN, about.commit)
        return about.repo == repo and (revision or _MAIN) in same

    @property
    def name(self) -> str:
        """The name by which it is found."""
        if self.manifest is None:
            return self.path.name
        revision = self.manifest.revision
        at = "" if revision in (None, _MAIN) else f"@{revision}"
        return self.manifest.model + at


def folder_name(model: str, revision: str | None) -> str:
    """Return what an export calls a model's folder."""
    name = model if revision in (None, _MAIN) else f"{model}@{revision}"
    return name.replace("/", "--")


def folders() -> list[Path]:
    """Return the folders of exported models, in the order in which they are searched."""
    return [Path(one) for one in os.environ.get(VARIABLE, "").split(os.pathsep) if one]


def contents() -> Iterator[Exported]:
    """Yield the models in all folders; a model in several of them comes several times."""
    for folder in folders():
        yield from contents_of(folder)


def contents_of(folder: Path) -> Iterator[Exported]:
    """Yield the models in one folder, and the folders whose manifest cannot be used; skip folders
    that are not readable, and those that have neither a manifest nor a config.json."""
    try:
        paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError:
        return
    for path in paths:
        if (path / MANIFEST).exists() or (path / "config.json").exists():
            try:
                yield Exported(path, manifest.read(path))
            except ModelDamaged as error:
                yield Exported(path, fault=error)


def look_up(model: str, repo: str | None, revision: str | None) -> Exported | None:
    """Return the first model that a name means, whether or not it is whole; None if there is none.

    Args:
        model, repo, revision: as in `Exported.is_named`.
    """
    return next((one for one in contents() if one.is_named(model, repo, revision)), None)


def find(model: str, repo: str | None, revision: str | None) -> Exported | None:
    """Return what `look_up` returns, if its files are there and have their sizes.

    Raises:
        ModelDamaged: they are not, or its manifest cannot be used.
    """
    found = look_up(model, repo, revision)
    if found is not None:
        if found.fault is not None:
            raise found.fault
        assert found.manifest is not None
        manifest.check_presence(found.path, found.manifest)
    return found
