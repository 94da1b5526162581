"""Packs a tree into an archive that has the same bytes whenever and wherever it is packed."""

from __future__ import annotations

import gzip
import tarfile
from pathlib import Path

# gzip's own default. Python's, 9, takes several times as long to save less than a hundredth.
_LEVEL = 6


def normalise(tree: Path) -> None:
    """Give all files the same permissions, whatever this machine's default is.

    Raises:
        ValueError: there is a symbolic link, which npm would leave out.
    """
    for path in tree.rglob("*"):
        if path.is_symlink():
            raise ValueError(f"{path} is a symbolic link")
        executable = path.is_dir() or path.stat().st_mode & 0o100
        path.chmod(0o755 if executable else 0o644)
    tree.chmod(0o755)


def pack(tree: Path, name: str, target: Path, epoch: int) -> None:
    """Write a `.tar.gz` of a tree: sorted, with one time for all files and no user's name.

    Args:
        name: the one folder that the archive unpacks to.
        epoch: the time of all files, in seconds since 1970.
    """

    def entry(info: tarfile.TarInfo) -> tarfile.TarInfo:
        info.uid = info.gid = 0
        info.uname = info.gname = ""
        info.mtime = epoch
        return info

    target.parent.mkdir(parents=True, exist_ok=True)
    with (
        target.open("wb") as raw,
        gzip.GzipFile("", "wb", _LEVEL, fileobj=raw, mtime=epoch) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as file,
    ):
        file.add(tree, name, recursive=False, filter=entry)
        for path in sorted(tree.rglob("*")):
            file.add(path, f"{name}/{path.relative_to(tree)}", recursive=False, filter=entry)
