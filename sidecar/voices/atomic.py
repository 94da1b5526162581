"""How a file gets into the folder whole, by whichever of many processes."""

from __future__ import annotations

import contextlib
import os
import stat
import time
from pathlib import Path

# Files that are being written; one as old as that was left behind by a process that was killed.
PREFIX, SUFFIX = ".voice-", ".new"
_STALE_SECONDS = 600.0


def sweep(folder: Path) -> None:
    """Removes what writers that were killed have left behind."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(PREFIX) and entry.name.endswith(SUFFIX):
                about = entry.stat(follow_symlinks=False)
                old = time.time() - about.st_mtime > _STALE_SECONDS
                if old and stat.S_ISREG(about.st_mode):
                    os.unlink(entry.path)


def put(temporary: str, target: Path, replace: bool) -> None:
    """Gives a finished file its name; raises FileExistsError."""
    if replace:
        os.replace(temporary, target)
        return
    try:
        os.link(temporary, target)  # which two processes cannot both do
    except FileExistsError:
        raise
    except OSError:  # a file system without links; there an empty file takes the name first
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            os.replace(temporary, target)
        except OSError:
            os.unlink(target)
            raise
