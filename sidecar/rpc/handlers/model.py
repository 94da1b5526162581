"""model/list, model/load, model/unload."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sidecar.engine.events import Done, Download, Failed, LoadResult, Stage
from sidecar.engine.request import Job, LoadJob, LoadOptions, UnloadJob
from sidecar.errors import InvalidParams
from sidecar.models import catalog, inventory
from sidecar.models.hub import cache
from sidecar.models.hub.failures import free_bytes
from sidecar.models.hub.settings import budget
from sidecar.models.inventory import Entry
from sidecar.rpc.calls import Call
from sidecar.rpc.contract.common import Empty, NoParams
from sidecar.rpc.contract.model import (
    LoadProgress,
    ModelLoadParams,
    ModelLoadResult,
    ModelUnloadParams,
)
from sidecar.rpc.contract.model_list import ModelEntry, ModelListResult
from sidecar.rpc.session import Session

# How long a list waits for the name of the backend, which is known once MLX is imported.
BACKEND_SECONDS = 10.0

if TYPE_CHECKING:
    from sidecar.models.hub.download import Progress


def list_models(session: Session, params: NoParams, call: Call[ModelListResult]) -> None:
    session.answer_later(call, lambda: _list(session))


def _list(session: Session) -> ModelListResult:
    loaded = {catalog.canonical(name) for name in session.engine.loaded}
    backend = session.engine.backend(BACKEND_SECONDS)
    entries = inventory.entries()
    rows = [_row(entry, entry.name in loaded, backend) for entry in entries]
    named = {row.model for row in rows}
    rows += [ModelEntry(model=name, state="loaded") for name in sorted(loaded - named)]
    return ModelListResult(
        models=rows,
        used_bytes=sum(entry.cache_bytes for entry in entries),
        free_bytes=free_bytes(cache.folder()),
        budget_bytes=budget(),
    )


def _row(entry: Entry, loaded: bool, backend: str | None) -> ModelEntry:
    row = ModelEntry(
        model=entry.name,
        state="loaded" if loaded else entry.state,
        source=entry.source,
        path=str(entry.checkpoint.path) if entry.checkpoint else None,
        fault=entry.fault.message if entry.fault else None,
        repo=entry.repo,
        disk_bytes=entry.disk_bytes or None,
        cache_bytes=entry.cache_bytes or None,
        last_used=entry.last_used,
        languages=list(entry.languages) or None,
        abilities=list(entry.abilities) or None,
        missing_files=list(entry.missing) or None,
    )
    if backend is not None:
        row.memory_bytes = entry.memory_bytes(on_cpu=backend == "cpu")
    if (known := entry.known) is not None:
        row.variant, row.bits, row.parameters = known.variant, known.bits, known.parameters
        row.download_bytes = known.download_bytes
    if entry.info is not None:
        row.variant = entry.info.variant
    return row


def load(session: Session, params: ModelLoadParams, call: Call[ModelLoadResult]) -> None:
    name = pinned(params.model or session.default_model, params.revision)
    if params.work_done_token is not None:
        call.claim_token(params.work_done_token, "workDoneToken")
    options = LoadOptions(params.dtype or "auto", params.bits, params.keep_alive)

    def begin() -> Callable[[], None]:
        job = session.engine.load(name, options)
        return start_report(session, job, lambda: _report_load(job, call))

    session.in_order(call, lambda: call.begin(begin))


def start_report(session: Session, job: Job, report: Callable[[], None]) -> Callable[[], None]:
    """Report a job's events on another thread, and return what cancels the job."""
    try:
        session.background.start(report)
    except RuntimeError:  # no thread can be started, and the request is about to be refused
        session.engine.cancel(job)
        raise
    return lambda: session.engine.cancel(job)


def pinned(name: str, revision: str | None) -> str:
    """Return a model's name with its revision.

    Raises:
        InvalidParams: two revisions are given.
    """
    if revision is None:
        return name
    if "@" in name:
        raise InvalidParams("`model` names a revision already.", field="revision")
    return f"{name}@{revision}"


def _report_load(job: LoadJob, call: Call[ModelLoadResult]) -> None:
    """Report the stages of a load, and answer with its outcome."""
    for event in job:
        match event:
            case Stage(stage, detail):
                call.progress(LoadProgress(stage=stage, message=detail))
            case Download(progress):
                call.progress(downloading(progress))
            case Done(result):
                assert isinstance(result, LoadResult)
                call.reply(_loaded(job.model, result))
            case Failed(error):
                call.fail(error)
            case _:
                raise AssertionError("a load makes no audio")


def downloading(progress: Progress) -> LoadProgress:
    """Return the progress of a download as it is reported."""
    row = LoadProgress(stage="downloading", message=progress.said)
    if progress.total_files:
        row.received_bytes, row.total_bytes = progress.received_bytes, progress.total_bytes
        row.received_files, row.total_files = progress.received_files, progress.total_files
        row.file, row.bytes_per_second = progress.file or None, progress.bytes_per_second
    if progress.waiting_seconds:
        row.waiting_ms = progress.waiting_seconds * 1000
    return row


def _loaded(model: str, result: LoadResult) -> ModelLoadResult:
    return ModelLoadResult(
        model=model,
        family=result.info.family,
        variant=result.info.variant,
        dtype=result.dtype,
        sample_rate=result.info.sample_rate,
        voices=[voice.name for voice in result.info.voices],
        languages=list(result.info.languages),
        dialects=list(result.info.dialects) or None,
        memory_bytes=result.memory_bytes,
        load_ms=result.load_seconds * 1000,
        bits=result.bits,
        keep_alive=result.keep_alive if result.keep_alive >= 0 else None,
        abilities=list(result.info.abilities),
    )


def unload(session: Session, params: ModelUnloadParams, call: Call[Empty]) -> None:
    def begin() -> Callable[[], None]:
        job = session.engine.unload(params.model, wait=params.wait is True)
        return start_report(session, job, lambda: _report_unload(job, call))

    # The engine does not limit these, and each of them that waits has a thread.
    call.admit("disk")
    session.in_order(call, lambda: call.begin(begin))


def _report_unload(job: UnloadJob, call: Call[Empty]) -> None:
    for event in job:
        if isinstance(event, Failed):
            call.fail(event.error)
        else:
            call.reply(Empty())
