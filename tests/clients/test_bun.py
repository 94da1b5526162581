"""The example server in Bun: as a compiled program with the sidecar beside it, and under --hot."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.clients.package import ENVIRONMENT, PACKAGE
from tests.support.processes import descendants, eventually, is_alive

pytestmark = [pytest.mark.hosts, pytest.mark.timeout(900)]

BUN = PACKAGE / "node_modules" / ".bin" / "bun"
# Bun itself is nearly all of it.
LARGEST_PROGRAM = 150_000_000
LONG = "Nobody is going to listen to all of this text here. " * 12


class Server:
    """A running example server; `log` is the file with its stdout and stderr."""

    def __init__(self, command: list[str | Path], log: Path, env: dict[str, str]) -> None:
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                cwd=log.parent,
                env={**env, "PORT": "0"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    @property
    def url(self) -> str:
        """The address of the server, once it listens."""
        return eventually("an address", lambda: self.addresses())[0]

    def addresses(self) -> list[str]:
        """Return the addresses that were printed: one for each run of the program's main file."""
        assert self.process.poll() is None, self.log.read_text()
        return re.findall(r"listening on (\S+)/\n", self.log.read_text())

    def sidecars(self) -> list[int]:
        return descendants(self.process.pid)

    def speak(self, text: str = "Hi.") -> bytes:
        """Return speech as 16-bit PCM."""
        body = {"model": "tts-1", "voice": "alloy", "input": text, "response_format": "pcm"}
        headers = {"content-type": "application/json"}
        request = Request(f"{self.url}/v1/audio/speech", json.dumps(body).encode(), headers)
        with urlopen(request, timeout=60) as response:
            return response.read()


def serves(address: str) -> bool:
    try:
        with urlopen(address, timeout=60) as response:
            return response.status == 200
    except HTTPError:
        return False


@contextmanager
def server(command: list[str | Path], log: Path, env: dict[str, str]) -> Iterator[Server]:
    running = Server(command, log, env)
    try:
        yield running
    finally:
        running.process.kill()
        running.process.wait(10)


@pytest.fixture(scope="module")
def compiled(typescript: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the compiled server, and with a small sidecar that starts this one."""
    del typescript
    sidecar = tmp_path_factory.mktemp("sidecar")
    launcher = sidecar / "bin" / "qwen-tts-sidecar"
    launcher.parent.mkdir()
    launcher.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m sidecar "$@"\n')
    launcher.chmod(0o755)
    folder = tmp_path_factory.mktemp("compiled") / "Mön's App, 1"
    environment = {"PATH": f"{BUN.parent}:{os.environ['PATH']}", "SIDECAR": str(sidecar)}
    subprocess.run(
        ["sh", PACKAGE / "examples" / "bun-compile.sh", folder],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        check=True,
        timeout=300,
    )
    return folder


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """Return all variables of a machine that has neither Bun nor Node nor Python."""
    return {name: str(tmp_path / name) for name in ("PATH", "HOME")}


def test_the_compiled_program_speaks(compiled: Path, bare: dict[str, str], tmp_path: Path) -> None:
    program = compiled / "speech-server"
    assert program.stat().st_size < LARGEST_PROGRAM
    with server([program], tmp_path / "log", bare) as running:
        assert len(running.speak()) > 2 * 24000 / 10
        with urlopen(f"{running.url}/", timeout=60) as page:
            assert b"qwen-tts-sidecar playground" in page.read()


def test_it_may_be_moved(compiled: Path, bare: dict[str, str], tmp_path: Path) -> None:
    moved = shutil.copytree(compiled, tmp_path / "elsewhere")
    with server([moved / "speech-server"], tmp_path / "log", bare) as running:
        assert len(running.speak()) > 2 * 24000 / 10


def test_a_sidecar_that_crashes_returns(
    compiled: Path, bare: dict[str, str], tmp_path: Path
) -> None:
    with server([compiled / "speech-server"], tmp_path / "log", bare) as running:
        running.speak()
        (sidecar,) = running.sidecars()
        os.kill(sidecar, signal.SIGKILL)
        eventually("its end", lambda: not is_alive(sidecar))
        assert len(running.speak()) > 2 * 24000 / 10
        assert running.sidecars() != [sidecar]


def test_without_its_sidecar_it_says_what_to_do(
    compiled: Path, bare: dict[str, str], tmp_path: Path
) -> None:
    alone = shutil.copy(compiled / "speech-server", tmp_path / "speech-server")
    done = subprocess.run(
        [alone], cwd=tmp_path, env=bare, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "SidecarNotFoundError" in done.stderr
    assert str(tmp_path / "qwen-tts-sidecar") in done.stderr
    assert "npm" in done.stderr


@pytest.mark.parametrize("leave", ["SIGTERM", "SIGINT", "SIGKILL"])
def test_nothing_is_left_behind(
    compiled: Path, bare: dict[str, str], tmp_path: Path, leave: str
) -> None:
    with server([compiled / "speech-server"], tmp_path / "log", bare) as running:
        running.speak()
        (sidecar,) = running.sidecars()
        running.process.send_signal(getattr(signal, leave))
        code = running.process.wait(30)
        assert code == (-signal.SIGKILL if leave == "SIGKILL" else 0)
        eventually("the end of the sidecar", lambda: not is_alive(sidecar))


@pytest.mark.usefixtures("typescript")
def test_hot_reloads_keep_one_sidecar_and_one_server(tmp_path: Path) -> None:
    """More reloads than the ten listeners of an event that Node and Bun take for a leak."""
    reloads = 12
    examples = shutil.copytree(PACKAGE / "examples", tmp_path / "examples")
    # Packages are found from the copy as from the original.
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "qwen-tts-sidecar").symlink_to(PACKAGE)
    main = examples / "bun-server.ts"
    source = main.read_text()
    env = {**os.environ, **ENVIRONMENT}
    with server([BUN, "--hot", main], tmp_path / "log", env) as running:
        url = running.url
        (sidecar,) = running.sidecars()
        for count in range(1, reloads + 1):
            main.write_text(f"{source}// change {count}\n")
            eventually("a reload", lambda count=count: len(running.addresses()) > count)
        assert set(running.addresses()) == {url}
        assert running.sidecars() == [sidecar]
        assert len(running.speak()) > 2 * 24000 / 10
        assert "MaxListenersExceeded" not in running.log.read_text()
        main.write_text(source + 'throw new Error("a mistake");\n')
        eventually("the mistake", lambda: "a mistake" in running.log.read_text())
        main.write_text(source.replace('"/": ()', '"/other": ()'))
        eventually("the next reload", lambda: serves(f"{url}/other"))
        assert not serves(f"{url}/")
        assert running.sidecars() == [sidecar]
        running.process.terminate()
        assert running.process.wait(30) == 0
        eventually("the end of the sidecar", lambda: not is_alive(sidecar))
