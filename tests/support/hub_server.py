"""A model hub on 127.0.0.1: the part of its HTTP API that a download needs, and its faults.

As on the real one, large files are answered by a redirect to another origin (here: `localhost`),
which serves ranges.
"""

from __future__ import annotations

import json
import re
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.support.hub import File, Hub, Repo, Trouble

_SILENCE_SECONDS = 60.0
_PIECE_BYTES = 64 * 1024


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

    def _find(self, name: str, revision: str) -> Repo | None:
        """Find a file; if it is missing, answer 404 with the code that tells the client why."""
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

    def _file(self, name: str, revision: str, path: str, trouble: Trouble | None) -> None:
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
        self, file: File, path: str, headers: dict[str, str], trouble: Trouble | None
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

    def _body(self, body: bytearray, path: str, trouble: Trouble | None) -> None:
        trouble = trouble or Trouble("", 0)
        if trouble.flip_at is not None and trouble.flip_at < len(body):
            body[trouble.flip_at] ^= 1
        stops = {trouble.cut_at, trouble.hold_at, len(body)}
        at = 0
        for stop in sorted(stop for stop in stops if stop is not None and stop <= len(body)):
            while at < stop:
                piece = body[at : min(stop, at + _PIECE_BYTES)]
                # Counted before the write: the client may be finished when the write returns.
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
        """Log nothing: `Hub.requests` is the log."""


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # closing waits for the handlers, so that none is left with a socket

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # a client that was killed
            super().handle_error(request, client_address)


@contextmanager
def hub_server() -> Iterator[Hub]:
    """Start a hub without repositories, on a free port."""
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
