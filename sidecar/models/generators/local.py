"""Keeps mlx-audio off the network while it loads: what it needs is here, or is an error."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import huggingface_hub

from sidecar.errors import MissingPackage, ModelNotDownloaded
from sidecar.models.catalog import Checkpoint
from sidecar.models.generators.families import Family

_FETCHING = ("snapshot_download", "hf_hub_download")
_LIBRARIES = ("mlx_audio.", "transformers.utils.hub")


def check(family: Family, checkpoint: Checkpoint) -> None:
    """Raises MissingPackage or ModelNotDownloaded: what is missing, and how to get it."""
    for module, package in family.packages.items():
        if importlib.util.find_spec(module) is None:
            raise MissingPackage(
                f"{family.module} models need the package {module}.",
                hint=f'pip install "{package}"',
                field="model",
            )
    for beside in family.besides(checkpoint.config):
        files = (huggingface_hub.try_to_load_from_cache(beside.repo, f) for f in beside.files)
        if not all(isinstance(file, str) for file in files):
            raise ModelNotDownloaded(
                f"{family.module} models need {beside.repo} beside them, and it is not on this "
                f"machine.",
                hint=f"hf download {beside.repo} {' '.join(beside.files)}",
                field="model",
            )


@contextlib.contextmanager
def only_cached() -> Iterator[None]:
    """On this thread, the hub's client looks into its cache only; on others it is as it was."""
    changed: list[tuple[Any, str, Any]] = []
    for module in _modules():
        for name in _FETCHING:
            original = getattr(module, name, None)
            if original is not None:
                changed.append((module, name, original))
                setattr(module, name, _cached_here(original))
    try:
        yield
    finally:
        for module, name, original in changed:
            setattr(module, name, original)


def _modules() -> list[Any]:
    loaded = [m for name, m in list(sys.modules.items()) if name.startswith(_LIBRARIES)]
    # mlx-audio imports from the hub's client itself in the middle of a load.
    return [huggingface_hub, *(m for m in loaded if any(n in vars(m) for n in _FETCHING))]


def _cached_here(original: Callable[..., Any]) -> Callable[..., Any]:
    here = threading.get_ident()

    def fetch(*args: Any, **options: Any) -> Any:
        if threading.get_ident() == here:
            options["local_files_only"] = True
        return original(*args, **options)

    return fetch
