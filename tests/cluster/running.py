"""A cluster as processes of their own, and what a test may do to them."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from tests.support.command import COMMAND
from tests.support.harness import ROOT
from tests.support.installing import python

# The long forms, which are run by hand: `QWEN_TTS_CLUSTER_LONG=1`.
IS_LONG = bool(os.environ.get("QWEN_TTS_CLUSTER_LONG"))
KEY = "a-key.of~these_tests"
REQUIREMENTS = Path(__file__).parent / "requirements.txt"
# Starting takes Ray some 20 s on a calm machine; a busy one has taken two minutes.
_START_TIMEOUT = 240.0
_END_TIMEOUT = 60.0
_NEW_NETWORK = 0x40000000  # CLONE_NEWNET


class Cluster:
    """Ray, Serve and applications. Its network is its own where the system allows that.

    Args:
        applications: settings by the path that they are served under.
        cpus: how many CPUs Ray believes in; a replica of these tests takes a quarter of one.
    """

    def __init__(self, applications: dict[str, Any], cpus: int = 4) -> None:
        interpreter = python(REQUIREMENTS)
        self.folder = Path(tempfile.mkdtemp(prefix="qtc"))  # Ray needs a short path.
        self._log = (self.folder / "stand.log").open("w+b")
        paths = os.pathsep.join(str(ROOT / part) for part in ("cluster", "clients/python", "."))
        self.process = subprocess.Popen(
            [interpreter, str(Path(__file__).with_name("stand.py"))],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": paths, "QWEN_TTS_CLUSTER_KEY": KEY},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        self._seen: set[psutil.Process] = set()
        wanted = {"folder": str(self.folder / "r"), "cpus": cpus, "applications": applications}
        self.is_isolated = False
        try:
            self.is_isolated = self._ask(wanted)["isolated"]
            self.processes()
            self.address = f"127.0.0.1:{self._answer()['port']}"
        except BaseException:
            self.close()
            raise

    @property
    def log(self) -> str:
        self._log.seek(0)
        return self._log.read().decode(errors="replace")[-5000:]

    def run(self, prefix: str, settings: dict[str, Any]) -> None:
        """Add an application."""
        self._ask({"run": {prefix: settings}})

    def delete(self, name: str) -> None:
        """Remove an application, and wait until it is gone."""
        self._ask({"delete": name})

    def states(self, application: str) -> dict[str, int]:
        """Return how many replicas are in each of Serve's states, such as RUNNING or STOPPING."""
        return self._ask({"application": application})

    def processes(self) -> list[psutil.Process]:
        """Return the processes of the cluster: whatever is in its network, or descends from it."""
        try:
            found = psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            found = []
        if self.is_isolated:
            network = os.stat(f"/proc/{self.process.pid}/ns/net") if self._is_running() else None
            self._network = network or self._network
            found += [p for p in psutil.process_iter() if _is_in(p, self._network)]
        found = [p for p in found if p.pid != os.getpid()]
        self._seen.update(found)
        return list({p.pid: p for p in found}.values())

    _network: os.stat_result | None = None

    def replicas(self, application: str = "speech") -> list[psutil.Process]:
        """Return the processes of the replicas, each of which has one sidecar as its child."""
        name = f"ray::ServeReplica:{application}"
        return [p for p in self.processes() if _command(p).startswith(name)]

    def memory(self) -> int:
        """Return the memory of all processes in bytes: what would be free without them."""
        store = sum(file.stat().st_size for file in self.folder.rglob("*spill*") if file.is_file())
        return self.memory_by_process().total() + store

    def memory_by_process(self) -> Counter[str]:
        """Return the memory of all processes in bytes, those of like name together."""
        sizes: Counter[str] = Counter()
        for process in self.processes():
            command = _command(process)
            sizes[command if command.startswith("ray::") else command[-60:]] += _unique_bytes(
                process
            )
        return sizes

    def spilled(self) -> list[Path]:
        """Return the files to which Ray has moved what memory did not hold."""
        folders = self.folder.rglob("ray_spilled_objects*")
        return [file for folder in folders for file in folder.rglob("*") if file.is_file()]

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Be in the cluster's network: sockets that are opened by this thread are there."""
        if not self.is_isolated:
            yield
            return
        own = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            _enter(Path(f"/proc/{self.process.pid}/ns/net"))
            yield
            if ctypes.CDLL(None).setns(own, _NEW_NETWORK) != 0:
                raise OSError("the network of the tests cannot be entered again")
        finally:
            os.close(own)

    def close(self) -> list[str]:
        """End everything; return what did not end by itself, and is killed."""
        self.processes()
        assert self.process.stdin
        assert self.process.stdout
        with suppress(BrokenPipeError):  # It may have failed.
            self.process.stdin.close()
        try:
            self.process.wait(_END_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        eventually(lambda: not self._left(), _END_TIMEOUT, fails=False)
        left = self._left()
        names = [_command(process) for process in left]
        for process in left:
            process.kill()
        self._log.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        return names

    def _left(self) -> list[psutil.Process]:
        self.processes()
        return [p for p in self._seen if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]

    def _is_running(self) -> bool:
        return self.process.poll() is None

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, f"the cluster has ended: {self.log}"
        return json.loads(line)


def settings(name: str = "speech", **more: Any) -> dict[str, Any]:
    """Return the settings of an application with the bundled voice."""
    return {
        "name": name,
        "backend": {"sidecar": {"command": COMMAND}},
        "resources": {"cpus": 0.25},
        **more,
    }


def eventually(is_so: Callable[[], Any], timeout: float, *, fails: bool = True) -> Any:
    """Wait until a condition holds, and return its value."""
    end = time.monotonic() + timeout
    while not (value := is_so()):
        if time.monotonic() > end:
            assert not fails, f"it did not become so within {timeout:g} s"
            break
        time.sleep(0.1)
    return value


def _enter(network: Path) -> None:
    descriptor = os.open(network, os.O_RDONLY)
    try:
        if ctypes.CDLL(None).setns(descriptor, _NEW_NETWORK) != 0:
            raise OSError(f"{network} cannot be entered")
    finally:
        os.close(descriptor)


def _is_in(process: psutil.Process, network: os.stat_result | None) -> bool:
    try:
        return network is not None and os.path.samestat(
            os.stat(f"/proc/{process.pid}/ns/net"), network
        )
    except OSError:
        return False


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def _unique_bytes(process: psutil.Process) -> int:
    try:
        return process.memory_full_info().uss
    except psutil.Error:
        return 0
