"""A model hub on 127.0.0.1: as much of its HTTP API as `snapshot_download` asks for.

One thing differs from the real hub: large files are answered at once, with the headers of an
LFS file, instead of by a redirect to a CDN.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

# A connection that stays silent for this long is dropped, so that no thread outlives the tests.
_SILENCE_SECONDS = 30.0


@dataclass(frozen=True)
class _File:
    path: Path
    row: dict[str, Any]  # of the tree listing
    headers: dict[str, str]

    @classmethod
    def of(cls, path: Path, name: str) -> _File:
        content = path.read_bytes()
        size, oid = len(content), hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        row: dict[str, Any] = {"type": "file", "path": name, "size": size, "oid": oid}
        headers = {"ETag": f'"{oid}"', "Content-Length": str(size)}
        if path.suffix == ".safetensors":
            sha256 = hashlib.sha256(content).hexdigest()
            row["lfs"] = {"oid": sha256, "size": size, "pointerSize": 134}
            headers |= {"X-Linked-ETag": f'"{sha256}"', "X-Linked-Size": str(size)}
        return cls(path, row, headers)


class _Repo:
    def __init__(self, folder: Path) -> None:
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        names = [path.relative_to(folder).as_posix() for path in paths]
        self.files = {n: _File.of(path, n) for n, path in zip(names, paths, strict=True)}
        self.tree = [file.row for file in self.files.values()]
        self.commit = hashlib.sha1(json.dumps(self.tree).encode()).hexdigest()


class Hub:
    """What the server serves, and what it was asked: `METHOD /path`, and with which tokens. Open
    with `hub_server`."""

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[str] = []
        self.tokens: set[str] = set()
        self.repos: dict[str, _Repo] = {}
        self.failures: dict[str, tuple[int, str | None]] = {}
        self.answering = threading.Event()
        self.answering.set()

    def serve(self, repo: str, folder: Path) -> None:
        """Serves the folder's files, as they are now, as branch main of `repo`."""
        self.repos[repo] = _Repo(folder)

    def environment(self, home: Path) -> dict[str, str]:
        """Makes a child process use this hub and this cache, and nothing of the user's."""
        return {
            "HF_ENDPOINT": self.url,
            "HF_HOME": str(home),
            "HF_HUB_CACHE": str(home / "hub"),
            "HF_HUB_OFFLINE": "0",
            "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DOWNLOAD_TIMEOUT": "5",
            "HF_HUB_ETAG_TIMEOUT": "5",
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        }

    def fetched(self) -> list[str]:
        """The files that were asked for with GET, as often as they were, sorted."""
        parts = [request.split("/", 5) for request in self.requests]
        return sorted(p[5] for p in parts if p[0] == "GET " and p[3:4] == ["resolve"])

    @contextmanager
    def failing(self, part: str, status: int, error_code: str | None = None) -> Iterator[None]:
        """Requests whose path contains `part` get this status and X-Error-Code."""
        self.failures[part] = (status, error_code)
        try:
            yield
        finally:
            del self.failures[part]

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Requests are read, and answered only when this ends."""
        self.answering.clear()
        try:
            yield
        finally:
            self.answering.set()


class _Handler(BaseHTTPRequestHandler):
    timeout = _SILENCE_SECONDS
    hub: Hub  # of the subclass that `hub_server` makes

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.requests.append(f"{self.command} {path}")
        if token := self.headers.get("Authorization"):
            self.hub.tokens.add(token)
        self.hub.answering.wait(_SILENCE_SECONDS)
        failure = next((f for part, f in self.hub.failures.items() if part in path), None)
        if failure is not None:
            self._fail(*failure)
            return
        match path.split("/")[1:]:
            case ["api", "models", owner, name, "revision" | "tree" as what, revision]:
                self._api(f"{owner}/{name}", what, revision)
            case [owner, name, "resolve", revision, *rest]:
                self._file(f"{owner}/{name}", revision, "/".join(rest))
            case _:
                self._fail(404)

    def _find(self, name: str, revision: str) -> _Repo | None:
        """Answers 404, with the code the client tells the cases apart by, if it is not there."""
        repo = self.hub.repos.get(name)
        if repo is not None and revision in ("main", repo.commit):
            return repo
        self._fail(404, "RepoNotFound" if repo is None else "RevisionNotFound")
        return None

    def _api(self, name: str, what: str, revision: str) -> None:
        repo = self._find(name, revision)
        if repo is None:
            return
        siblings = [{"rfilename": path} for path in repo.files]
        info = {"id": name, "modelId": name, "sha": repo.commit, "siblings": siblings}
        body = json.dumps(info if what == "revision" else repo.tree).encode()
        self._start(200, {"Content-Type": "application/json", "Content-Length": str(len(body))})
        self.wfile.write(body)

    def _file(self, name: str, revision: str, path: str) -> None:
        repo = self._find(name, revision)
        file = None if repo is None else repo.files.get(path)
        if repo is None:
            return
        if file is None:
            self._fail(404, "EntryNotFound")
            return
        self._start(200, {"X-Repo-Commit": repo.commit, **file.headers})
        if self.command == "GET":
            with file.path.open("rb") as content:
                shutil.copyfileobj(content, self.wfile)

    def _fail(self, status: int, error_code: str | None = None) -> None:
        code = {} if error_code is None else {"X-Error-Code": error_code}
        self._start(status, {**code, "Content-Length": "0"})

    def _start(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: `Hub.requests` is the log."""


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # closing waits for the handlers, so that none is left with a socket

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # a client that was killed
            super().handle_error(request, client_address)


@contextmanager
def hub_server() -> Iterator[Hub]:
    """A hub without repositories, on a free port."""
    hub = Hub()
    with _Server(("127.0.0.1", 0), type("_BoundHandler", (_Handler,), {"hub": hub})) as server:
        hub.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield hub
        finally:
            server.shutdown()
            thread.join()
