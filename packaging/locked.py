"""Read from uv.lock which file of each package is installed on a platform.

uv exports the lock in the standard form (PEP 751, pylock.toml), and the library `packaging` reads
that and selects from it as an installer would.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from packaging.markers import Environment
from packaging.pylock import Package, PackageSdist, PackageWheel, Pylock
from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Platform:
    """The oldest version of an operating system that is supported, on one kind of processor."""

    system: str  # as `platform.system()` names it
    machine: str  # as `platform.machine()` names it
    tags: tuple[str, ...]  # of wheels, the best first


def _linux(machine: str, oldest: dict[int, str]) -> Platform:
    """Return Linux with glibc 2.35; `oldest` has the older names of tags, by the minor version."""
    tags = [f"manylinux_2_{minor}_{machine}" for minor in range(35, min(oldest) - 1, -1)]
    tags += [f"{name}_{machine}" for name in oldest.values()]
    return Platform("Linux", machine, (*tags, f"linux_{machine}"))


PLATFORMS = {
    "macos-arm64": Platform("Darwin", "arm64", tuple(mac_platforms((14, 0), "arm64"))),
    "linux-x86_64": _linux(
        "x86_64", {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
    ),
    "linux-arm64": _linux("aarch64", {17: "manylinux2014"}),
}  # fmt: skip
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


def select(
    platform: Platform, python: str, *extras: str
) -> list[tuple[Package, PackageWheel | PackageSdist]]:
    """Return each locked package that a CPython such as "3.13" installs, with the file it takes.

    Raises `packaging.pylock.PylockSelectError` if a package has no file for the platform.
    """
    interpreter = f"cp{python.replace('.', '')}"
    version = [int(part) for part in python.split(".")]
    tags: list[Tag] = [*cpython_tags(version, [interpreter], platform.tags)]
    tags += compatible_tags(version, interpreter, platform.tags)
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
