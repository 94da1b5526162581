"""Files that a client names: opened read-only, and refused when they are no file or too large;
and in words why one could not be opened.

A name may lead to a pipe, on which opening would wait for ever, or to a device that never ends.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

_CAUSES = {
    errno.EACCES: "permission is denied",
    errno.EPERM: "permission is denied",
    errno.EROFS: "it is on a file system that is read-only",
    errno.EISDIR: "it is a folder",
    errno.EEXIST: "it exists already",
    errno.EDQUOT: "your quota of disk space is used up",
    errno.EFBIG: "the file has reached the size that is allowed here",
    errno.ENAMETOOLONG: "the name is too long",
    errno.ELOOP: "its symbolic links lead in a circle",
    errno.EPIPE: "the program that reads it has ended",
    errno.EIO: "the device failed",
}


def open_regular(path: str | Path, most: int) -> BinaryIO:
    """Opens a file to read.

    Args:
        most: bytes that it may have.

    Raises:
        OSError: it is not there, no regular file, or larger.
        ValueError: no path can be like that, as one with a NUL in it.
    """
    # Without O_NONBLOCK a pipe without a writer is never opened.
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        about = os.fstat(fd)
        if not stat.S_ISREG(about.st_mode):
            raise OSError(_other_kind(about.st_mode))
        if about.st_size > most:
            raise OSError(f"it has {about.st_size} bytes, and at most {most} are taken")
        return os.fdopen(fd, "rb")
    except BaseException:
        os.close(fd)
        raise


def read_regular(path: str | Path, most: int) -> bytes:
    """The bytes of a file; raises as `open_regular`."""
    with open_regular(path, most) as file:
        return file.read(most)


def _other_kind(mode: int) -> str:
    """Say what it is that is no regular file."""
    if stat.S_ISDIR(mode):
        return "it is a folder, not a file"
    if stat.S_ISFIFO(mode):
        return "it is a pipe, not a regular file"
    if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
        return "it is a device, not a regular file"
    return "it is not a regular file"


def cause(error: OSError, path: str | Path) -> str:
    """Return why the file or folder `path` could not be read or written, in words.

    It follows "… cannot be written: ", and has no full stop.
    """
    path = Path(path)
    match error.errno:
        case errno.ENOENT:
            folder = path.parent
            return "there is no such file" if folder.is_dir() else f"there is no folder {folder}"
        case errno.ENOTDIR:
            tried = (path, *path.parents)
            other = next((one for one in tried if one.exists() and not one.is_dir()), path)
            return f"{other} is not a folder"
        case errno.ENOSPC:
            return f"no space is left on the device that holds {path.parent}{os.sep}"
        case _:
            known = _CAUSES.get(error.errno or 0)
            return known or error.strerror or str(error).rstrip(".")
