"""Helpers for tests of downloads: files to serve, and processes that fetch them.

The hub client reads its environment once, at import, so every use of it is in another process.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import COMMAND
from tests.support.hub import Hub
from tests.support.wire import ROOT

TIMEOUT = 60
WEIGHTS = "model.safetensors"
FILES = {
    "config.json": b'{"model_type": "qwen3_tts"}',
    "tokenizer.json": b"{}" * 5000,
    "generation_config.json": b"{}",
    "empty.txt": b"",
    "speech_tokenizer/config.json": b"[]",
    "speech_tokenizer/model.safetensors": bytes(range(256)) * 400,
    WEIGHTS: bytes(range(255, -1, -1)) * 4000,
}
SIZE, TOTAL = len(FILES[WEIGHTS]), sum(map(len, FILES.values()))
# Other files of repositories, which the sidecar does not need.
OTHERS = ("README.md", "sample.wav", "pytorch_model.bin", "onnx/model.onnx", "run.py")


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


class Fetcher:
    """A process that resolves one name after another, into one cache."""

    def __init__(self, hub: Hub, home: Path) -> None:
        self.home = home
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.fetcher"],
            env={**os.environ, **hub.environment(home)},
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, name: str) -> dict[str, Any]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(name) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def whole(self, name: str) -> dict[str, Any]:
        end = self(name)
        assert "path" in end, end
        assert content(Path(end["path"])) == FILES
        assert partials(self.home, name) == []
        return end

    def refused(self, name: str) -> dict[str, Any]:
        end = self(name)
        assert "path" not in end
        assert name.partition("@")[0] in end["said"]
        return end

    def close(self) -> None:
        self._process.communicate(timeout=TIMEOUT)


def start(hub: Hub, home: Path, *args: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, "models", *args],
        env={**os.environ, **hub.environment(home), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell that runs the tests in the background ignores the signal; a child inherits that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


class Done:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.said, self.error = process.communicate(timeout=TIMEOUT)
        self.code = process.returncode
        assert "Traceback" not in self.error


def models(hub: Hub, home: Path, *args: str, **environment: str) -> Done:
    return Done(start(hub, home, *args, **environment))


def partials(home: Path, name: str) -> list[Path]:
    repo = "models--" + name.partition("@")[0].replace("/", "--")
    return list((home / "hub" / repo).glob("blobs/*.incomplete"))


def content(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def wait_for(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@contextmanager
def small_disk(at: Path, size: int) -> Iterator[Path]:
    """Mount a file system of `size` bytes; skip the test where that is not possible."""
    at.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(at)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, timeout=TIMEOUT).returncode:
        pytest.skip("a small disk cannot be mounted here: that needs root and CAP_SYS_ADMIN")
    try:
        yield at
    finally:
        subprocess.run(["umount", "-l", str(at)], check=True, timeout=TIMEOUT)
