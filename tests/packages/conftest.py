"""What the tests of this folder share: a new user's home, and packages that are built once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.bundles import archive_of, bundle
from tests.support.installing import lock
from tests.support.wheels import COMPILES, NO_COMPILER, build, found
from tests.support.wire import ROOT


@pytest.fixture(scope="session")
def tree() -> Path:
    """Return the tree of this platform."""
    return bundle()


@pytest.fixture(scope="session")
def archive(tree: Path) -> Path:
    """Return the archive of the tree."""
    return archive_of(tree)


@pytest.fixture(scope="session")
def common(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Return a temporary folder that all workers of a test run have in common."""
    own = tmp_path_factory.getbasetemp()
    return own if worker_id == "master" else own.parent


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home folder with nothing in it, for the caches and tools of every installer."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def environment(home: Path, common: Path) -> dict[str, str]:
    """Return the environment of a new user, with the locked versions. No compiler can be called."""
    versions = str(ROOT / "requirements.lock")
    keep = {name: value for name, value in os.environ.items() if not name.startswith("UV_")}
    # Of pyenv, whose commands such as python3.12 work only where one of them is made the default.
    pythons = [str(path) for path in Path.home().glob(".pyenv/versions/3.1*/bin")]
    return {
        **keep,
        "HOME": str(home),
        "PATH": os.pathsep.join([os.environ["PATH"], *pythons]),
        **({} if COMPILES else NO_COMPILER),
        "PIP_CONSTRAINT": versions,
        "UV_CONSTRAINT": versions,
        "UV_CACHE_DIR": str(common / "uv-cache"),
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_NO_CONFIG": "1",
        "HF_HUB_OFFLINE": "1",
    }


@pytest.fixture(scope="session")
def built(common: Path, environment: dict[str, str]) -> tuple[Path, Path]:
    """Return the wheel and the source archive of this checkout, which one worker builds."""
    folder = common / "built"
    with lock("built", folder):
        if not folder.exists():
            build(ROOT, common / "being-built", environment)
            (common / "being-built").rename(folder)
    return found(folder)
