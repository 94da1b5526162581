"""Read from uv.lock which file of each package is installed on a platform.

uv exports the lock in the standard form (PEP 751, pylock.toml), and the library `packaging` reads
that and selects from it as an installer would.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

from packaging.markers import Environment
from packaging.pylock import Package, PackageSdist, PackageWheel, Pylock
from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms

from platforms import GLIBC, MACOS, Platform

ROOT = Path(__file__).resolve().parent.parent


# The older names of the tags of wheels for Linux, by the minor version of glibc.
_OLDER = {
    "x86_64": {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"},
    "aarch64": {17: "manylinux2014"},
}
PYTHONS = ("3.11", "3.12", "3.13", "3.14")


@cache
def export(*extras: str) -> Pylock:
    """Return what the lock holds of the project's dependencies, with some extras or "all".

    Raises `subprocess.CalledProcessError` if uv refuses, for one because the lock is out of date.
    """
    command = [str(Path(sys.executable).with_name("uv")), "export", "--quiet", "--locked"]
    command += ["--offline", "--default-index", "https://pypi.org/simple"]
    command += ["--no-emit-project", "--format", "pylock.toml"]
    command += ["--all-extras"] if extras == ("all",) else [f"--extra={one}" for one in extras]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return Pylock.from_dict(tomllib.loads(done.stdout))


@cache
def wheels() -> dict[tuple[str, str], list[PackageWheel]]:
    """Return every locked wheel, of all extras, by the name and the version of its package."""
    packages = export("all").packages
    return {(one.name, str(one.version)): list(one.wheels or []) for one in packages}


def tags_of(platform: Platform) -> list[str]:
    """Return the tags of wheels that the oldest supported system takes, the best first."""
    if platform.system == "Darwin":
        return list(mac_platforms(MACOS, platform.machine))
    machine, older = platform.machine, _OLDER[platform.machine]
    tags = [f"manylinux_{GLIBC[0]}_{minor}" for minor in range(GLIBC[1], min(older) - 1, -1)]
    return [f"{tag}_{machine}" for tag in (*tags, *older.values(), "linux")]


def select(
    platform: Platform, python: str, *extras: str, accepted: list[str] | None = None
) -> list[tuple[Package, PackageWheel | PackageSdist]]:
    """Return each locked package that a CPython such as "3.13" installs, with the file it takes.

    Args:
        accepted: the tags of wheels for another system than `tags_of` returns.

    Raises `packaging.pylock.PylockSelectError` if a package has no file for the platform.
    """
    accepted = tags_of(platform) if accepted is None else accepted
    interpreter = f"cp{python.replace('.', '')}"
    version = [int(part) for part in python.split(".")]
    tags: list[Tag] = [*cpython_tags(version, [interpreter], accepted)]
    tags += compatible_tags(version, interpreter, accepted)
    lock = export(*extras)
    chosen: list[tuple[Package, PackageWheel | PackageSdist]] = []
    for package, file in lock.select(
        environment=_environment(platform, python), tags=tags, extras=extras
    ):
        if not isinstance(file, PackageWheel | PackageSdist):
            raise TypeError(f"{package.name} does not come from an index.")
        chosen.append((package, file))
    return chosen


def _environment(platform: Platform, python: str) -> Environment:
    """Return what the markers of requirements are compared with."""
    return {
        "implementation_name": "cpython",
        "implementation_version": f"{python}.0",
        "os_name": "posix",
        "platform_machine": platform.machine,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": platform.system,
        "platform_version": "",
        "python_full_version": f"{python}.0",
        "python_version": python,
        "sys_platform": platform.system.lower(),
    }
