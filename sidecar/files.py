"""Files that a client names: opened read-only, and only if they are regular and not too large.

A path may lead to a pipe, where opening would wait for ever, or to a device that never ends.
`describe_os_error` is the one place that puts errors of the operating system into words.
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
    errno.EROFS: "its file system is read-only",
    errno.EISDIR: "it is a folder",
    errno.EEXIST: "it already exists",
    errno.EDQUOT: "your disk quota is used up",
    errno.EFBIG: "the file has reached the largest size that is allowed here",
    errno.ENAMETOOLONG: "the name is too long",
    errno.ELOOP: "its symbolic links form a loop",
    errno.EPIPE: "the program that reads it has ended",
    errno.EIO: "the device failed",
}


def open_regular(path: str | Path, most: int) -> BinaryIO:
    """Open a regular file to read it.

    Args:
        path: path of the file.
        most: largest size in bytes that is accepted.

    Raises:
        OSError: the file does not exist, is not regular, or is larger.
        ValueError: no file can have this path, for example because it contains a NUL.
    """
    # Without O_NONBLOCK, opening a pipe waits for a writer.
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        about = os.fstat(fd)
        if not stat.S_ISREG(about.st_mode):
            raise OSError(_describe_kind(about.st_mode))
        if about.st_size > most:
            raise OSError(f"it has {about.st_size} bytes; the limit is {most}")
        return os.fdopen(fd, "rb")
    except BaseException:
        os.close(fd)
        raise


def read_regular(path: str | Path, most: int) -> bytes:
    """Return the bytes of a regular file; raises as `open_regular`."""
    with open_regular(path, most) as file:
        return file.read(most)


def _describe_kind(mode: int) -> str:
    """Return what a file is that is not a regular file."""
    if stat.S_ISDIR(mode):
        return "it is a folder, not a file"
    if stat.S_ISFIFO(mode):
        return "it is a pipe, not a regular file"
    if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
        return "it is a device, not a regular file"
    return "it is not a regular file"


def describe_os_error(error: OSError, path: str | Path) -> str:
    """Return why the file or folder `path` could not be read or written.

    The words follow "… cannot be written: ", and do not end with a full stop.
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
