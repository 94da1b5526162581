"""Finding the sidecar's program."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path

from qwen_tts_client.errors import SidecarNotFoundError, SidecarPlatformError
from qwen_tts_client.machine import Machine, why_unsupported
from qwen_tts_client.start_error import start_error

NAME = "qwen-tts-sidecar"
# Other Python packages are named `sidecar`, too; `-P` ignores those in the app's own folder.
_PYTHON_ARGS = ("-P", "-m", "sidecar")
# Folders that are missing from the PATH of an app started from Finder.
_USUAL_FOLDERS = ("/opt/homebrew/bin", "/usr/local/bin", str(Path.home() / ".local" / "bin"))


async def locate(
    command: str | Sequence[str] | None, cwd: Path, env: Mapping[str, str], timeout: float
) -> list[str]:
    """Return the words of the sidecar's command, the first of which is an absolute path.

    An explicit one comes first, then the one in this Python's environment, then that of a `.venv`
    in `cwd` or above it, then one on the PATH, then `python3 -m sidecar`.

    Args:
        timeout: seconds that a Python may take to say what it has installed.

    Raises:
        SidecarNotFoundError: there is none, or the one that was named does not exist.
        SidecarPlatformError: it does not run on this machine.
    """
    search = _Search(cwd, env)
    explicit = search.explicit(command, "command")
    explicit = explicit or search.explicit(env.get("QWEN_TTS_SIDECAR"), "QWEN_TTS_SIDECAR")
    if explicit is not None:
        return explicit
    machine = Machine()
    problem = why_unsupported(machine)
    if problem is not None:
        raise SidecarPlatformError(problem, machine.platform)
    found = search.in_environments() or search.on_the_path() or await search.in_python(timeout)
    if found is None:
        raise search.not_found(_how_to_install(machine))
    return found


class _Search:
    """One search; `looked` collects the places."""

    def __init__(self, cwd: Path, env: Mapping[str, str]) -> None:
        self._cwd, self._env = cwd, env
        self._looked: list[str] = []

    def explicit(self, command: str | Sequence[str] | None, source: str) -> list[str] | None:
        """Return a command that was named; None if none was."""
        if not command:
            return None
        words = self._words(command) if isinstance(command, str) else list(map(str, command))
        whole = command if isinstance(command, str) else " ".join(words)
        name, *args = words or [""]
        file = self._resolve(name)
        if file is not None:
            return [file, *args]
        problem = self._what_is_wrong(name)
        if not problem and name != whole:
            problem = f"there is no program {name}; a path with blanks needs quotes"
        self._looked.append(f"{source}: {whole}" + (f" ({problem})" if problem else ""))
        # An explicit command that does not exist is a mistake, which another one would hide.
        raise self.not_found("The program that was named does not exist, or cannot be executed.")

    def in_environments(self) -> list[str] | None:
        """Return the command of this Python's environment, or of a `.venv` in or above `cwd`."""
        folders = [Path(sysconfig.get_path("scripts"))]
        folders += [folder / ".venv" / "bin" for folder in (self._cwd, *self._cwd.parents)]
        for file in (str(folder / NAME) for folder in folders):
            self._looked.append(file)
            if _is_executable(file):
                return [file]
        return None

    def on_the_path(self) -> list[str] | None:
        """Return the command on the PATH."""
        self._looked.append(f"{NAME} on the PATH")
        file = self._resolve(NAME)
        return None if file is None else [file]

    async def in_python(self, timeout: float) -> list[str] | None:
        """Return a Python that has the sidecar installed: its programs may not be on the PATH."""
        file = self._resolve("python3")
        if file is None:
            self._looked.append("python3 on the PATH")
            return None
        problem = await self._why_not_sidecar(file, timeout)
        self._looked.append(f"{file} -m sidecar" + (f" (it {problem})" if problem else ""))
        return None if problem else [file, *_PYTHON_ARGS]

    def not_found(self, advice: str) -> SidecarNotFoundError:
        """Return the error that lists the places."""
        places = "".join(f"\n  {place}" for place in self._looked)
        message = f"No sidecar was found. {advice}\nLooked at:{places}"
        return SidecarNotFoundError(message, self._looked)

    def _words(self, command: str) -> list[str]:
        """Return the words of a command line; an existing path that contains spaces is one word."""
        if (self._cwd / command).exists():
            return [command]
        try:
            return shlex.split(command)
        except ValueError:  # An unclosed quote is an ordinary character, as in /Users/o'neil.
            return command.split()

    def _resolve(self, name: str) -> str | None:
        if "/" in name:
            file = str(self._cwd / name)
            return file if _is_executable(file) else None
        folders = [*self._env.get("PATH", "").split(os.pathsep), *_USUAL_FOLDERS]
        files = (os.path.join(folder, name) for folder in folders if os.path.isabs(folder))
        return next(filter(_is_executable, files), None)

    def _what_is_wrong(self, name: str) -> str:
        """Return why a program cannot be used, if that can be seen."""
        path = self._cwd / name
        if "/" not in name or not os.path.lexists(path):
            return ""
        if not path.exists():
            return f"{name} is a link to a file that is not there"
        return f"{name} is a folder" if path.is_dir() else f"{name} may not be executed"

    async def _why_not_sidecar(self, file: str, timeout: float) -> str | None:
        """Return why `python3 -m sidecar` is not the sidecar, or None if it is."""
        probe = Path(__file__).with_name("_probe.py")
        try:
            process = await asyncio.create_subprocess_exec(
                *(file, "-P", str(probe)),
                cwd=self._cwd,
                env=self._env,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
        except OSError as error:
            return str(start_error(error, file, self._cwd))
        try:
            output, errors = await asyncio.wait_for(process.communicate(), timeout)
        except asyncio.TimeoutError:
            return f"did not answer in {timeout:g} s"
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return _problem(output.decode(errors="replace"), errors.decode(errors="replace"))


def _problem(output: str, errors: str) -> str | None:
    """Return what the answer of a Python means; None for the sidecar."""
    if re.search(r"^unknown option:? -P$", errors, re.IGNORECASE | re.MULTILINE):
        return "is older than Python 3.11"
    try:
        answer = json.loads(output.strip().splitlines()[-1])  # Others may have printed before.
        found, is_ours = answer["found"], answer["is_ours"]
    except (LookupError, ValueError, TypeError):
        last = (errors.strip() or output.strip() or "it printed nothing").splitlines()[-1]
        return f"failed: {last[:200]}"
    if is_ours:
        return None
    return f"finds another package of that name, {found}" if found else "has no such module"


def _is_executable(file: str) -> bool:
    return os.access(file, os.X_OK) and os.path.isfile(file)


def _how_to_install(machine: Machine) -> str:
    extra = "[cpu]" if machine.platform.startswith("linux-") else ""
    version = "" if sys.version_info >= (3, 11) else " with Python 3.11 or newer"
    return (
        f"Install it with pip in the .venv of your app{version} (pip install "
        f'"/path/to/the/checkout{extra}"), or name it by the argument "command" or by '
        "QWEN_TTS_SIDECAR. It is not on PyPI yet."
    )
