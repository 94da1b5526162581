"""model/list, model/load, model/unload."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from sidecar.engine.request import LoadOptions, LoadResult
from sidecar.errors import InvalidParams, SidecarError
from sidecar.models import catalog, inventory
from sidecar.models.inventory import Entry
from sidecar.rpc.model_types import (
    ModelEntry,
    ModelListResult,
    ModelLoadParams,
    ModelLoadResult,
    ModelUnloadParams,
)
from sidecar.rpc.session import Call, Session
from sidecar.rpc.types import Empty, LoadProgress, NoParams

# How long a list waits for the engine to say what it runs on, which it does once MLX is imported.
BACKEND_SECONDS = 10.0

if TYPE_CHECKING:
    from sidecar.models.download import Progress


def list_models(session: Session, params: NoParams, call: Call) -> None:
    call.in_background(lambda: _list(session))


def _list(session: Session) -> ModelListResult:
    loaded = {catalog.canonical(name) for name in session.engine.loaded}
    backend = session.engine.backend(BACKEND_SECONDS)
    rows = [_row(entry, entry.name in loaded, backend) for entry in inventory.entries()]
    named = {row.model for row in rows}
    rows += [ModelEntry(model=name, state="loaded") for name in sorted(loaded - named)]
    return ModelListResult(models=rows)


def _row(entry: Entry, loaded: bool, backend: str | None) -> ModelEntry:
    row = ModelEntry(
        model=entry.name,
        state="loaded" if loaded else entry.state,
        repo=entry.repo,
        disk_bytes=entry.disk_bytes or None,
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


def load(session: Session, params: ModelLoadParams, call: Call) -> None:
    name = _pinned(params, session.default_model)
    if params.work_done_token is not None:
        session.claim_token(call, params.work_done_token, "workDoneToken")
    options = LoadOptions(params.dtype or "auto", params.bits, params.keep_alive)
    job = session.engine.load(name, options, _LoadSink(call, name))
    call.on_cancel = lambda: session.engine.cancel(job)


def _pinned(params: ModelLoadParams, default: str) -> str:
    """Return the name of the model that is meant, with its revision.

    Raises:
        InvalidParams: two revisions are given.
    """
    name = params.model or default
    if params.revision is None:
        return name
    if "@" in name:
        raise InvalidParams("`model` names a revision already.", field="revision")
    return f"{name}@{params.revision}"


class _LoadSink:
    def __init__(self, call: Call, model: str) -> None:
        self._call = call
        self._model = model

    def stage(self, stage: Literal["resolving", "loading"], detail: str) -> None:
        self._call.progress(LoadProgress(stage=stage, message=detail))

    def downloading(self, progress: Progress) -> None:
        row = LoadProgress(stage="downloading", message=progress.said)
        if progress.total_files:
            row.received_bytes, row.total_bytes = progress.received_bytes, progress.total_bytes
            row.received_files, row.total_files = progress.received_files, progress.total_files
        if progress.waiting_seconds:
            row.waiting_ms = progress.waiting_seconds * 1000
        self._call.progress(row)

    def failed(self, error: SidecarError) -> None:
        self._call.fail(error)

    def done(self, result: LoadResult) -> None:
        self._call.reply(
            ModelLoadResult(
                model=self._model,
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
        )


def unload(session: Session, params: ModelUnloadParams, call: Call) -> None:
    def begin() -> None:
        job = session.engine.unload(params.model, _UnloadSink(call), wait=params.wait is True)
        call.on_cancel = lambda: session.engine.cancel(job)

    session.behind_narrations(begin)


class _UnloadSink:
    def __init__(self, call: Call) -> None:
        self._call = call

    def failed(self, error: SidecarError) -> None:
        self._call.fail(error)

    def done(self) -> None:
        self._call.reply(Empty())
