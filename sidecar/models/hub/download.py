"""A repository of the hub into the hub's cache: what is missing, byte by byte, checked.

huggingface_hub is asked what there is, signs in, and says where the cache is. The bytes are fetched
here, by its session: its own download deletes what it has when it is interrupted (version 2),
cannot be stopped, and obeys a hub that asks for an hour's pause. A file that is half there is
`blobs/<etag>.incomplete`. It is plain HTTP, which the hub serves for Xet storage, too. A snapshot
appears when all its files are there, so one that is found is whole.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from sidecar.errors import ModelLoadFailed, UnknownModel
from sidecar.models.checkpoint import foreign, quantised
from sidecar.models.checkpoint.jsonfile import read_leniently
from sidecar.models.hub import cache, client
from sidecar.models.hub import errors as hub_errors
from sidecar.models.hub.transfer import Blob, fetch

# Messages a second at most; the first and the last are always sent.
_REPORTS_PER_SECOND = 10.0
_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


class Progress(msgspec.Struct, frozen=True):
    """How far a download is.

    Attributes:
        received_bytes: on this machine, of `total_bytes`; includes what was there before. Never
            falls.
        received_files: whole ones, of `total_files`.
        waiting_seconds: the hub has asked for a pause of so long; 0 if it has not.
    """

    repo: str
    received_bytes: int = 0
    total_bytes: int = 0
    received_files: int = 0
    total_files: int = 0
    waiting_seconds: float = 0.0

    @property
    def said(self) -> str:
        """For people."""
        if self.waiting_seconds:
            return f"{self.repo}: the hub asks for {self.waiting_seconds:.0f} s of patience"
        if not self.total_bytes:
            return self.repo
        received, total = self.received_bytes / 1e6, self.total_bytes / 1e6
        return f"{self.repo}: {received:.1f} of {total:.1f} MB"


Report = Callable[[Progress], None]


def download(repo: str, revision: str | None, report: Report, cancelled: threading.Event) -> Path:
    """Fetches what of a repository is not cached; returns the snapshot's folder.

    Args:
        revision: branch, tag or commit; None is the main branch.
        report: called with the progress, at most ten times a second, on this thread.
        cancelled: set by another thread to stop; what has come stays for the next time.

    Raises:
        UnknownModel, UnknownRevision, HubAccessDenied, HubRateLimited, HubUnreachable, DiskFull,
        CorruptDownload, ModelNotDownloaded, ModelLoadFailed, Cancelled
        NotACheckpoint: it is quantised in a way that is not read; no weights have been fetched.
    """
    meter = _Meter(repo, report)
    patience = client.Patience(repo, cancelled, meter.pause)
    meter.say()
    client.session()
    info = patience.persist(lambda: _info(repo, revision))
    blobs = [_blob(repo, info.sha, file) for file in info.siblings if cache.wanted(file.rfilename)]
    if not any(blob.name.endswith(".safetensors") for blob in blobs):
        raise _without_weights(repo, [file.rfilename for file in info.siblings])
    meter.expect(blobs)
    needed = sum(blob.size - blob.present() for blob in blobs)
    if needed > hub_errors.free_bytes(cache.folder()):
        raise hub_errors.disk_full(repo, needed)
    # Small ones first: what is wrong with the repository shows before gigabytes have come.
    for blob in sorted(blobs, key=lambda blob: blob.size):
        fetch(blob, patience, meter.received)
        meter.finish(blob)
        if blob.name == "config.json":
            quantised.check(read_leniently(blob.path), repo)
    patience.check()
    path = cache.lay_out(repo, revision, info.sha, {blob.name: blob.path for blob in blobs})
    meter.say()
    return path


def _without_weights(repo: str, names: list[str]) -> UnknownModel:
    other = foreign.unread(names)
    instead, advice = other or ("", "Name one with config.json and *.safetensors.")
    return UnknownModel(
        f"The repository {repo!r} has no *.safetensors weights"
        + (f": it has them {instead}." if instead else "."),
        hint=advice,
        field="model",
    )


def _info(repo: str, revision: str | None) -> Any:
    return client.client().HfApi().model_info(repo, revision=revision, files_metadata=True)


def _blob(repo: str, commit: str, file: Any) -> Blob:
    etag = file.lfs.sha256 if file.lfs else file.blob_id
    name = Path(file.rfilename)
    # Both become part of a path on this machine.
    if not _HASH.fullmatch(etag or "") or name.is_absolute() or ".." in name.parts:
        raise ModelLoadFailed(
            f"{hub_errors.host()} lists a file of {repo} that cannot be one: {file.rfilename!r}.",
            hint="Take another repository.",
            field="model",
        )
    return Blob(
        repo=repo,
        name=file.rfilename,
        url=client.client().hf_hub_url(repo, file.rfilename, revision=commit),
        etag=etag,
        size=file.size,
        home=cache.repo_folder(repo),
    )


class _Meter:
    """Adds up what has come, and says so now and then."""

    def __init__(self, repo: str, report: Report) -> None:
        self._repo, self._report = repo, report
        self._present: dict[str, int] = {}
        self._total = self._highest = 0
        self._files: set[str] = set()
        self._count = 0
        self._last = 0.0

    def expect(self, blobs: list[Blob]) -> None:
        # Two files of the same content are one blob, but count twice: they are two in the listing.
        self._present = {blob.name: blob.present() for blob in blobs}
        self._total, self._count = sum(blob.size for blob in blobs), len(blobs)
        self._files = {blob.name for blob in blobs if blob.is_whole()}
        self.say()

    def received(self, blob: Blob, size: int) -> None:
        """A blob has `size` bytes now."""
        self._present[blob.name] = size
        if time.monotonic() - self._last >= 1 / _REPORTS_PER_SECOND:
            self.say()

    def finish(self, blob: Blob) -> None:
        self._files.add(blob.name)
        self.received(blob, blob.size)

    def pause(self, seconds: float) -> None:
        self.say(seconds)

    def say(self, waiting: float = 0.0) -> None:
        self._last = time.monotonic()
        self._highest = max(self._highest, sum(self._present.values()))
        files = len(self._files)
        self._report(Progress(self._repo, self._highest, self._total, files, self._count, waiting))
