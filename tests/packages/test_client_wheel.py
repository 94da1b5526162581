"""The Python client's wheel: what it holds, that it needs msgspec alone, and that its own tests
pass with it under every Python that it is for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.installing import untested
from tests.support.wheels import UV, build, run
from tests.support.wire import ROOT

pytestmark = [pytest.mark.hosts, pytest.mark.timeout(900)]
CLIENT = ROOT / "clients" / "python"
VERSIONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
SIDECAR = f"'{sys.executable}' -P -m sidecar"

PROGRAM = """
from qwen_tts_client import Sidecar
with Sidecar() as tts:
    print(len(tts.synthesize("Hello there.", seed=3, max_frames=4).read()))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Path:
    """Return the wheel of the client, made from its source archive."""
    return build(CLIENT, tmp_path_factory.mktemp("client"), environment)[0]


def installed(
    folder: Path, python: str, environment: dict[str, str], *packages: str | Path
) -> Path:
    """Return the Python of a new environment that has these packages and what they need."""
    run(UV, "venv", "--python", python, folder, env=environment)
    found = folder / "bin" / "python"
    run(UV, "pip", "install", "--python", found, *packages, env=environment)
    return found


def test_the_wheel_holds_the_package_alone(wheel: Path, environment: dict[str, str]) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if ".dist-info/" not in name]
        assert any(name.endswith("/licenses/LICENSE") for name in archive.namelist())
    tracked = run("git", "ls-files", "qwen_tts_client", env=environment, cwd=CLIENT).split()
    assert sorted(names) == sorted(tracked)
    assert "qwen_tts_client/py.typed" in names


def test_it_needs_msgspec_alone_and_speaks(
    wheel: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    python = installed(tmp_path / "venv", sys.executable, environment, wheel)
    listed = run(UV, "pip", "list", "--python", python, "--format", "freeze", env=environment)
    assert {line.partition("==")[0] for line in listed.split()} == {"msgspec", "qwen-tts-client"}
    env = {**environment, "QWEN_TTS_SIDECAR": SIDECAR}
    assert run(python, "-c", PROGRAM, env=env, cwd=tmp_path) == f"{4 * 3840}\n"


def is_here(version: str, environment: dict[str, str]) -> bool:
    """Return whether a version of Python is installed."""
    find = [UV, "python", "find", "--no-project", version]
    return subprocess.run(find, env=environment, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("version", VERSIONS)
def test_its_tests_pass_with_the_wheel(
    version: str, wheel: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    """All of them with the oldest Python and the newest that is here, and speech with the others.

    `make test` runs all of them with the Python of the sidecar, without the wheel.
    """
    here = [one for one in VERSIONS if is_here(one, environment)]
    if version not in here:
        untested.append(f"Python {version} is not installed here: the client was not tried with it")
        pytest.skip(untested[-1])
    # pytest's lock is for the Pythons of the sidecar.
    env = {name: value for name, value in environment.items() if "CONSTRAINT" not in name}
    extra = f"qwen-tts-client[websocket] @ {wheel.as_uri()}"
    python = installed(tmp_path / "venv", version, env, extra, "pytest", "pytest-timeout")
    # Beside the tests there is no package that would be taken in place of the wheel's.
    shutil.copytree(CLIENT / "client_tests", tmp_path / "client_tests")
    environment = {**os.environ, "QWEN_TTS_SIDECAR": SIDECAR, "QWEN_TTS_CHECKOUT": str(ROOT)}
    chosen = "client_tests" if version in (here[0], here[-1]) else "client_tests/test_speech.py"
    command = (python, "-m", "pytest", "-q", "-W", "error", "--timeout", "180", chosen)
    print(run(*command, env=environment, cwd=tmp_path)[-2000:])
