"""Fetches one file of the hub into the cache: resumes a partial one, and checks its hash."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from sidecar.errors import CorruptDownload
from sidecar.models.hub.cache import PARTIAL
from sidecar.models.hub.client import host, session
from sidecar.models.hub.failures import DISK_IS_FULL, disk_full_error, explain
from sidecar.models.hub.retry import RetryPolicy

if TYPE_CHECKING:
    import io

_HASH_BYTES = 4 * 2**20
# How often it is checked whether another process has finished the same file.
_LOCK_SECONDS = 0.2
_RANGE_NOT_SATISFIABLE = 416


class Blob(msgspec.Struct, frozen=True):
    """A file's content, as the hub lists it.

    Attributes:
        etag: its SHA-256 if the file is large, otherwise git's SHA-1.
        home: the repository's folder in the cache.
    """

    repo: str
    name: str
    url: str
    etag: str
    size: int
    home: Path

    @property
    def path(self) -> Path:
        return self.home / "blobs" / self.etag

    @property
    def partial(self) -> Path:
        return self.home / "blobs" / (self.etag + PARTIAL)

    @property
    def lock(self) -> Path:
        """The lock that huggingface_hub takes for this file."""
        return self.home.parent / ".locks" / self.home.name / f"{self.etag}.lock"

    def is_whole(self) -> bool:
        return self.path.exists()

    def count_present(self) -> int:
        """Return how many of its bytes are on this machine."""
        if self.is_whole():
            return self.size
        try:
            return min(self.partial.stat().st_size, self.size)
        except FileNotFoundError:
            return 0


class Transfer:
    """The download of one blob.

    Args:
        on_received: called with the blob and its number of bytes on this machine.
    """

    def __init__(
        self, blob: Blob, retry: RetryPolicy, on_received: Callable[[Blob, int], None]
    ) -> None:
        self._blob, self._retry, self._on_received = blob, retry, on_received

    def run(self) -> None:
        """Complete the blob; wait if another thread or process is downloading it.

        Raises:
            CorruptDownload: its content was wrong twice.
            SidecarError: as `download.download`.
        """
        from filelock import Timeout
        from huggingface_hub.utils import WeakFileLock

        blob = self._blob
        while not blob.is_whole():
            try:
                blob.lock.parent.mkdir(parents=True, exist_ok=True)
                blob.partial.parent.mkdir(parents=True, exist_ok=True)
                with WeakFileLock(blob.lock, timeout=_LOCK_SECONDS):
                    if not blob.is_whole():
                        self._complete()
            except Timeout:
                self._retry.check()
                self._on_received(blob, blob.count_present())
            except OSError as error:
                raise explain(error, blob.repo) from error

    def _complete(self) -> None:
        blob = self._blob
        for _ in range(2):
            with blob.partial.open("ab", buffering=0) as file:
                self._retry.run(lambda file=file: self._append(file))
            if self._digest() == blob.etag:
                blob.partial.replace(blob.path)
                return
            # The first time an earlier, partial download may be to blame; the second time the hub.
            blob.partial.unlink()
        raise CorruptDownload(
            f"The content of {blob.name} in {blob.repo} is not what {host()} lists.",
            hint="Try again later. If the error stays, something between this machine and the hub "
            "changes the file: a proxy, or a mirror in HF_ENDPOINT.",
            field="model",
        )

    def _append(self, file: io.FileIO) -> None:
        """Send one request for the missing bytes; return when the file has its size."""
        import httpx2
        from huggingface_hub.utils import build_hf_headers, hf_raise_for_status

        start = os.fstat(file.fileno()).st_size
        if start > self._blob.size:
            start = _restart(file)
        if start == self._blob.size:
            return
        headers = build_hf_headers()
        # A compressed answer would have another length, and no ranges.
        headers["Accept-Encoding"] = "identity"
        if start:
            headers["Range"] = f"bytes={start}-"
        with session().stream("GET", self._blob.url, headers=headers) as response:
            if response.status_code == _RANGE_NOT_SATISFIABLE:
                _restart(file)
                raise httpx2.RemoteProtocolError("the hub's file is shorter than listed")
            hf_raise_for_status(response)
            if start and response.status_code != 206:
                start = _restart(file)  # a server without ranges sends the whole file again
            self._copy(response, file, start)

    def _copy(self, response: Any, file: io.FileIO, at: int) -> None:
        import httpx2

        # Chunks of any size: of a cut answer, the client would keep the last bytes of a fixed size.
        for chunk in response.iter_bytes():
            self._retry.check()
            try:
                _write(file, chunk)
            except OSError as error:
                if error.errno in DISK_IS_FULL:
                    raise disk_full_error(self._blob.repo, self._blob.size - at) from error
                raise
            at += len(chunk)
            self._retry.reset()
            self._on_received(self._blob, at)
            if at > self._blob.size:
                break  # the hash will not be right either
        if at < self._blob.size:
            raise httpx2.RemoteProtocolError(
                f"the connection ended at byte {at} of {self._blob.size}"
            )

    def _digest(self) -> str:
        """Return the hash by git's rule for small files, of the content alone for large ones."""
        blob, digest = self._blob, hashlib.sha256()
        if len(blob.etag) != digest.digest_size * 2:
            digest = hashlib.sha1(f"blob {blob.size}\0".encode(), usedforsecurity=False)
        with blob.partial.open("rb") as file:
            while data := file.read(_HASH_BYTES):
                self._retry.check()
                digest.update(data)
        return digest.hexdigest()


def _write(file: io.FileIO, chunk: bytes) -> None:
    view = memoryview(chunk)
    while view:
        view = view[file.write(view) :]


def _restart(file: io.FileIO) -> int:
    file.truncate(0)
    return 0
