"""Exports models: real files and a manifest, in folders that `--models-dir` finds.

A model is copied into a hidden folder, which gets its name when everything is there, so a killed
export leaves no half model. A lock on that folder, which ends with the process, says whether an
export still works on it; the next export deletes those that were left.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec

from sidecar.errors import DiskFull, Figures, ModelDamaged, NotACheckpoint, Unsupported
from sidecar.files import open_regular
from sidecar.models import catalog, manifest, registry
from sidecar.models.checkpoint import Checkpoint
from sidecar.models.checkpoint.weights import list_names, weight_names
from sidecar.models.exported import folder_name
from sidecar.models.hub import cache
from sidecar.models.hub.failures import DISK_IS_FULL, free_bytes
from sidecar.models.known import KNOWN, LICENSE
from sidecar.models.manifest import FORMAT, MANIFEST, File, Manifest

_GROWING = ".export-"
_PIECE_BYTES = 4 * 2**20
# The texts that a licence may demand to be passed on.
_LEGAL = ("LICENSE*", "LICENCE*", "NOTICE*")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Progress(msgspec.Struct, frozen=True):
    """How far the copy of one model is; `file` is the one that is being copied."""

    copied_bytes: int
    total_bytes: int
    file: str


class TargetTakenError(Exception):
    """There is something else where the model would be; `path` is that."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self.path = path


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


def run(export: Export, folder: Path, report: Callable[[Progress], None]) -> Path:
    """Copy a model into a folder of its own in `folder`; return that.

    Do nothing if the same model is there already.

    Args:
        folder: is created if it does not exist.
        report: called with the progress after each piece.

    Raises:
        TargetTakenError: there is something else.
        DiskFull: the disk has too little space, or has filled up meanwhile.
        ModelDamaged: a file in the hub's cache is not what the hub has listed.
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _delete_abandoned(folder)
    target = export.target(folder)
    if os.path.lexists(target):
        if not _is_same(export, target):
            raise TargetTakenError(target)
        return target
    if (needed := export.size) > free_bytes(folder):
        raise _disk_full(export, folder, needed)
    try:
        with _growing(folder) as growing:
            _fill(export, growing, report)
            growing.rename(target)
    except OSError as error:
        if error.errno in DISK_IS_FULL:
            raise _disk_full(export, folder, needed) from error
        if error.errno in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR) and target.exists():
            raise TargetTakenError(target) from error  # another process was quicker
        raise
    return target


def _fill(export: Export, growing: Path, report: Callable[[Progress], None]) -> None:
    total, copied, files = export.size, 0, list[File]()
    for name in export.names:

        def on_copied(count: int, name: str = name) -> None:
            nonlocal copied
            copied += count
            report(Progress(copied, total, name))

        source = export.checkpoint.path / name
        (growing / name).parent.mkdir(exist_ok=True)
        file = _copy(source, growing / name, name, on_copied)
        _check_source(export, file)
        files.append(file)
    about = msgspec.structs.replace(export.about, files=tuple(files))
    with (growing / MANIFEST).open("xb") as out:
        out.write(manifest.encode(about))
        _sync(out.fileno())


def _copy(source: Path, target: Path, name: str, on_copied: Callable[[int], None]) -> File:
    digest, size = hashlib.sha256(), 0
    with open_regular(source, 2**63 - 1) as file, target.open("xb") as out:
        while data := file.read(_PIECE_BYTES):
            digest.update(data)
            out.write(data)
            size += len(data)
            on_copied(len(data))
        _sync(out.fileno())
    return File(name, size, digest.hexdigest())


def _check_source(export: Export, file: File) -> None:
    """Raise ModelDamaged if a file is not what the hub, or an earlier manifest, lists."""
    if export.listed.get(file.path, file.sha256) == file.sha256:
        return
    model = export.checkpoint.name
    raise ModelDamaged(
        f"{export.checkpoint.path / file.path} is damaged: its content is not what is listed.",
        hint=f"Get the model again: qwen-tts-sidecar models remove {model}, then qwen-tts-sidecar "
        f"models download {model}.",
        field="model",
    )


def _is_same(export: Export, target: Path) -> bool:
    """Return whether a folder has this very model, whole."""
    try:
        there = manifest.read(target)
        manifest.check_presence(target, there)
    except (ModelDamaged, NotACheckpoint):
        return False
    if msgspec.structs.replace(there, files=()) != export.about:
        return False
    root = export.checkpoint.path
    if {file.path for file in there.files} != set(export.names):
        return False
    if export.about.commit is not None:
        return all((root / file.path).stat().st_size == file.size for file in there.files)
    return all(manifest.hash_file(root / file.path) == file.sha256 for file in there.files)


@contextlib.contextmanager
def _growing(folder: Path) -> Iterator[Path]:
    """Make a locked, hidden folder; delete it at the end if it is still there."""
    path, lock = _lock_new(folder)
    try:
        path.chmod(0o755)  # mkdtemp makes folders that only their owner can read
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def _lock_new(folder: Path) -> tuple[Path, int | None]:
    while True:
        path = Path(tempfile.mkdtemp(prefix=_GROWING, dir=folder))
        try:
            lock = _lock(path)
        except BlockingIOError:
            continue  # another export takes it for abandoned, and deletes it
        except OSError:  # a file system without locks, where no other export deletes it
            return path, None
        if path.exists():
            return path, lock
        os.close(lock)


def _lock(path: Path) -> int:
    """Return a descriptor that locks a folder; raise BlockingIOError if another process has it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _delete_abandoned(folder: Path) -> None:
    for path in folder.glob(f"{_GROWING}*"):
        with contextlib.suppress(OSError):  # it is in use, or another process deletes it, too
            lock = _lock(path)
            shutil.rmtree(path, ignore_errors=True)
            os.close(lock)


def _sync(descriptor: int) -> None:
    """Write a file to the disk, so that no power cut leaves a named model with empty files."""
    with contextlib.suppress(OSError):  # a file system that cannot
        os.fsync(descriptor)


def _disk_full(export: Export, folder: Path, needed: int) -> DiskFull:
    free = free_bytes(folder)
    return DiskFull(
        f"{export.about.model} needs {needed / 1e6:,.1f} MB, and the disk of {folder} has "
        f"{free / 1e6:,.1f} MB free.",
        hint="Free some space, or name a folder on another disk.",
        field="model",
        figures=Figures(needed_bytes=needed, free_bytes=free),
    )
