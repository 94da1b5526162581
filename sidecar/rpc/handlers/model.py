"""model/list, model/load, model/unload."""

from __future__ import annotations

from typing import Literal

from sidecar.engine.request import LoadResult
from sidecar.errors import SidecarError
from sidecar.models import catalog
from sidecar.rpc.model_types import (
    ModelEntry,
    ModelListResult,
    ModelLoadParams,
    ModelLoadResult,
    ModelUnloadParams,
)
from sidecar.rpc.session import Call, Session
from sidecar.rpc.types import Empty, LoadProgress, NoParams


def list_models(session: Session, params: NoParams, call: Call) -> None:
    call.in_background(lambda: _list(session))


def _list(session: Session) -> ModelListResult:
    loaded = session.engine.loaded
    rows = [
        ModelEntry(
            model=entry.name,
            state="loaded" if entry.name in loaded else entry.state,
            repo=entry.repo,
        )
        for entry in catalog.entries()
    ]
    named = {row.model for row in rows}
    rows += [ModelEntry(model=name, state="loaded") for name in sorted(loaded - named)]
    return ModelListResult(models=rows)


def load(session: Session, params: ModelLoadParams, call: Call) -> None:
    if params.work_done_token is not None:
        session.claim_token(call, params.work_done_token, "workDoneToken")
    sink = _LoadSink(call, params.model)
    job = session.engine.load(params.model, params.dtype or "auto", sink)
    call.on_cancel = lambda: session.engine.cancel(job)


class _LoadSink:
    def __init__(self, call: Call, model: str) -> None:
        self._call = call
        self._model = model

    def stage(self, stage: Literal["resolving", "downloading", "loading"], detail: str) -> None:
        self._call.progress(LoadProgress(stage=stage, message=detail))

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
            )
        )


def unload(session: Session, params: ModelUnloadParams, call: Call) -> None:
    session.engine.unload(params.model, _UnloadSink(call))


class _UnloadSink:
    def __init__(self, call: Call) -> None:
        self._call = call

    def failed(self, error: SidecarError) -> None:
        self._call.fail(error)

    def done(self) -> None:
        self._call.reply(Empty())
