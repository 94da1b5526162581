"""`make goldens`: the real script, which downloads from a server on 127.0.0.1."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.support.wire import ROOT

FILES = {"README.md": b"What it is.", "base/config.json": b"{}", "base/model": b"weights" * 9000}


@dataclass
class Release:
    """One file on a server.

    Attributes:
        content: what the server sends.
        longest: the bytes after which the server closes a connection, or None.
        ranges: the Range header of each request.
    """

    content: bytes = b""
    longest: int | None = None
    ranges: list[str | None] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def release() -> Iterator[Release]:
    shared = Release()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers["Range"]
            shared.ranges.append(asked)
            begin = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
            if begin >= len(shared.content):
                self.send_error(416)
                return
            rest = shared.content[begin:]
            self.send_response(206 if asked else 200)
            self.send_header("Content-Length", str(len(rest)))
            self.end_headers()
            self.wfile.write(rest[: shared.longest])

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        shared.url = f"http://127.0.0.1:{server.server_port}/golden.tar"
        yield shared
        server.shutdown()


def goldens(build: Path, *args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, ".ci/goldens.py", "--build", str(build)]
    command += ["--asset", str(build / "asset.json"), *args]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)


@pytest.fixture
def build(tmp_path: Path, release: Release) -> Path:
    """Make a build folder whose asset is FILES, packed by the script itself."""
    source, build = tmp_path / "source", tmp_path / "build"
    build.mkdir()
    for name, content in FILES.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(content)
    packed = goldens(tmp_path / "packed", "pack", str(source))
    assert packed.returncode == 0, packed.stderr
    release.content = (tmp_path / "packed" / "golden.tar").read_bytes()
    sha256 = packed.stdout.split()[0]
    (build / "asset.json").write_text(json.dumps({"url": release.url, "sha256": sha256}))
    return build


def unpacked(build: Path) -> dict[str, bytes]:
    files = [path for path in (build / "golden").rglob("*") if path.is_file()]
    content = {str(path.relative_to(build / "golden")): path.read_bytes() for path in files}
    content.pop(".sha256", None)
    return content


def test_the_asset_is_unpacked_once(build: Path, release: Release) -> None:
    for _ in range(2):
        done = goldens(build, "fetch")
        assert done.returncode == 0, done.stderr
        assert done.stdout == f"{build / 'golden'}\n"
        assert unpacked(build) == FILES
    assert release.ranges == [None]
    assert sorted(path.name for path in build.iterdir()) == ["asset.json", "golden"]


def test_another_file_than_the_hash_names_is_refused(build: Path, release: Release) -> None:
    release.content = release.content[:-1] + b"x"
    done = goldens(build, "fetch")
    assert done.returncode == 1
    assert hashlib.sha256(release.content).hexdigest() in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in build.iterdir()] == ["asset.json"]


def test_an_interrupted_download_goes_on_where_it_ended(build: Path, release: Release) -> None:
    release.longest = 30_000
    attempts = [goldens(build, "fetch") for _ in range(-(-len(release.content) // 30_000))]
    assert [done.returncode for done in attempts[:-1]] == [1] * (len(attempts) - 1)
    assert "the connection ended after 30000 of" in attempts[0].stderr
    assert "Traceback" not in attempts[0].stderr
    assert attempts[-1].returncode == 0, attempts[-1].stderr
    assert release.ranges[:3] == [None, "bytes=30000-", "bytes=60000-"]
    assert unpacked(build) == FILES


def test_a_download_that_was_complete_is_not_repeated(build: Path, release: Release) -> None:
    (build / "golden.tar.part").write_bytes(release.content)
    assert goldens(build, "fetch").returncode == 0
    assert unpacked(build) == FILES


def test_a_newer_asset_replaces_the_folder(build: Path, release: Release) -> None:
    (build / "golden").mkdir()
    (build / "golden" / ".sha256").write_text("another hash")
    (build / "golden" / "old").write_text("no longer there")
    assert goldens(build, "fetch").returncode == 0
    assert unpacked(build) == FILES


def test_a_server_that_does_not_answer_is_named(build: Path, release: Release) -> None:
    url = "http://127.0.0.1:9/golden.tar"
    (build / "asset.json").write_text(json.dumps({"url": url, "sha256": "0"}))
    done = goldens(build, "fetch")
    assert done.returncode == 1
    assert f"{url} could not be downloaded" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_named_asset_is_what_these_references_make(golden: Path, tmp_path: Path) -> None:
    """Changed references need a new asset, and its hash in .ci/goldens.json."""
    if (golden / ".sha256").exists():
        pytest.skip("the references are the asset itself")
    packed = goldens(tmp_path, "pack", str(golden))
    assert packed.returncode == 0, packed.stderr
    assert packed.stdout.split()[0] == json.loads((ROOT / ".ci/goldens.json").read_text())["sha256"]
