"""Put files into a folder that several processes share, whole or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
import time
from pathlib import Path

# Names of files that are being written; an older file was left by a process that was killed.
PREFIX, SUFFIX = ".voice-", ".new"
_STALE_SECONDS = 600.0


def sweep(folder: Path) -> None:
    """Remove the files that killed processes have left."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(PREFIX) and entry.name.endswith(SUFFIX):
                about = entry.stat(follow_symlinks=False)
                old = time.time() - about.st_mtime > _STALE_SECONDS
                if old and stat.S_ISREG(about.st_mode):
                    os.unlink(entry.path)


def put(temporary: str, target: Path, replace: bool) -> None:
    """Give a finished file its name. Raise FileExistsError unless it may `replace` another."""
    if replace:
        os.replace(temporary, target)
        return
    try:
        os.link(temporary, target)  # only one of two processes can do this
    except FileExistsError:
        raise
    except OSError:  # a file system without links: an empty file reserves the name first
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            os.replace(temporary, target)
        except OSError:
            os.unlink(target)
            raise
