"""The contents of a model hub for tests: repositories, their files, and its faults."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class File:
    path: Path
    row: dict[str, Any]  # of the tree listing
    headers: dict[str, str]

    @classmethod
    def of(cls, path: Path, name: str, xet: bool) -> File:
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

    def renamed(self, name: str) -> File:
        return File(self.path, {**self.row, "path": name}, self.headers)

    @property
    def sibling(self) -> dict[str, Any]:
        """Return the file as a model's page lists it."""
        row = {"rfilename": self.row["path"], "size": self.size, "blobId": self.row["oid"]}
        if lfs := self.row.get("lfs"):
            row["lfs"] = {"sha256": lfs["oid"], "size": self.size, "pointerSize": 134}
        return row


class Repo:
    def __init__(self, name: str, folder: Path, xet: bool) -> None:
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        names = [path.relative_to(folder).as_posix() for path in paths]
        self.files = {n: File.of(path, n, xet) for n, path in zip(names, paths, strict=True)}
        self.tree = [file.row for file in self.files.values()]
        self.commit = hashlib.sha1(json.dumps([name, self.tree]).encode()).hexdigest()
        self.branches = {"main", self.commit}


@dataclass
class Trouble:
    """The fault that `times` requests have whose path contains `part`."""

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
    """The files that the server serves, and the requests that it received.

    Requests are `METHOD /path`, with their tokens. `hub_server` opens one.

    Attributes:
        url: its own, in HF_ENDPOINT.
        repo: a place for a test to note its own repository.
        ranges: the `Range` headers that came, by path.
        sent: bytes of files that went out, by path.
        knows_ranges: whether ranges are served; otherwise every answer is a whole file.
        left: a client has disconnected in the middle of a file.
    """

    def __init__(self) -> None:
        self.url = ""
        self.repo = ""
        self.requests: list[str] = []
        self.ranges: list[tuple[str, str]] = []
        self.sent: dict[str, int] = {}
        self.tokens: set[str] = set()
        self.cdn_tokens: set[str] = set()
        self.repos: dict[str, list[Repo]] = {}
        self.knows_ranges = True
        self.troubles: list[Trouble] = []
        self.lock = threading.Lock()
        self.left = threading.Event()
        self.answering = threading.Event()
        self.answering.set()

    def serve(self, repo: str, folder: Path, branch: str = "main", xet: bool = False) -> str:
        """Serve the folder's files, as they are now, as a branch of `repo`; return the commit."""
        new = Repo(repo, folder, xet)
        new.branches = {branch, new.commit}
        others = [one for one in self.repos.get(repo, []) if branch not in one.branches]
        self.repos[repo] = [*others, new]
        return new.commit

    def environment(self, home: Path) -> dict[str, str]:
        """Make a child process use this hub and this cache, and nothing of the user's."""
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
        """Return the files that were requested with GET, sorted; repeated ones occur repeatedly."""
        parts = [request.split("/", 5) for request in self.requests]
        return sorted(p[5] for p in parts if p[0] == "GET " and p[3:4] == ["resolve"])

    def cdn_path(self, repo: str, name: str) -> str:
        """Return the path from which a large file of the newest commit is served."""
        return f"/cdn/{repo}/{self.repos[repo][-1].commit}/{name}"

    def failing(
        self,
        part: str,
        status: int,
        error_code: str | None = None,
        times: float = 1e9,
        headers: dict[str, str] | None = None,
    ) -> AbstractContextManager[Trouble]:
        """Answer requests whose path contains `part` with this status, X-Error-Code and headers."""
        code = {} if error_code is None else {"X-Error-Code": error_code}
        return self._troubled(Trouble(part, times, status, {**code, **(headers or {})}))

    def cutting(self, part: str, at: int, times: float = 1) -> AbstractContextManager[Trouble]:
        """Close the connection after `at` bytes of an answer."""
        return self._troubled(Trouble(part, times, cut_at=at))

    def corrupting(self, part: str, at: int, times: float = 1e9) -> AbstractContextManager[Trouble]:
        """Change one byte of an answer."""
        return self._troubled(Trouble(part, times, flip_at=at))

    def holding(self, part: str, at: int) -> AbstractContextManager[Trouble]:
        """Hold an answer after `at` bytes until it is `released`; `reached` is set by then."""
        return self._troubled(Trouble(part, 1, hold_at=at))

    def dripping(self, part: str, seconds: float = 0.02) -> AbstractContextManager[Trouble]:
        """Send an answer slowly: 64 KiB, then a pause, which makes at most 3 MB a second."""
        return self._troubled(Trouble(part, 1, drip_seconds=seconds))

    @contextmanager
    def _troubled(self, trouble: Trouble) -> Iterator[Trouble]:
        self.troubles.append(trouble)
        try:
            yield trouble
        finally:
            self.troubles.remove(trouble)
            trouble.released.set()

    def trouble(self, path: str) -> Trouble:
        with self.lock:
            for one in self.troubles:
                if one.part in path and one.times > 0:
                    one.times -= 1
                    return one
        return Trouble("", 0)

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Read requests, but answer them only at the end of this context."""
        self.answering.clear()
        try:
            yield
        finally:
            self.answering.set()
