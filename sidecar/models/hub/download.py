"""Downloads a repository of the hub into the hub's cache: only what is missing, and checked.

huggingface_hub lists the files, signs in, and says where the cache is. The bytes are fetched here,
over its session: its own download (version 2) deletes a partial file when it is interrupted, cannot
be cancelled, and obeys a hub that asks for a pause of an hour. A partial file is
`blobs/<etag>.incomplete`. The transfer is plain HTTP, which the hub serves for Xet storage, too. A
snapshot appears when all its files are there, so a snapshot that is found is whole.
"""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from sidecar.errors import ModelLoadFailed, UnknownModel
from sidecar.models.checkpoint import foreign, quantised
from sidecar.models.checkpoint.jsonfile import read_leniently
from sidecar.models.hub import cache, lease
from sidecar.models.hub.client import client, host, session
from sidecar.models.hub.failures import explain
from sidecar.models.hub.retry import RetryPolicy
from sidecar.models.hub.transfer import Blob, Transfer

# The most reports a second; the first, the last, and the beginning of a file are always sent.
_REPORTS_PER_SECOND = 10.0
# The rate is measured over so long: long enough to be steady, short enough to follow the network.
_RATE_SECONDS = 5.0
_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


class Progress(msgspec.Struct, frozen=True):
    """The progress of a download.

    Attributes:
        received_bytes: bytes on this machine, of `total_bytes`, those from before included; never
            decreases.
        received_files: whole files, of `total_files`.
        waiting_seconds: the pause that the hub has asked for; 0 without one.
        file: the name of the file that is being fetched; empty before and after all of them.
        bytes_per_second: how fast bytes have arrived in the last seconds; None if none have.
    """

    repo: str
    received_bytes: int = 0
    total_bytes: int = 0
    received_files: int = 0
    total_files: int = 0
    waiting_seconds: float = 0.0
    file: str = ""
    bytes_per_second: float | None = None

    @property
    def said(self) -> str:
        """The progress as a line of text."""
        if self.waiting_seconds:
            return f"{self.repo}: the hub asks for a pause of {self.waiting_seconds:.0f} s"
        if not self.total_bytes:
            return self.repo
        received, total = self.received_bytes / 1e6, self.total_bytes / 1e6
        return f"{self.repo}: {received:.1f} of {total:.1f} MB"


Report = Callable[[Progress], None]


def download(
    repo: str,
    revision: str | None,
    report: Report,
    cancelled: threading.Event,
    admit: Callable[[int], None] = lambda missing: None,
) -> Path:
    """Fetch the files of a repository that are not cached; return the snapshot's folder.

    Args:
        revision: branch, tag or commit; None is the main branch.
        admit: called with the number of bytes that are missing, before they are fetched; whatever
            it raises ends the download.
        report: called with the progress when a file begins, and at most ten times a second while
            it is received, on this thread.
        cancelled: set by another thread to stop; received bytes are kept for the next time.

    Raises:
        UnknownModel, UnknownRevision, HubAccessDenied, HubRateLimited, HubUnreachable, DiskFull,
        CorruptDownload, ModelNotDownloaded, ModelLoadFailed, Cancelled
        NotACheckpoint: its quantisation cannot be read; no weights have been fetched.
    """
    meter = _Meter(repo, report)
    retry = RetryPolicy(repo, cancelled, meter.report)
    meter.report()
    info = retry.run(lambda: _fetch_info(repo, revision))
    blobs = [
        _blob(repo, info.sha, file) for file in info.siblings if cache.is_needed(file.rfilename)
    ]
    if not any(blob.name.endswith(".safetensors") for blob in blobs):
        raise _without_weights(repo, [file.rfilename for file in info.siblings])
    meter.expect(blobs)
    admit(sum(blob.size - blob.count_present() for blob in blobs))
    try:
        cache.repo_folder(repo).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise explain(error, repo) from error
    with lease.during(cache.repo_folder(repo)):
        _fetch(blobs, retry, meter)
        path = cache.lay_out(repo, revision, info.sha, {blob.name: blob.path for blob in blobs})
    meter.report()
    return path


def _fetch(blobs: list[Blob], retry: RetryPolicy, meter: _Meter) -> None:
    """Complete the blobs; raises as `download`."""
    # Small files first: a fault of the repository shows before gigabytes have been fetched.
    for blob in sorted(blobs, key=lambda blob: blob.size):
        meter.begin(blob)
        Transfer(blob, retry, meter.receive).run()
        meter.finish(blob)
        if blob.name == "config.json":
            quantised.check(read_leniently(blob.path), blob.repo)
    retry.check()


def _without_weights(repo: str, names: list[str]) -> UnknownModel:
    other = foreign.unread(names)
    instead, advice = other or ("", "Name one with config.json and *.safetensors.")
    return UnknownModel(
        f"The repository {repo!r} has no *.safetensors weights"
        + (f": it has them {instead}." if instead else "."),
        hint=advice,
        field="model",
    )


def _fetch_info(repo: str, revision: str | None) -> Any:
    session()  # before the first request, which this gives a time limit
    return client().HfApi().model_info(repo, revision=revision, files_metadata=True)


def _blob(repo: str, commit: str, file: Any) -> Blob:
    etag = file.lfs.sha256 if file.lfs else file.blob_id
    name = Path(file.rfilename)
    # Both become part of a path on this machine.
    if not _HASH.fullmatch(etag or "") or name.is_absolute() or ".." in name.parts:
        raise ModelLoadFailed(
            f"{host()} lists a file in {repo} that is not valid: {file.rfilename!r}.",
            hint="Use another repository.",
            field="model",
        )
    return Blob(
        repo=repo,
        name=file.rfilename,
        url=client().hf_hub_url(repo, file.rfilename, revision=commit),
        etag=etag,
        size=file.size,
        home=cache.repo_folder(repo),
    )


class _Meter:
    """Adds up the received bytes, and reports them now and then."""

    def __init__(self, repo: str, report: Report) -> None:
        self._repo, self._report = repo, report
        self._present: dict[str, int] = {}
        self._total = self._highest = 0
        self._files: set[str] = set()
        self._count = 0
        self._last = 0.0
        self._file = ""
        self._rate = _Rate()

    def expect(self, blobs: list[Blob]) -> None:
        # Two files of the same content are one blob, but count twice: they are two in the listing.
        self._present = {blob.name: blob.count_present() for blob in blobs}
        self._total, self._count = sum(blob.size for blob in blobs), len(blobs)
        self._files = {blob.name for blob in blobs if blob.is_whole()}
        self._rate.begin(sum(self._present.values()))
        self.report()

    def begin(self, blob: Blob) -> None:
        """Note that a blob is fetched next; report that at once, since the hub may take long."""
        self._file = blob.name
        if not blob.is_whole():
            self.report()

    def receive(self, blob: Blob, size: int) -> None:
        """Note that a blob has `size` bytes now."""
        self._present[blob.name] = size
        if time.monotonic() - self._last >= 1 / _REPORTS_PER_SECOND:
            self.report()

    def finish(self, blob: Blob) -> None:
        self._files.add(blob.name)
        self._file = ""
        self.receive(blob, blob.size)

    def report(self, waiting_seconds: float = 0.0) -> None:
        self._last = time.monotonic()
        self._highest = max(self._highest, sum(self._present.values()))
        self._report(
            Progress(
                repo=self._repo,
                received_bytes=self._highest,
                total_bytes=self._total,
                received_files=len(self._files),
                total_files=self._count,
                waiting_seconds=waiting_seconds,
                file=self._file,
                bytes_per_second=self._rate.of(self._last, self._highest),
            )
        )


class _Rate:
    """The rate at which a number has grown over the last seconds."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque()

    def begin(self, number: int) -> None:
        """Start from what there was before."""
        self._samples.append((time.monotonic(), number))

    def of(self, now: float, number: int) -> float | None:
        """Return the rate per second up to now; None if the number has not grown."""
        if not self._samples:
            return None
        self._samples.append((now, number))
        while now - self._samples[0][0] > _RATE_SECONDS and len(self._samples) > 2:
            self._samples.popleft()
        then, before = self._samples[0]
        return (number - before) / (now - then) if number > before and now > then else None
