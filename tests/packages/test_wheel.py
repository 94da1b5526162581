"""The wheel and the source archive: what they hold, that two builds are equal, and that every
installer makes a command of them that speaks."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.support.command import TEXT
from tests.support.installing import untested
from tests.support.wheels import HERE, NO_COMPILER, UV, build, run
from tests.support.wire import ROOT

# Packages are downloaded by the first test that needs them; later ones take them from its cache.
pytestmark = [pytest.mark.hosts, pytest.mark.timeout(600)]
EXTRA = "[cpu]" if sys.platform == "linux" else ""


@pytest.fixture(scope="module")
def requirement(built: tuple[Path, Path]) -> str:
    """Return the requirement that installs the wheel with the extra of this platform."""
    return f"qwen-tts-sidecar{EXTRA} @ {built[0].as_uri()}"


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return what the checkout speaks."""
    path = tmp_path_factory.mktemp("expected") / "spoken.wav"
    run(sys.executable, "-P", "-m", "sidecar", *say(path), env={**os.environ}, cwd=ROOT)
    return path.read_bytes()


def say(path: Path) -> tuple[str, ...]:
    return ("say", TEXT, "--seed", "3", "--output", str(path))


def check_speech(
    command: list[str | Path], folder: Path, expected: bytes, env: dict[str, str]
) -> None:
    """Let a command speak, in a folder without sources, and compare the whole file."""
    path = folder / "spoken.wav"
    run(*command, *say(path), env=env, cwd=folder)
    assert path.read_bytes() == expected


def check_playground(command: Path, env: dict[str, str]) -> None:
    """Let the command serve its page, with what the package itself has and nothing else."""
    words = [command, "playground", "--no-open", "--port", "0"]
    with subprocess.Popen(words, env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        address = process.stdout.readline().strip()
        with urlopen(address.partition("#")[0], timeout=60) as page:
            assert b"<title>Speech playground</title>" in page.read()
        process.terminate()
        assert process.wait(60) == 128 + signal.SIGTERM


def test_the_wheel_holds_the_product_alone(built: tuple[Path, Path]) -> None:
    wheel, _ = built
    assert wheel.stat().st_size <= 30_000_000
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {name.partition("/")[0] for name in names}
    assert tops == {"sidecar", f"{'-'.join(wheel.name.split('-')[:2])}.dist-info"}
    assert {"sidecar/__main__.py", "sidecar/bundled/tiny-voice/model.safetensors"} <= set(names)
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    # A checkout has caches and other files that no one commits.
    tracked = run(
        "git", "ls-files", "sidecar", "clients/python/qwen_tts_client", env={**os.environ}, cwd=ROOT
    )
    expected = {
        name.replace("clients/python/", "sidecar/bundled/client/") for name in tracked.splitlines()
    }
    assert {name for name in names if name.startswith("sidecar/")} == expected


def test_another_build_from_the_archive_is_equal(
    built: tuple[Path, Path], tmp_path: Path, environment: dict[str, str]
) -> None:
    """In another folder, and with other times and permissions of the files."""
    with tarfile.open(built[1]) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    for path in source.rglob("*"):
        if path.is_file():
            path.chmod(0o600)
        os.utime(path, (1, 1))
    again = build(source, tmp_path / "again", environment)
    assert [path.name for path in again] == [path.name for path in built]
    for first, second in zip(built, again, strict=True):
        digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (first, second)]
        assert digests[0] == digests[1], first.name


def test_uv_tool_install(
    home: Path, environment: dict[str, str], requirement: str, expected: bytes
) -> None:
    """The first installation downloads; the second one needs nothing but the cache."""
    for name, options in {"cold": [], "warm": ["--offline"]}.items():
        folders = {"UV_TOOL_DIR": str(home / name), "UV_TOOL_BIN_DIR": str(home / name / "bin")}
        env = {**environment, **folders}
        run(UV, "tool", "install", *options, "--python", HERE, requirement, env=env)
        (home / name / "speech").mkdir()
        command = home / name / "bin" / "qwen-tts-sidecar"
        check_speech([command], home / name / "speech", expected, env)


def test_uv_tool_install_without_what_needs_a_compiler(
    tmp_path: Path, environment: dict[str, str], requirement: str, expected: bytes
) -> None:
    """README's way for Linux on arm64, where miniaudio has no wheel."""
    excludes = tmp_path / "without.txt"
    excludes.write_text("miniaudio\n")
    folders = {"UV_TOOL_DIR": str(tmp_path), "UV_TOOL_BIN_DIR": str(tmp_path / "bin")}
    env = {**environment, **NO_COMPILER, **folders}
    command = [UV, "tool", "install", "--excludes", excludes, "--python", HERE, requirement]
    run(*command, env=env)
    python = tmp_path / "qwen-tts-sidecar" / "bin" / "python"
    installed = run(UV, "pip", "list", "--python", python, env=env)
    assert "mlx-audio " in installed
    assert "miniaudio " not in installed
    check_speech([tmp_path / "bin" / "qwen-tts-sidecar"], tmp_path, expected, env)


def test_what_has_no_wheel_needs_no_compiler(tmp_path: Path, environment: dict[str, str]) -> None:
    """Of the extra `kokoro`; tests/process/test_lock_platforms.py finds no other such package."""
    command = [UV, "pip", "install", "--no-deps", "--target", tmp_path, "--no-binary", "docopt"]
    run(*command, "docopt", env={**environment, **NO_COMPILER})
    assert (tmp_path / "docopt.py").is_file()


def test_the_bill_of_materials_has_the_hash_of_every_package(
    tmp_path: Path, environment: dict[str, str], requirement: str
) -> None:
    """As `make release-assets` writes it."""
    command = [UV, "pip", "install", "--python", sys.executable, "--target", tmp_path, requirement]
    run(*command, env=environment)
    bill = json.loads(
        run(sys.executable, ROOT / "packaging" / "sbom.py", tmp_path, env=environment)
    )
    assert len(bill["components"]) > 50
    for one in bill["components"]:
        assert any("hashes" in source for source in one["externalReferences"]), one["name"]
        assert one["licenses"], one["name"]


def test_uvx(
    tmp_path: Path, environment: dict[str, str], requirement: str, expected: bytes
) -> None:
    command = [f"{UV}x", "--python", HERE, "--from", requirement, "qwen-tts-sidecar"]
    check_speech([*command], tmp_path, expected, environment)


@pytest.mark.parametrize("python", ["3.12", "3.13", "3.14"])
def test_other_pythons(
    python: str, tmp_path: Path, environment: dict[str, str], requirement: str, expected: bytes
) -> None:
    find = [UV, "python", "find", "--no-project", python]
    if subprocess.run(find, env=environment, capture_output=True, check=False).returncode != 0:
        reason = f"Python {python} is not installed here: the wheel was not tried with it"
        untested.append(reason)
        pytest.skip(reason)
    command = [f"{UV}x", "--python", python, "--from", requirement, "qwen-tts-sidecar"]
    check_speech([*command], tmp_path, expected, environment)


def test_pip(
    tmp_path: Path, environment: dict[str, str], requirement: str, expected: bytes
) -> None:
    run(sys.executable, "-m", "venv", tmp_path / "venv", env=environment)
    python = tmp_path / "venv" / "bin" / "python"
    # Bytecode of 67 packages is made when they are imported, which is for few of them.
    run(python, "-m", "pip", "install", "--no-compile", requirement, env=environment)
    check_speech([python.with_name("qwen-tts-sidecar")], tmp_path, expected, environment)
    check_playground(python.with_name("qwen-tts-sidecar"), environment)
    shutil.rmtree(tmp_path / "venv")


@pytest.fixture(scope="module")
def pipx(home: Path, environment: dict[str, str]) -> list[str]:
    """Return the command of pipx, in an environment of its own."""
    run(UV, "venv", "--python", HERE, home / "pipx", env=environment)
    run(UV, "pip", "install", "--python", home / "pipx", "pipx", env=environment)
    return [str(home / "pipx" / "bin" / "pipx")]


def test_pipx_install(
    pipx: list[str],
    tmp_path: Path,
    environment: dict[str, str],
    requirement: str,
    expected: bytes,
) -> None:
    env = {**environment, "PIPX_HOME": str(tmp_path), "PIPX_BIN_DIR": str(tmp_path / "bin")}
    run(*pipx, "install", "--pip-args=--no-compile", requirement, env=env)
    check_speech([tmp_path / "bin" / "qwen-tts-sidecar"], tmp_path, expected, env)
    shutil.rmtree(tmp_path / "venvs")


def test_pipx_run(
    pipx: list[str],
    tmp_path: Path,
    environment: dict[str, str],
    requirement: str,
    expected: bytes,
) -> None:
    env = {**environment, "PIPX_HOME": str(tmp_path), "PIPX_BIN_DIR": str(tmp_path / "bin")}
    spec = ["run", "--pip-args=--no-compile", "--spec", requirement, "qwen-tts-sidecar"]
    check_speech([*pipx, *spec], tmp_path, expected, env)
