"""Keeps mlx-audio off the network while it loads: a file that is not cached is an error."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import huggingface_hub
from huggingface_hub import constants

from sidecar.errors import MissingPackage, ModelLoadFailed, ModelNotDownloaded
from sidecar.installation import to_install
from sidecar.models.catalog import HUB_ID
from sidecar.models.checkpoint import Checkpoint
from sidecar.models.generators.families import TOKENIZER_FILES, Beside, Family
from sidecar.models.hub import cache

_FETCHING = ("snapshot_download", "hf_hub_download")
_LIBRARIES = ("mlx_audio.", "transformers.utils.hub")


def check(family: Family, checkpoint: Checkpoint) -> None:
    """Raise an error that names what is missing, and how to get it.

    Raises:
        MissingPackage, ModelNotDownloaded
        ModelLoadFailed: the config names a tokenizer that cannot exist.
    """
    for module, package in family.packages.items():
        if importlib.util.find_spec(module) is None:
            raise MissingPackage(
                f"{family.module} models need the package {module}.",
                hint=f"To have it, {to_install(package)}.",
                field="model",
            )
    missing = [beside for beside in needed(family, checkpoint) if not _is_here(beside)]
    if missing:
        commands = (f"hf download {beside.repo} {' '.join(beside.files)}" for beside in missing)
        raise ModelNotDownloaded(
            f"{family.module} models also need {' and '.join(one.repo for one in missing)}, but "
            "not all of it is on this machine.",
            hint=" && ".join(commands),
            field="model",
        )


def needed(family: Family, checkpoint: Checkpoint) -> tuple[Beside, ...]:
    """Return the files of other repositories that the family reads when it loads a checkpoint.

    Raises:
        ModelLoadFailed: the config names a tokenizer that cannot exist.
    """
    name = family.tokenizer(checkpoint)
    if not name or os.path.isdir(name):
        return family.besides
    if not HUB_ID.fullmatch(name):
        raise ModelLoadFailed(
            f"The config.json of {checkpoint.path} names the tokenizer {name!r}, which is neither "
            "a folder on this machine nor a repository on the hub.",
            hint="Correct the name in config.json.",
            field="model",
        )
    return (Beside(name, TOKENIZER_FILES), *family.besides)


def _is_here(beside: Beside) -> bool:
    snapshot = cache.find(beside.repo)
    return snapshot is not None and all((snapshot.path / name).is_file() for name in beside.files)


@contextlib.contextmanager
def tokenizer(family: Family, checkpoint: Checkpoint) -> Iterator[None]:
    """Give the family's modules the tokenizer's folder instead of a repository's name.

    With the name, transformers asks the hub for its files and its model type, even if everything
    is in the cache.
    """
    name = family.tokenizer(checkpoint)
    snapshot = None if not name or os.path.isdir(name) else cache.find(name)
    folder = str(snapshot.path) if snapshot else name
    package = f"mlx_audio.tts.models.{family.module}."
    loaded = [module for name, module in list(sys.modules.items()) if name.startswith(package)]
    asking = (
        [vars(module) for module in loaded if "AutoTokenizer" in vars(module)] if folder else []
    )
    originals = [names["AutoTokenizer"] for names in asking]
    for names, original in zip(asking, originals, strict=True):
        names["AutoTokenizer"] = _InFolder(original, folder)
    try:
        yield
    finally:
        for names, original in zip(asking, originals, strict=True):
            names["AutoTokenizer"] = original


class _InFolder:
    """transformers' AutoTokenizer, for one folder."""

    def __init__(self, original: Any, folder: str) -> None:
        self._original, self._folder = original, folder

    def from_pretrained(self, name: str, **options: Any) -> Any:
        # Without a value, it asks on stdin whether to run code that comes with a tokenizer.
        return self._original.from_pretrained(
            self._folder, **{**options, "trust_remote_code": False}
        )


@contextlib.contextmanager
def only_cached() -> Iterator[None]:
    """Restrict the hub's client to its cache, on this thread only."""
    changed: list[tuple[Any, str, Any]] = []
    for module in _modules():
        for name in _FETCHING:
            original = getattr(module, name, None)
            if original is not None:
                changed.append((module, name, original))
                setattr(module, name, _cached_here(original))
    # For telemetry the client would ask the hub for a list of agents.
    constants.HF_HUB_DISABLE_TELEMETRY = True
    try:
        yield
    finally:
        for module, name, original in changed:
            setattr(module, name, original)


def _modules() -> list[Any]:
    loaded = [m for name, m in list(sys.modules.items()) if name.startswith(_LIBRARIES)]
    # mlx-audio imports from the hub's client during a load, too.
    return [huggingface_hub, *(m for m in loaded if any(n in vars(m) for n in _FETCHING))]


def _cached_here(original: Callable[..., Any]) -> Callable[..., Any]:
    here = threading.get_ident()

    def fetch(*args: Any, **options: Any) -> Any:
        if threading.get_ident() == here:
            options["local_files_only"] = True
        return original(*args, **options)

    return fetch
