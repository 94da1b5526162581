"""Decides what an export of a model copies, and by which name the copy will be found."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from sidecar.errors import ModelDamaged, Unsupported
from sidecar.models import catalog, manifest, registry
from sidecar.models.checkpoint import Checkpoint
from sidecar.models.checkpoint.weights import list_names, weight_names
from sidecar.models.exported import folder_name
from sidecar.models.hub import cache
from sidecar.models.known import KNOWN, LICENSE
from sidecar.models.manifest import FORMAT, MANIFEST, Manifest

# The texts that a licence may demand to be passed on.
_LEGAL = ("LICENSE*", "LICENCE*", "NOTICE*")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Export(msgspec.Struct, frozen=True):
    """A model that is about to be exported.

    Attributes:
        about: its manifest, with no files yet.
        names: the files, relative to the checkpoint's folder.
        listed: SHA-256 by name, of files for which the source has one.
    """

    checkpoint: Checkpoint
    about: Manifest
    names: tuple[str, ...]
    listed: dict[str, str]

    @property
    def size(self) -> int:
        """The size of all files in bytes."""
        return sum((self.checkpoint.path / name).stat().st_size for name in self.names)

    def target(self, folder: Path) -> Path:
        """Return the folder that the model gets in `folder`."""
        return folder / folder_name(self.about.model, self.about.revision)


def plan(checkpoint: Checkpoint, name: str | None = None) -> Export:
    """Return what an export of a checkpoint copies, and by which name it will be found.

    Args:
        checkpoint: as `catalog.resolve` returns it for the name that was asked for.
        name: the name of a model that comes from a folder; None is the folder's own name.

    Raises:
        NotACheckpoint: it is not a model that can be loaded.
        Unsupported: it is bundled, needs other repositories, or cannot have the name.
    """
    registry.describe(checkpoint)
    if beside := registry.repositories_beside(checkpoint):
        raise Unsupported(
            f"{checkpoint.name} also reads files of {list_names(beside)}, which an exported model "
            "cannot bring along.",
            hint="Ship a cache of huggingface_hub instead, and set HF_HUB_CACHE to it.",
            field="model",
        )
    before = _manifest_of(checkpoint)
    about = _identify(checkpoint, before, name)
    names = tuple(_names(checkpoint))
    listed = {file.path: file.sha256 for file in before.files} if before else {}
    listed |= _blobs(checkpoint.path, names)
    return Export(checkpoint, about, names, listed)


def _manifest_of(checkpoint: Checkpoint) -> Manifest | None:
    """Return the manifest of a model that has been exported before."""
    with contextlib.suppress(ModelDamaged):  # none, or a file of that name that is another thing
        return manifest.read(checkpoint.path)


def _blobs(root: Path, names: Iterable[str]) -> dict[str, str]:
    """Return the SHA-256 of large files in the hub's cache: it is the name of their blob."""
    blobs = {name: (root / name).resolve() for name in names}
    return {
        name: blob.name
        for name, blob in blobs.items()
        if blob.parent.name == "blobs" and _SHA256.fullmatch(blob.name)
    }


def _identify(checkpoint: Checkpoint, before: Manifest | None, name: str | None) -> Manifest:
    """Return the manifest without files. What has been exported before stays what it was."""
    found = catalog.locate(checkpoint.name)
    source = "cache" if found is None else found.source
    if source == "bundled":
        raise Unsupported(
            f"{catalog.BUNDLED} is part of the sidecar, and needs no export.", field="model"
        )
    is_from_hub = source == "cache" or (before is not None and before.repo is not None)
    if is_from_hub and name is not None:
        raise Unsupported(
            f"{checkpoint.name} comes from the hub, and keeps its name.",
            hint="Only a model that comes from a folder can be given a name.",
            field="name",
        )
    if before is not None:
        about = msgspec.structs.replace(before, files=())
        model = about.model if name is None else _own_name(checkpoint, name)
        return msgspec.structs.replace(about, model=model)
    if source != "cache":
        return Manifest(format=FORMAT, model=_own_name(checkpoint, name), files=())
    repo, revision = catalog.repository(checkpoint.name)
    model = catalog.canonical(repo)
    return Manifest(
        format=FORMAT,
        model=model,
        repo=repo,
        revision=revision or "main",
        commit=checkpoint.path.name,
        license=LICENSE if model in KNOWN else None,
        files=(),
    )


def _own_name(checkpoint: Checkpoint, name: str | None) -> str:
    model = name or checkpoint.path.resolve().name
    if catalog.is_listed(model) or not manifest.NAME.fullmatch(model):
        why = "means another model" if catalog.is_listed(model) else "is not allowed as a name"
        raise Unsupported(
            f"{checkpoint.path} cannot be exported as {model!r}: that {why}.",
            hint="Give it another name with --name: letters, digits and _ - .",
            field="model",
        )
    return model


def _names(checkpoint: Checkpoint) -> Iterator[str]:
    """Yield the files that a model needs, and the texts of its licence, in the folder and in the
    folders in it; nothing else, such as the state of a training run."""
    root = checkpoint.path
    is_qwen = checkpoint.config.get("model_type") == "qwen3_tts"
    inner = sorted(path for path in root.iterdir() if path.is_dir())
    if is_qwen:
        inner = [path for path in inner if path.name == "speech_tokenizer"]
    for folder in [root, *inner]:
        weights = weight_names(folder) if is_qwen else []
        for path in sorted(folder.iterdir()):
            if not path.is_file() or path.name.startswith(".") or path == root / MANIFEST:
                continue
            is_stray = is_qwen and path.suffix == ".safetensors" and path.name not in weights
            is_legal = any(path.match(pattern) for pattern in _LEGAL)
            if is_legal or (cache.is_needed(path.name) and not is_stray):
                yield path.relative_to(root).as_posix()
