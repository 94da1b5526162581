"""Finds which Debian package a library of this machine came with: its version and its licence."""

from __future__ import annotations

import platform
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

# The licence of the libraries in each package, in SPDX's words, which Debian's texts do not use.
_SPDX = Path(__file__).parent / "licences" / "debian.toml"


@dataclass(frozen=True)
class Package:
    """A package of Debian or Ubuntu.

    Attributes:
        text: the file with its licence.
        licence: an SPDX expression.
    """

    name: str
    version: str
    text: Path
    licence: str

    @property
    def purl(self) -> str:
        """Return its package URL, https://github.com/package-url/purl-spec."""
        system = platform.freedesktop_os_release()["ID"]
        return f"pkg:deb/{system}/{self.name}@{self.version.replace(':', '%3A')}"


def owner(file: Path) -> Package:
    """Return the package that installed a file.

    Raises:
        ValueError: no package did, or its licence is not in debian.toml.
    """
    # Where /lib is a link to /usr/lib, the database may have either path.
    for path in (str(file), str(file).removeprefix("/usr")):
        done = _query("--search", path)
        if not done.returncode:
            name = done.stdout.partition(":")[0]
            break
    else:
        raise ValueError(f"no Debian package has installed {file}, so its licence is not known")
    licence = tomllib.loads(_SPDX.read_text("utf-8")).get(name)
    if licence is None:
        raise ValueError(f"the licence of {name} is not known: add its SPDX expression to {_SPDX}")
    version = _query("--show", "--showformat=${Version}", name).stdout
    return Package(name, version, Path("/usr/share/doc") / name / "copyright", str(licence))


def _query(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["dpkg-query", *arguments], capture_output=True, text=True, check=False)
