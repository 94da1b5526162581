"""Says, to all processes, that a model in the hub's cache is in use, and when it was last used.

A hidden file in the repository's folder has a shared lock for each use, which the operating system
releases when the process ends, however it ends. Its time of modification is the last use. Deleting
a model takes the lock exclusively.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from sidecar.models.hub import cache

_MARKER = ".qwen-tts-use"


class InUseError(Exception):
    """This process or another one uses the model."""


class Lease:
    """A use of a repository, from `take` to `close`."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor
        _note_use(descriptor)

    def close(self) -> None:
        """End the use, and note the time; do nothing if it has ended."""
        if self._descriptor is not None:
            _note_use(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = None


def take(home: Path) -> Lease | None:
    """Return a use of the repository in a folder of the cache, which must be closed.

    Wait while the repository is being deleted. None if a use cannot be noted: the repository has
    been deleted, or the cache is read-only or has no locks.
    """
    try:
        while True:
            descriptor = _open(home)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_SH)
                is_current = _is_current(home, descriptor)
            except BaseException:
                os.close(descriptor)
                raise
            if is_current:
                return Lease(descriptor)
            os.close(descriptor)
    except OSError:
        return None


@contextlib.contextmanager
def during(home: Path) -> Iterator[None]:
    """Use a repository in a block."""
    lease = take(home)
    try:
        yield
    finally:
        if lease is not None:
            lease.close()


def of_folder(path: Path) -> Lease | None:
    """Return `take` for a checkpoint in the hub's cache; None for one that is elsewhere."""
    home = cache.home_of(path)
    return None if home is None else take(home)


@contextlib.contextmanager
def exclusively(home: Path) -> Iterator[None]:
    """Keep every other process from using a repository meanwhile.

    Raises:
        InUseError: it is in use.
    """
    try:
        descriptor = _open(home)
    except OSError:  # what cannot be written cannot be deleted, either, and that says why
        yield
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise InUseError from None
    except OSError:  # a file system without locks
        pass
    try:
        yield
    finally:
        os.close(descriptor)


def is_held(home: Path) -> bool:
    """Return whether a process uses the repository."""
    try:
        descriptor = os.open(home / _MARKER, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a file system without locks
        return False
    finally:
        os.close(descriptor)
    return False


def last_used(home: Path) -> float:
    """Return when a repository was last used, or else downloaded, in seconds since 1970."""
    for path in (home / _MARKER, home / "blobs", home):
        with contextlib.suppress(OSError):
            return path.stat().st_mtime
    return 0.0


def _open(home: Path) -> int:
    """Open the marker; it is created only in a folder that exists."""
    path = home / _MARKER
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    except PermissionError:  # another user's cache, whose marker can still be locked
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)


def _is_current(home: Path, descriptor: int) -> bool:
    """Return whether the marker has not been deleted between its opening and its locking."""
    try:
        return os.path.samestat(os.stat(home / _MARKER), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _note_use(descriptor: int) -> None:
    with contextlib.suppress(OSError):  # another user's
        os.utime(descriptor)
