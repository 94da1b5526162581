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

from packaging.pylock import PackageWheel, Pylock

ROOT = Path(__file__).resolve().parent.parent


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
