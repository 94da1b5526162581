"""A model hub on 127.0.0.1: as much of its HTTP API as a download asks for, and its bad days.

As on the real one, large files are answered by a redirect to another origin (here: `localhost`),
which serves ranges.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

# A connection that stays silent for this long is dropped, so that no thread outlives the tests.
_SILENCE_SECONDS = 60.0
_PIECE_BYTES = 64 * 1024


@dataclass(frozen=True)
class _File:
    path: Path
    row: dict[str, Any]  # of the tree listing
    headers: dict[str, str]

    @classmethod
    def of(cls, path: Path, name: str, xet: bool) -> _File:
        content = path.read_bytes()
        size, oid = len(content), hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        row: dict[str, Any] = {"type": "file", "path": name, "size": size, "oid": oid}
        headers = {"ETag": f'"{oid}"'}
        if path.suffix == ".safetensors":
            sha256 = hashlib.sha256(content).hexdigest()
            row["lfs"] = {"oid": sha256, "size": size, "pointerSize": 134}
            headers |= {"X-Linked-ETag": f'"{sha256}"', "X-Linked-Size": str(size)}
            if xet:
                row["xetHash"] = headers["X-Xet-Hash"] = sha256
        return cls(path, row, headers)

    @property
    def size(self) -> int:
        return self.row["size"]

    def renamed(self, name: str) -> _File:
        return _File(self.path, {**self.row, "path": name}, self.headers)

    @property
    def sibling(self) -> dict[str, Any]:
        """The same, as a model's page lists it."""
        row = {"rfilename": self.row["path"], "size": self.size, "blobId": self.row["oid"]}
        if lfs := self.row.get("lfs"):
            row["lfs"] = {"sha256": lfs["oid"], "size": self.size, "pointerSize": 134}
        return row


class _Repo:
    def __init__(self, name: str, folder: Path, xet: bool) -> None:
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        names = [path.relative_to(folder).as_posix() for path in paths]
        self.files = {n: _File.of(path, n, xet) for n, path in zip(names, paths, strict=True)}
        self.tree = [file.row for file in self.files.values()]
        self.commit = hashlib.sha1(json.dumps([name, self.tree]).encode()).hexdigest()
        self.branches = {"main", self.commit}


@dataclass
class _Trouble:
    """What happens to requests whose path contains `part`, `times` times."""

    part: str
    times: float
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    cut_at: int | None = None
    flip_at: int | None = None
    hold_at: int | None = None
    drip_seconds: float = 0.0
    reached: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)


class Hub:
    """What the server serves, and what it was asked: `METHOD /path`, and with which tokens. Open
    with `hub_server`.

    Attributes:
        url: its own, in HF_ENDPOINT.
        repo: for a test to note the one that it is about.
        ranges: the `Range` headers that came, by path.
        sent: bytes of files that went out, by path.
        knows_ranges: else a whole file is the answer to any.
        left: a client has gone away in the middle of a file.
    """

    def __init__(self) -> None:
        self.url = ""
        self.repo = ""
        self.requests: list[str] = []
        self.ranges: list[tuple[str, str]] = []
        self.sent: dict[str, int] = {}
        self.tokens: set[str] = set()
        self.cdn_tokens: set[str] = set()
        self.repos: dict[str, list[_Repo]] = {}
        self.knows_ranges = True
        self.troubles: list[_Trouble] = []
        self.lock = threading.Lock()
        self.left = threading.Event()
        self.answering = threading.Event()
        self.answering.set()

    def serve(self, repo: str, folder: Path, branch: str = "main", xet: bool = False) -> str:
        """Serves the folder's files, as they are now, as a branch of `repo`; returns the commit."""
        new = _Repo(repo, folder, xet)
        new.branches = {branch, new.commit}
        others = [one for one in self.repos.get(repo, []) if branch not in one.branches]
        self.repos[repo] = [*others, new]
        return new.commit

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
            "HF_HUB_DOWNLOAD_TIMEOUT": "60",
            "HF_HUB_ETAG_TIMEOUT": "60",
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
        }

    def fetched(self) -> list[str]:
        """The files that were asked for with GET, as often as they were, sorted."""
        parts = [request.split("/", 5) for request in self.requests]
        return sorted(p[5] for p in parts if p[0] == "GET " and p[3:4] == ["resolve"])

    def cdn_path(self, repo: str, name: str) -> str:
        """Where a large file of the newest commit is served from."""
        return f"/cdn/{repo}/{self.repos[repo][-1].commit}/{name}"

    def failing(
        self,
        part: str,
        status: int,
        error_code: str | None = None,
        times: float = 1e9,
        headers: dict[str, str] | None = None,
    ) -> AbstractContextManager[_Trouble]:
        """Requests whose path contains `part` get this status, X-Error-Code and other headers."""
        code = {} if error_code is None else {"X-Error-Code": error_code}
        return self._troubled(_Trouble(part, times, status, {**code, **(headers or {})}))

    def cutting(self, part: str, at: int, times: float = 1) -> AbstractContextManager[_Trouble]:
        """The connection ends when so many bytes of an answer have been sent."""
        return self._troubled(_Trouble(part, times, cut_at=at))

    def corrupting(
        self, part: str, at: int, times: float = 1e9
    ) -> AbstractContextManager[_Trouble]:
        """One byte of an answer is another one."""
        return self._troubled(_Trouble(part, times, flip_at=at))

    def holding(self, part: str, at: int) -> AbstractContextManager[_Trouble]:
        """The answer waits after so many bytes, until it is `released`; `reached` says when."""
        return self._troubled(_Trouble(part, 1, hold_at=at))

    def dripping(self, part: str) -> AbstractContextManager[_Trouble]:
        """The answer is slow: some 3 MB a second."""
        return self._troubled(_Trouble(part, 1, drip_seconds=0.02))

    @contextmanager
    def _troubled(self, trouble: _Trouble) -> Iterator[_Trouble]:
        self.troubles.append(trouble)
        try:
            yield trouble
        finally:
            self.troubles.remove(trouble)
            trouble.released.set()

    def trouble(self, path: str) -> _Trouble:
        with self.lock:
            for one in self.troubles:
                if one.part in path and one.times > 0:
                    one.times -= 1
                    return one
        return _Trouble("", 0)

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
        cdn = path.startswith("/cdn/")
        if token := self.headers.get("Authorization"):
            (self.hub.cdn_tokens if cdn else self.hub.tokens).add(token)
        self.hub.answering.wait(_SILENCE_SECONDS)
        trouble = self.hub.trouble(path) if self.command == "GET" or "/api/" in path else None
        if trouble is not None and trouble.status:
            self._start(trouble.status, {**trouble.headers, "Content-Length": "0"})
            return
        match path.split("/")[1:]:
            case ["api", "models", owner, name]:
                self._api(f"{owner}/{name}", "revision", "main")
            case ["api", "models", owner, name, "revision" | "tree" as what, revision]:
                self._api(f"{owner}/{name}", what, revision)
            case [owner, name, "resolve", revision, *rest]:
                self._file(f"{owner}/{name}", revision, "/".join(rest), trouble)
            case ["cdn", owner, name, commit, *rest]:
                repo = self._find(f"{owner}/{name}", commit)
                if repo is not None:
                    self._send(repo.files["/".join(rest)], path, {}, trouble)
            case _:
                self._fail(404)

    def _find(self, name: str, revision: str) -> _Repo | None:
        """Answers 404, with the code the client tells the cases apart by, if it is not there."""
        repos = self.hub.repos.get(name, [])
        for repo in repos:
            if revision in repo.branches:
                return repo
        self._fail(404, "RevisionNotFound" if repos else "RepoNotFound")
        return None

    def _api(self, name: str, what: str, revision: str) -> None:
        repo = self._find(name, revision)
        if repo is None:
            return
        siblings = [file.sibling for file in repo.files.values()]
        info = {"id": name, "modelId": name, "sha": repo.commit, "siblings": siblings}
        body = json.dumps(info if what == "revision" else repo.tree).encode()
        self._start(200, {"Content-Type": "application/json", "Content-Length": str(len(body))})
        self.wfile.write(body)

    def _file(self, name: str, revision: str, path: str, trouble: _Trouble | None) -> None:
        repo = self._find(name, revision)
        file = None if repo is None else repo.files.get(path)
        if repo is None:
            return
        if file is None:
            self._fail(404, "EntryNotFound")
            return
        headers = {"X-Repo-Commit": repo.commit, **file.headers}
        if "lfs" in file.row:
            where = self.hub.url.replace("127.0.0.1", "localhost")
            location = f"{where}/cdn/{name}/{repo.commit}/{path}"
            self._start(302, {**headers, "Location": location, "Content-Length": "0"})
        else:
            self._send(file, path, headers, trouble)

    def _send(
        self, file: _File, path: str, headers: dict[str, str], trouble: _Trouble | None
    ) -> None:
        start, content = 0, file.path.read_bytes()
        if wanted := self.headers.get("Range"):
            self.hub.ranges.append((path, wanted))
            if self.hub.knows_ranges:
                start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1])  # type: ignore[index]
        if start >= file.size > 0:
            self._fail(416)
            return
        body = bytearray(content[start:])
        headers = {**headers, "Content-Length": str(len(body))}
        if start:
            headers["Content-Range"] = f"bytes {start}-{file.size - 1}/{file.size}"
        self._start(206 if start else 200, headers)
        if self.command == "GET":
            self._body(body, path, trouble)

    def _body(self, body: bytearray, path: str, trouble: _Trouble | None) -> None:
        trouble = trouble or _Trouble("", 0)
        if trouble.flip_at is not None and trouble.flip_at < len(body):
            body[trouble.flip_at] ^= 1
        stops = {trouble.cut_at, trouble.hold_at, len(body)}
        at = 0
        for stop in sorted(stop for stop in stops if stop is not None and stop <= len(body)):
            while at < stop:
                piece = body[at : min(stop, at + _PIECE_BYTES)]
                # Before: the client may be done with it by the time we are here again.
                self.hub.sent[path] = self.hub.sent.get(path, 0) + len(piece)
                try:
                    self.wfile.write(piece)
                except ConnectionError:
                    self.hub.left.set()
                    return
                time.sleep(trouble.drip_seconds)
                at += len(piece)
            if at == trouble.hold_at:
                trouble.reached.set()
                trouble.released.wait(_SILENCE_SECONDS)
            if at == trouble.cut_at:
                self.close_connection = True
                return

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
