"""Collects the licence of everything in a tree."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

import debian
from interpreter import Interpreter

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


def of_interpreter(python: Interpreter, folder: Path) -> None:
    """Copy Python's licence, and those of the libraries inside a standalone interpreter."""
    target = folder / f"python-{python.version}"
    target.mkdir(parents=True)
    text = python.library / "LICENSE.txt"
    if not text.is_file():  # an interpreter of Debian's
        text = debian.owner(python.copies[python.executable]).text
    shutil.copy(text, target / "LICENSE.txt")
    if python.standalone:
        for text in (_TEXTS / "python-build-standalone").iterdir():
            shutil.copy(text, target / text.name)


def of_packages(packages: Iterable[debian.Package], folder: Path) -> None:
    """Copy the licences of Debian's packages, each to a folder `<name>-<version>`."""
    for package in packages:
        # An epoch has a colon, which Windows and some archivers refuse in a name.
        target = folder / f"{package.name}-{package.version.replace(':', '-')}"
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(package.text, target / "copyright")


def _info_folder(found: metadata.Distribution) -> str:
    files = found.files or []
    return next(file.parts[0] for file in files if file.parts[0].endswith(".dist-info"))
