"""The platforms that the sidecar runs on, by npm's names: one table for all scripts of this folder.

clients/typescript/src/platform.ts has the same names, for apps.
"""

from __future__ import annotations

import platform as machine
from dataclasses import dataclass

# The oldest macOS, and the oldest glibc, that MLX has wheels for.
MACOS = (14, 0)
GLIBC = (2, 35)


@dataclass(frozen=True)
class Platform:
    """An operating system on one kind of processor.

    Attributes:
        name: npm's name of both.
        system, machine: what Python calls them, in its module `platform`.
        target: what uv calls them, with the oldest version (`--python-platform`).
        words: what README calls them.
        npm: the fields of package.json that npm compares with the machine; empty if there is no npm
            package for it.
    """

    name: str
    system: str
    machine: str
    target: str
    words: str
    npm: dict[str, list[str]]


_MACOS = f"macOS {MACOS[0]} or newer"
_GLIBC = f"glibc {GLIBC[0]}.{GLIBC[1]} or newer"
_MANYLINUX = f"manylinux_{GLIBC[0]}_{GLIBC[1]}"
_ALL = (
    Platform(
        name="darwin-arm64",
        system="Darwin",
        machine="arm64",
        target="aarch64-apple-darwin",
        words=f"{_MACOS} on Apple silicon",
        npm={"os": ["darwin"], "cpu": ["arm64"]},
    ),
    Platform(
        name="linux-x64",
        system="Linux",
        machine="x86_64",
        target=f"x86_64-{_MANYLINUX}",
        words=f"Linux on x86-64 with {_GLIBC}",
        npm={"os": ["linux"], "cpu": ["x64"], "libc": ["glibc"]},
    ),
    Platform(
        name="linux-arm64",
        system="Linux",
        machine="aarch64",
        target=f"aarch64-{_MANYLINUX}",
        words=f"Linux on arm64 with {_GLIBC}",
        npm={},
    ),
)
PLATFORMS = {one.name: one for one in _ALL}


def here() -> Platform:
    """Return the platform of this machine; raise `ValueError` if the sidecar does not run on it."""
    for one in _ALL:
        if (one.system, one.machine) == (machine.system(), machine.machine()):
            return one
    raise ValueError(f"there are no wheels of MLX for {machine.platform()}")
