"""An output file, which ends up complete, cut short by Ctrl-C, or not there."""

from __future__ import annotations

import errno
import fcntl
import os
import select
import stat
import time
from pathlib import Path

from sidecar.cli.terminal import Failure
from sidecar.files import describe_os_error

_STDOUT = "-"
# How long a program that reads has for the rest, after Ctrl-C.
_HURRY_SECONDS = 0.4
_LOOK_SECONDS = 0.1


class OutputFile:
    """A file, or stdout.

    It is opened before anything is loaded, so that errors are reported at once, and not changed
    until the first bytes are written. It has its final name from the beginning, so that it can be
    played while it grows.

    Args:
        path: path of the file; - means stdout.
        stdout: the file descriptor of the real stdout.
        clobber: an existing file may be overwritten.

    Attributes:
        name: name of the file, for messages.
        replaced: a file that was not empty existed before.

    Raises:
        Failure: the file cannot be opened, or exists and may not be overwritten.
    """

    def __init__(self, path: str, stdout: int, *, clobber: bool = True) -> None:
        self.name = "stdout" if path == _STDOUT else path
        self.replaced = self.begun = self._created = False
        self._deadline = float("inf")
        self._path = Path(path)
        self._fd = os.dup(stdout) if path == _STDOUT else self._open(clobber)
        about = os.fstat(self._fd)
        self._is_regular = stat.S_ISREG(about.st_mode)
        self._is_ours = path != _STDOUT and self._is_regular
        self.replaced = self._is_ours and not self._created and about.st_size > 0
        # In a regular file a header can be completed at the end.
        appends = fcntl.fcntl(self._fd, fcntl.F_GETFL) & os.O_APPEND
        self._can_patch = self._is_regular and not appends
        self._start = os.lseek(self._fd, 0, os.SEEK_CUR) if self._can_patch else 0

    def hurry(self) -> None:
        """Have writes fail soon if they have to wait for a program that reads nothing."""
        self._deadline = time.monotonic() + _HURRY_SECONDS

    def write(self, data: bytes) -> None:
        """Write the next bytes.

        Raises:
            Failure: they cannot be written.
        """
        try:
            if self._is_ours and not self.begun:
                os.ftruncate(self._fd, 0)
            self.begun = True
            left = memoryview(data)
            while left:
                left = left[self._write_some(left) :]
        except OSError as error:
            raise self._failure(error) from error

    def patch(self, offset: int, data: bytes) -> None:
        """Overwrite bytes that were written before, if the file is not a pipe.

        Raises:
            Failure: they cannot be written.
        """
        if self._can_patch:
            try:
                os.pwrite(self._fd, data, self._start + offset)
            except OSError as error:
                raise self._failure(error) from error

    def keep(self) -> None:
        """Close the file, and keep it.

        Raises:
            Failure: a device reports only now that it could not write.
        """
        fd, self._fd = self._fd, -1
        if fd < 0:
            return
        try:
            os.close(fd)
        except OSError as error:
            raise self._failure(error) from error
        finally:
            if self._created and not self.begun:
                self._path.unlink(missing_ok=True)

    def discard(self) -> str | None:
        """Close the file and, if it was changed, remove it; return the warning about that."""
        fd, self._fd = self._fd, -1
        if fd < 0:
            return None
        os.close(fd)
        if not self._is_ours or not (self._created or self.begun):
            return None
        self._path.unlink(missing_ok=True)
        return f"{self.name} was incomplete and has been removed." if self.begun else None

    def _write_some(self, data: memoryview) -> int:
        """Write some of the bytes; return how many."""
        if self._is_regular:
            return os.write(self._fd, data)
        # As much as a pipe that can be written takes without a wait, in which no signal ends it.
        while not select.select([], [self._fd], [], _LOOK_SECONDS)[1]:
            if time.monotonic() > self._deadline:
                raise Failure(f"{self.name} was not read, so its end is missing.")
        try:
            return os.write(self._fd, data[: select.PIPE_BUF])
        except BlockingIOError:  # another program has filled it meanwhile
            return 0

    def _open(self, clobber: bool) -> int:
        flags = os.O_WRONLY | os.O_CLOEXEC | os.O_NOCTTY
        try:
            try:
                fd = os.open(self._path, flags | os.O_CREAT | os.O_EXCL, 0o666)
                self._created = True
                return fd
            except FileExistsError:
                if not clobber:
                    raise
            return os.open(self._path, flags | os.O_CREAT, 0o666)
        except FileExistsError:
            raise Failure(
                f"{self.name} already exists.", "Without --no-clobber it is overwritten."
            ) from None
        except (OSError, ValueError) as error:
            raise self._failure(error) from error

    def _failure(self, error: OSError | ValueError) -> Failure:
        if isinstance(error, ValueError):  # a NUL in the name
            return Failure(f"{self.name!r} cannot be the name of a file.")
        if self.name == "stdout":
            known = {errno.ENOSPC: "no space is left on its device"}
            why = known.get(error.errno or 0) or describe_os_error(error, os.devnull)
            return Failure(f"stdout cannot be written: {why}.")
        hint = None
        if error.errno == errno.ENOENT and not self._path.parent.is_dir():
            hint = f"Create the folder first: mkdir -p {self._path.parent}"
        return Failure(
            f"{self.name} cannot be written: {describe_os_error(error, self._path)}.", hint
        )
