"""The tree of `make bundle`, as an app has it: without Python, with other folders and variables.

The tree is compared with the environment of the tests, which speaks the same text in the same
surroundings, byte for byte.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from hashlib import file_digest
from pathlib import Path

import psutil
import pytest

from tests.support.bundles import ENVIRONMENT, TEXT, build_bundle, expected, say
from tests.support.harness import sidecar
from tests.support.wire import ROOT

pytestmark = [pytest.mark.hosts, pytest.mark.timeout(900)]

OF_PROCESSES = (
    "tests/protocol/test_rules.py",
    "tests/protocol/test_lifecycle.py",
    "tests/process/test_terminal.py",
)


@pytest.fixture(scope="module")
def launcher(tree: Path) -> Iterator[Path]:
    """Return the launcher; at the end of all tests here, nothing has been written to the tree."""
    yield tree / "bin" / "qwen-tts-sidecar"
    manifest = json.loads((tree / "manifest.json").read_text("utf-8"))
    assert hashes(tree) == manifest["files"]


def hashes(tree: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in tree.rglob("*"):
        assert not path.is_symlink(), f"npm leaves symbolic links out: {path}"
        if path.is_file() and path != tree / "manifest.json":
            with path.open("rb") as file:
                found[path.relative_to(tree).as_posix()] = file_digest(file, "sha256").hexdigest()
    return found


# --- surroundings ------------------------------------------------------------------------------


def test_it_speaks_without_any_variable(launcher: Path, tmp_path: Path) -> None:
    assert say((launcher,), tmp_path / "a.wav") == expected()


def test_it_speaks_from_a_folder_with_spaces_and_other_letters(
    tree: Path, launcher: Path, tmp_path: Path
) -> None:
    moved = tmp_path / "Mein Programm – 音声 'quoted' $HOME"
    shutil.copytree(tree, moved)
    assert say((moved / "bin" / launcher.name,), tmp_path / "Grüße 音.wav") == expected()


@pytest.mark.parametrize("relative", [False, True])
def test_it_speaks_through_a_symbolic_link(relative: bool, launcher: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    first, second = tmp_path / "first", tmp_path / "bin" / "second"
    first.symlink_to(os.path.relpath(launcher, tmp_path) if relative else launcher)
    second.symlink_to("../first")
    assert say((second,), tmp_path / "a.wav") == expected()
    # A shell that finds it on the PATH gives it the path, and so does a relative name.
    found = say(("bin/second",), tmp_path / "b.wav", cwd=tmp_path)
    assert found == expected()


def test_nothing_of_the_caller_reaches_the_interpreter(launcher: Path, tmp_path: Path) -> None:
    for name in (
        "json.py",
        "sitecustomize.py",
        "usercustomize.py",
        "numpy.py",
        "sidecar/__init__.py",
    ):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("raise SystemExit('a file of the caller was imported')\n")
    # Found before the tree's own only if the loader were to ask this variable first.
    for name in ("libpython3.11.so.1.0", "libffi.so.8", "libssl.so.3", "libopenblas.so.0"):
        (tmp_path / name).write_bytes(b"not a library")
    here = str(tmp_path)
    hostile = {
        "PYTHONPATH": here,
        "PYTHONHOME": here,
        "PYTHONSTARTUP": f"{here}/json.py",
        "PYTHONWARNINGS": "error",
        "PYTHONPLATLIBDIR": here,
        "LD_LIBRARY_PATH": here,
        "VIRTUAL_ENV": here,
        "HOME": here,
        "PATH": here,
    }
    assert say((launcher,), tmp_path / "a.wav", cwd=tmp_path, env=hostile) == expected()


def test_text_and_names_of_files_are_utf_8_whatever_the_locale(
    launcher: Path, tmp_path: Path
) -> None:
    output = tmp_path / "Grüße.wav"
    for locale in ({}, {"LC_ALL": "C"}, {"LC_ALL": "de_DE.ISO-8859-1"}):
        assert say((launcher,), output, env=locale) == expected()
        output.unlink()


def test_it_has_every_command(launcher: Path) -> None:
    for arguments in (["--help"], ["say", "--help"], ["voices", "--help"], ["models", "--help"]):
        ours, theirs = (
            subprocess.run(
                [*command, *arguments],
                capture_output=True,
                timeout=60,
                check=True,
                env={},
                cwd=ROOT,
            ).stdout
            for command in ((launcher,), ENVIRONMENT)
        )
        assert ours == theirs


def test_doctor_finds_nothing_broken_and_says_that_it_is_a_bundle(
    launcher: Path, tree: Path, tmp_path: Path
) -> None:
    env = {"HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [launcher, "doctor", "--json"], capture_output=True, timeout=120, env=env, check=True
    )
    report = json.loads(done.stdout)
    assert report["broken"] == []
    assert report["bundle"] == {"platform": tree.name, "path": str(tree)}
    assert str(tree) in report["python"]
    if sys.platform == "linux":
        assert str(tree) in report["blas"]


# --- the process -------------------------------------------------------------------------------


def test_the_launcher_becomes_the_interpreter(launcher: Path) -> None:
    """A host's signals and exit codes are then those of the sidecar itself."""
    with sidecar(command=[str(launcher)]) as process:
        running = psutil.Process(process.process.pid)
        assert running.exe() == str(launcher.parents[1] / "python" / "bin" / "python3")
        # That nothing is written, and that text is UTF-8, holds on this machine without these, too:
        # all modules are compiled, and it may have no other locale.
        assert running.cmdline()[1:] == ["-I", "-B", "-X", "utf8", "-m", "sidecar"]
    ours, theirs = [str(launcher)], list(ENVIRONMENT)
    with sidecar(command=ours) as process, sidecar(command=theirs) as reference:
        for text in ("One two three.", TEXT, "Four."):
            assert process.speak(text, seed=3).audio == reference.speak(text, seed=3).audio
        assert process.shutdown() == 0


@pytest.mark.parametrize("name", ["SIGKILL", "SIGSEGV", "SIGABRT", "SIGTERM", "SIGINT"])
def test_a_host_sees_the_same_end_as_without_a_bundle(name: str, launcher: Path) -> None:
    """A crash is a signal for the host, too, and not an exit code of the launcher's shell."""
    codes: list[int] = []
    for command in ([str(launcher)], list(ENVIRONMENT)):
        with sidecar(command=command) as process:
            process.process.send_signal(signal.Signals[name])
            codes.append(process.wait_exit()[0])
    assert codes[0] == codes[1]
    if name in ("SIGKILL", "SIGSEGV", "SIGABRT"):
        assert codes[0] == -signal.Signals[name]


def test_it_passes_the_tests_of_processes(launcher: Path) -> None:
    """How it starts, answers, ends and is ended: the very tests of the checkout."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *OF_PROCESSES],
        cwd=ROOT,
        env={**os.environ, "QWEN_TTS_TESTED": str(launcher)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:]


# --- the build ---------------------------------------------------------------------------------


def test_two_builds_have_the_same_bytes(tree: Path, launcher: Path, tmp_path: Path) -> None:
    """The second one is built elsewhere, at another time of the world, by a stricter user."""
    if "QWEN_TTS_BUNDLE" in os.environ:
        pytest.skip("the tree was built with other options")
    mask = os.umask(0o077)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TZ", "Pacific/Kiritimati")
            second = build_bundle(tmp_path / "second build", "--no-archive")
    finally:
        os.umask(mask)
    assert hashes(second) == hashes(tree)
    for path in second.rglob("*"):
        assert path.stat().st_mode == (tree / path.relative_to(second)).stat().st_mode
