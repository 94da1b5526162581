"""The extra `kokoro`, in a folder of its own, at the versions of the lock; kept between runs."""

from __future__ import annotations

import hashlib
import sys
import tomllib
from pathlib import Path

from tests.support.installing import ROOT, kept, pip

_LOCK = ROOT / "requirements.lock"


def requirements(extra: str = "kokoro") -> list[str]:
    """Return what pyproject.toml lists."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return project["optional-dependencies"][extra]


def installed() -> Path:
    """Return a folder for PYTHONPATH with exactly the extra, and all that it needs."""
    wanted = requirements()
    version = "\n".join((*wanted, _LOCK.read_text("utf-8"), sys.version))
    name = f"kokoro-extra-{hashlib.sha256(version.encode()).hexdigest()[:12]}"
    options = ("--quiet", "--ignore-installed", "--constraint", str(_LOCK))
    return kept(name, lambda folder: pip(*options, "--target", str(folder), *wanted))
