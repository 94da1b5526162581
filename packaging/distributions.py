"""Installs the project and the packages that it needs into a tree, by the lock and its hashes."""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from platforms import MACOS, Platform

ROOT = Path(__file__).parents[1]
HERE = Path(__file__).parent
# Written by an installer about the installation: a path or a time of this machine.
_OF_INSTALLERS = ("direct_url.json", "uv_cache.json", "uv_build.json", "REQUESTED")


def left_out() -> dict[str, str]:
    """Return the distributions of the lock that a tree does without, each with the reason."""
    table = tomllib.loads((HERE / "leave-out.toml").read_text("utf-8"))
    return {str(entry["name"]): str(entry["reason"]) for entry in table["distribution"]}


def install(python: Path, folder: Path, platform: Platform, work: Path) -> str:
    """Install the locked packages and the project's wheel of this checkout into a folder; return
    the project's version.

    Args:
        python: the tree's interpreter, for which the wheels must be.
        platform: for whose oldest supported system the wheels must be, whatever this machine is.
        work: a folder for files on the way.

    Raises:
        subprocess.CalledProcessError: an installation failed; uv has said why.
        ValueError: leave-out.toml names a distribution that nothing requires.
    """
    requirements = work / "requirements.txt"
    requirements.write_text("\n".join(_locked(platform)) + "\n", "utf-8")
    into = ("--python", str(python), "--target", str(folder), "--no-deps", "--link-mode", "copy")
    target = ("--python-platform", platform.target)
    _uv(
        "pip", "install", *into, *target, "--require-hashes", "--only-binary", ":all:",
        "--requirement", str(requirements),
    )  # fmt: skip
    project = wheel(work)
    _uv("pip", "install", *into, *target, str(project))
    prune(folder)
    return project.name.split("-")[1]


def wheel(work: Path) -> Path:
    """Build the project's wheel with the locked build tools; return its path."""
    shutil.rmtree(work / "wheel", ignore_errors=True)
    _uv(
        "build", "--wheel", "--out-dir", str(work / "wheel"), "--require-hashes",
        "--build-constraint", str(HERE / "tools.txt"), str(ROOT),
    )  # fmt: skip
    return next((work / "wheel").glob("*.whl"))


def tools(work: Path) -> Path:
    """Install the locked tools of this folder; return the folder of their programs."""
    folder = work / "tools"
    _uv(
        "pip", "install", "--python", sys.executable, "--target", str(folder), "--no-deps",
        "--require-hashes", "--only-binary", ":all:", "--requirement", str(HERE / "tools.txt"),
    )  # fmt: skip
    return folder / "bin"


def prune(folder: Path) -> None:
    """Delete what prune.toml names and what installers note, and correct each RECORD."""
    table = tomllib.loads((HERE / "prune.toml").read_text("utf-8"))
    for entry in table["files"]:
        for path in sorted(folder.glob(str(entry["pattern"])), reverse=True):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    for path in folder.glob("*.dist-info/*"):
        if path.name in _OF_INSTALLERS:
            path.unlink()
    for record in folder.glob("*.dist-info/RECORD"):
        rows = list(csv.reader(io.StringIO(record.read_text("utf-8"))))
        with record.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(
                row for row in sorted(rows) if (folder / row[0]).is_file()
            )


def _locked(platform: Platform) -> Iterator[str]:
    """Yield the requirements, with hashes, that are not left out."""
    extras = ("speed", "cpu") if platform.system == "Linux" else ("speed",)
    text = _uv(
        "export", "--frozen", *(f"--extra={extra}" for extra in extras), "--no-emit-project",
        "--no-annotate", "--no-header", "--project", str(ROOT),
    )  # fmt: skip
    without = left_out()
    unknown = set(without)
    for requirement in re.split(r"\n(?=\S)", text.strip()):
        name = re.split("[=; ]", requirement, maxsplit=1)[0]
        unknown.discard(name)
        if name not in without:
            yield requirement
    if unknown:
        raise ValueError(f"leave-out.toml names what nothing here requires: {sorted(unknown)}")


def _uv(*arguments: str) -> str:
    """Run uv; return what it printed."""
    environment = {**os.environ, "MACOSX_DEPLOYMENT_TARGET": ".".join(map(str, MACOS))}
    environment.pop("VIRTUAL_ENV", None)
    return subprocess.run(
        [sys.executable, "-m", "uv", "--quiet", *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    ).stdout
