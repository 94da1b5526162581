"""One file of the hub into the cache: from where it was left, to where its hash is right."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from sidecar.errors import CorruptDownload
from sidecar.models.hub import client
from sidecar.models.hub import errors as hub_errors
from sidecar.models.hub.cache import PARTIAL

if TYPE_CHECKING:
    import io

_HASH_BYTES = 4 * 2**20
# How often it is looked whether another process has finished the same file.
_LOCK_SECONDS = 0.2
_RANGE_NOT_SATISFIABLE = 416


class Blob(msgspec.Struct, frozen=True):
    """A file's content, as the hub lists it.

    Attributes:
        etag: its SHA-256 if it is a large one, else git's SHA-1.
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
        """The one that huggingface_hub takes for this file."""
        return self.home.parent / ".locks" / self.home.name / f"{self.etag}.lock"

    def is_whole(self) -> bool:
        return self.path.exists()

    def present(self) -> int:
        """Bytes of it on this machine."""
        if self.is_whole():
            return self.size
        try:
            return min(self.partial.stat().st_size, self.size)
        except FileNotFoundError:
            return 0


Received = Callable[[Blob, int], None]


def fetch(blob: Blob, patience: client.Patience, received: Received) -> None:
    """Completes a blob; another thread or process that is at it is waited for.

    Raises:
        CorruptDownload: it had the wrong content twice.
        SidecarError: as `download.download`.
    """
    from filelock import Timeout
    from huggingface_hub.utils import WeakFileLock

    while not blob.is_whole():
        try:
            blob.lock.parent.mkdir(parents=True, exist_ok=True)
            blob.partial.parent.mkdir(parents=True, exist_ok=True)
            with WeakFileLock(blob.lock, timeout=_LOCK_SECONDS):
                if not blob.is_whole():
                    _complete(blob, patience, received)
        except Timeout:
            patience.check()
            received(blob, blob.present())
        except OSError as error:
            raise hub_errors.explained(error, blob.repo) from error


def _complete(blob: Blob, patience: client.Patience, received: Received) -> None:
    for _ in range(2):
        with blob.partial.open("ab", buffering=0) as file:
            patience.persist(lambda file=file: _append(blob, file, patience, received))
        if _digest(blob, patience) == blob.etag:
            blob.partial.replace(blob.path)
            return
        # What was left by an earlier try may have been wrong; from nothing it is the hub's fault.
        blob.partial.unlink()
    raise CorruptDownload(
        f"{blob.name} of {blob.repo} came with other content than {hub_errors.host()} lists.",
        hint="Try again later. If it stays so, something between here and the hub changes it: "
        "a proxy, a mirror in HF_ENDPOINT.",
        field="model",
    )


def _append(blob: Blob, file: io.FileIO, patience: client.Patience, received: Received) -> None:
    """One request for what is missing; returns when the file has its size."""
    import httpx2
    from huggingface_hub.utils import build_hf_headers, hf_raise_for_status

    start = os.fstat(file.fileno()).st_size
    if start > blob.size:
        start = _restart(file)
    if start == blob.size:
        return
    headers = build_hf_headers()
    # A compressed answer would have another length, and no ranges.
    headers["Accept-Encoding"] = "identity"
    if start:
        headers["Range"] = f"bytes={start}-"
    with client.session().stream("GET", blob.url, headers=headers) as response:
        if response.status_code == _RANGE_NOT_SATISFIABLE:
            _restart(file)
            raise httpx2.RemoteProtocolError("the hub's file is shorter than it was listed")
        hf_raise_for_status(response)
        if start and response.status_code != 206:
            start = _restart(file)  # a server that knows no ranges sends all of it again
        _copy(response, file, start, blob, patience, received)


def _copy(
    response: Any,
    file: io.FileIO,
    at: int,
    blob: Blob,
    patience: client.Patience,
    received: Received,
) -> None:
    import httpx2

    # As they come: with a size for the chunks, the client would keep the last ones of a cut answer.
    for chunk in response.iter_bytes():
        patience.check()
        try:
            _write(file, chunk)
        except OSError as error:
            if error.errno in hub_errors.DISK_IS_FULL:
                raise hub_errors.disk_full(blob.repo, blob.size - at) from error
            raise
        at += len(chunk)
        patience.progressed()
        received(blob, at)
        if at > blob.size:
            break  # the hash will not be right either
    if at < blob.size:
        raise httpx2.RemoteProtocolError(f"the connection ended at byte {at} of {blob.size}")


def _write(file: io.FileIO, chunk: bytes) -> None:
    view = memoryview(chunk)
    while view:
        view = view[file.write(view) :]


def _restart(file: io.FileIO) -> int:
    file.truncate(0)
    return 0


def _digest(blob: Blob, patience: client.Patience) -> str:
    """By git's rule for small files, of the content alone for large ones."""
    digest = hashlib.sha256()
    if len(blob.etag) != digest.digest_size * 2:
        digest = hashlib.sha1(f"blob {blob.size}\0".encode(), usedforsecurity=False)
    with blob.partial.open("rb") as file:
        while data := file.read(_HASH_BYTES):
            patience.check()
            digest.update(data)
    return digest.hexdigest()
