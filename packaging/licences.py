"""Collects the licence of everything in a tree."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

# Texts that wheels lack, and the ones of what is inside python-build-standalone's interpreter.
_TEXTS = Path(__file__).parent / "licences"
_IS_TEXT = re.compile(r"(licen[cs]e|copying|notice|copyright|authors)", re.IGNORECASE)


def of_distributions(site_packages: Path, folder: Path) -> None:
    """Copy the licences of all installed distributions, each to a folder `<name>-<version>`.

    Raises:
        ValueError: a distribution has no licence text, and neither have we.
    """
    for found in metadata.distributions(path=[str(site_packages)]):
        name = found.metadata["Name"].lower().replace("_", "-")
        target = folder / f"{name}-{found.version}"
        about = Path(str(found.locate_file(""))) / _info_folder(found)
        texts = sorted(p for p in about.rglob("*") if p.is_file() and _IS_TEXT.match(p.name))
        ours = _TEXTS / f"{name}.txt"
        if not texts and not ours.is_file():
            raise ValueError(f"{name} brings no licence text: add one as {ours}")
        target.mkdir(parents=True)
        for path in texts:
            # Two packages of one wheel may both have a file LICENSE.
            relative = path.relative_to(about).as_posix().removeprefix("licenses/")
            shutil.copy(path, target / relative.replace("/", "-"))
        if not texts:
            shutil.copy(ours, target / "LICENSE.txt")


def of_interpreter(library: Path, version: str, folder: Path, *, standalone: bool) -> None:
    """Copy Python's licence, and those of the libraries inside a standalone interpreter."""
    target = folder / f"python-{version}"
    target.mkdir(parents=True)
    ours = library / "LICENSE.txt"
    shutil.copy(ours if ours.is_file() else _of_package("os.py"), target / "LICENSE.txt")
    if standalone:
        for text in (_TEXTS / "python-build-standalone").iterdir():
            shutil.copy(text, target / text.name)


def of_libraries(originals: Iterable[Path], folder: Path) -> None:
    """Copy the licences of libraries that Debian packages installed on this machine."""
    for original in originals:
        text = _of_package(original.name)
        target = folder / text.parent.name
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(text, target / "copyright")


def _info_folder(found: metadata.Distribution) -> str:
    files = found.files or []
    return next(file.parts[0] for file in files if file.parts[0].endswith(".dist-info"))


def _of_package(name: str) -> Path:
    """Return the licence of the Debian package that a file came with.

    Raises:
        ValueError: no package has it.
    """
    query = subprocess.run(
        ["dpkg-query", "--search", f"*/{name}"], capture_output=True, text=True, check=False
    )
    package = query.stdout.partition(":")[0]
    text = Path("/usr/share/doc") / package / "copyright"
    if not package or not text.is_file():
        raise ValueError(f"the licence of {name} is not known: no Debian package has that file")
    return text
