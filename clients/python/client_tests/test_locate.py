"""Finding the sidecar's program, and the machine that it runs on."""

from __future__ import annotations

import os
import re
import shlex
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from client_tests.support import COMMAND, FAKE, fails
from qwen_tts_client import (
    Sidecar,
    SidecarExitedError,
    SidecarNotFoundError,
    SidecarPlatformError,
    SidecarStartError,
)
from qwen_tts_client import locate as location
from qwen_tts_client.machine import Machine, why_unsupported


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def foreign(place: Path) -> Path:
    """Write a package named sidecar that notes that it was run."""
    ran = place / "ran"
    for name in ("__init__.py", "__main__.py"):
        file = place / "sidecar" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"open({str(ran)!r}, 'w')\n")
    return ran


async def not_found(*args: Any, **options: Any) -> SidecarNotFoundError:
    error = await fails(Sidecar(*args, **options).start(), SidecarNotFoundError)
    assert isinstance(error, SidecarNotFoundError)
    return error


async def test_a_command_line_is_split_as_in_a_shell(tmp_path: Path) -> None:
    run = script(tmp_path / "my app", 'shift\nexec "$@"')
    for command in (
        f'"{run}" --name="a b" \'{sys.executable}\' {shlex.quote(str(FAKE))} fine',
        f"{str(run).replace(' ', chr(92) + ' ')} x {sys.executable} '{FAKE}' fine",
    ):
        async with Sidecar(command) as tts:
            assert tts.server_info.version == "9"
    async with Sidecar(
        str(script(tmp_path / "one word", f'exec "{sys.executable}" "{FAKE}"'))
    ) as tts:
        assert tts.server_info.version == "9"
    assert (await not_found("/Users/o'neil/x --a")).looked == (
        "command: /Users/o'neil/x --a (there is no program /Users/o'neil/x; a path with blanks "
        "needs quotes)",
    )


async def test_a_program_that_does_not_exist_is_shown_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "text").touch()
    (tmp_path / "link").symlink_to("/no/such/target")
    for command, reason in {
        "/no such/x": " (there is no program /no; a path with blanks needs quotes)",
        "./text --arg": " (./text may not be executed)",
        "./link": " (./link is a link to a file that is not there)",
        "./": " (./ is a folder)",
        "no-such-program": "",
    }.items():
        assert (await not_found(command, cwd=tmp_path)).looked == (f"command: {command}{reason}",)
    wrong = await not_found(env={"QWEN_TTS_SIDECAR": "no-such-program"})
    assert wrong.looked == ("QWEN_TTS_SIDECAR: no-such-program",)


async def test_a_program_that_the_system_cannot_start_is_not_blamed(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    here = Sidecar(sys.executable, cwd=tmp_path / "file")
    await fails(here.start(), SidecarStartError, r": its working folder .*/file is not a folder\.$")
    moved = script(tmp_path / "moved", "")
    moved.write_text("#!/old/place/.venv/bin/python -u\n")
    match = r": its interpreter /old/place/\.venv/bin/python does not exist\. Was the \.venv moved"
    await fails(Sidecar(str(moved)).start(), SidecarStartError, match)
    await fails(Sidecar("cat", env={"NAME": "a\0b"}).start(), SidecarStartError, "null byte")
    await fails(Sidecar(["cat", "x" * 4_000_000]).start(), SidecarStartError, "too long")


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Give a machine that has no sidecar, neither in this Python nor in the usual folders."""
    folder = tmp_path / "bare"
    folder.mkdir()
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(folder))
    monkeypatch.setattr(location, "_USUAL_FOLDERS", ())
    return folder


async def test_the_command_of_this_python_comes_first_then_one_in_a_venv_above(
    bare: Path, tmp_path: Path
) -> None:
    app = tmp_path / "app with blanks" / "deep"
    app.mkdir(parents=True)
    env = {"QWEN_TTS_SIDECAR": None, "PATH": "/nowhere"}
    mode = 'exec "{}" "{}" {} "$@"'
    above = app.parent / ".venv" / "bin" / "qwen-tts-sidecar"
    script(above, mode.format(sys.executable, FAKE, "fine"))
    async with Sidecar(cwd=app, env=env) as tts:
        assert tts.server_info.version == "9"
    script(bare / "qwen-tts-sidecar", mode.format(sys.executable, FAKE, "foreign"))
    with pytest.raises(Exception, match="calls itself"):
        await Sidecar(cwd=app, env=env).start()
    async with Sidecar(
        cwd=app.parent, env={"QWEN_TTS_SIDECAR": ".venv/bin/qwen-tts-sidecar"}
    ) as tts:
        assert tts.server_info.version == "9"


async def test_python3_on_the_path_starts_the_sidecar_and_nothing_of_the_folder(
    bare: Path, tmp_path: Path
) -> None:
    ran = foreign(tmp_path)
    python = COMMAND[0]
    script(bare / "python3", f'exec "{python}" "$@"')
    env = {"QWEN_TTS_SIDECAR": None, "PATH": str(bare), "PYTHONPATH": None}
    async with Sidecar(cwd=tmp_path, env=env) as tts:
        assert tts.server_info.name == "qwen-tts-sidecar"
    # A Python that is named without -P does not look there, either.
    named = Sidecar([python, "-c", "import os, sys; sys.exit(os.environ['PYTHONSAFEPATH'])"])
    await fails(named.start(), SidecarExitedError, "exit code 1.\n1")
    elsewhere = tmp_path / "elsewhere"
    assert not foreign(elsewhere).exists()
    error = await not_found(cwd=tmp_path, env={**env, "PYTHONPATH": str(elsewhere)})
    assert "-m sidecar (it finds another package of that name, " in error.looked[-1]
    assert not (elsewhere / "ran").exists()
    assert not ran.exists()


async def test_python3_without_a_sidecar_too_old_or_hanging_is_none(
    bare: Path, tmp_path: Path
) -> None:
    env: dict[str, str | None] = {"QWEN_TTS_SIDECAR": None, "PATH": str(bare), "PYTHONPATH": None}
    old = "printf 'Unknown option: -P\\nusage: python3 [option] ...\\n' >&2; exit 2"
    stuck = "PATH=/usr/bin:/bin; exec sleep 60"
    for run, last in {
        f'exec "{COMMAND[0]}" -S "$@"': "(it has no such module)",
        old: "(it is older than Python 3.11)",
        "echo 'no such codec' >&2; exit 1": "(it failed: no such codec)",
        stuck: "(it did not answer in 0.5 s)",
    }.items():
        script(bare / "python3", run)
        error = await not_found(cwd=tmp_path, env=env, start_timeout=0.5 if run == stuck else 60)
        assert error.looked[-1].endswith(last)
        assert "It is not on PyPI yet" in str(error)
    (bare / "python3").unlink()
    assert (await not_found(cwd=tmp_path, env=env)).looked[-1] == "python3 on the PATH"


LINUX = {"platform": "linux-x86_64", "release": "6.1", "glibc": "2.36", "is_apple": False}
MAC = {"platform": "darwin-arm64", "release": "23.1.0", "glibc": None, "is_apple": True}


@pytest.mark.parametrize(
    ("machine", "reason"),
    [
        (LINUX, None),
        ({**LINUX, "platform": "linux-aarch64"}, None),
        (MAC, None),
        ({**LINUX, "platform": "win32-amd64"}, "Windows: run it on Linux or on a Mac"),
        ({**LINUX, "platform": "linux-riscv64"}, "does not run on linux-riscv64"),
        ({**LINUX, "glibc": None}, "without glibc, such as Alpine"),
        ({**LINUX, "glibc": "2.31"}, r"glibc 2\.35 or newer, and here it is 2\.31"),
        ({**MAC, "release": "22.6.0"}, "macOS 14 or newer"),
        ({**MAC, "platform": "darwin-x86_64"}, "under Rosetta"),
        ({**MAC, "platform": "darwin-x86_64", "is_apple": False}, "Intel processor"),
    ],
)
def test_machines(machine: dict[str, Any], reason: str | None) -> None:
    why = why_unsupported(Machine(**machine))
    if reason is None:
        assert why is None
    else:
        assert why is not None
        assert re.search(reason, why)


async def test_nothing_is_searched_on_a_machine_that_cannot_run_it(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        location, "Machine", lambda: Machine(**{**LINUX, "platform": "win32-amd64"})
    )
    away = Sidecar(env={"QWEN_TTS_SIDECAR": None})
    error = await fails(away.start(), SidecarPlatformError, "does not run on Windows")
    assert isinstance(error, SidecarPlatformError)
    assert error.platform == "win32-amd64"
    assert os.listdir(bare) == []
