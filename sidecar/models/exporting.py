"""Copies models into folders that `--models-dir` finds: real files, and a manifest.

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
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from sidecar.errors import DiskFull, Figures, ModelDamaged
from sidecar.files import open_regular
from sidecar.models import manifest
from sidecar.models.export_plan import Export
from sidecar.models.hub.failures import DISK_IS_FULL, free_bytes
from sidecar.models.manifest import MANIFEST, File

_GROWING = ".export-"
_PIECE_BYTES = 4 * 2**20


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
        if error.errno not in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR) or not target.exists():
            raise
        if not _is_same(export, target):  # another process was quicker
            raise TargetTakenError(target) from error
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
    except ModelDamaged:
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
