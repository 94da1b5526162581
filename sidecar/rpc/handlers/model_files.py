"""model/download, model/delete."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from sidecar.engine.events import Failed
from sidecar.engine.failures import as_sidecar_error
from sidecar.engine.request import UnloadJob
from sidecar.errors import ModelLoadFailed
from sidecar.models import catalog, registry, storage
from sidecar.models.catalog import Fetching
from sidecar.rpc.calls import Call
from sidecar.rpc.contract.model import LoadProgress
from sidecar.rpc.contract.model_files import (
    ModelDeleteParams,
    ModelDeleteResult,
    ModelDownloadParams,
    ModelDownloadResult,
)
from sidecar.rpc.handlers.model import downloading, pinned, start_report
from sidecar.rpc.session import Session

if TYPE_CHECKING:
    from sidecar.models.hub.download import Progress


def download(
    session: Session, params: ModelDownloadParams, call: Call[ModelDownloadResult]
) -> None:
    name = pinned(params.model or session.default_model, params.revision)
    if params.work_done_token is not None:
        call.claim_token(params.work_done_token, "workDoneToken")
    cancelled = threading.Event()

    def begin() -> Callable[[], None]:
        session.background.start(lambda: _download(name, cancelled, call))
        return cancelled.set

    call.admit("disk")
    session.in_order(call, lambda: call.begin(begin))


def _download(name: str, cancelled: threading.Event, call: Call[ModelDownloadResult]) -> None:
    def report(progress: Progress) -> None:
        call.progress(downloading(progress))

    try:
        call.progress(LoadProgress(stage="resolving", message=name))
        checkpoint = catalog.resolve(name, Fetching(report, cancelled))
        registry.describe(checkpoint)  # a model that cannot be loaded is of no use
        place = catalog.locate(name)
        source = "cache" if place is None else place.source
        call.reply(ModelDownloadResult(model=name, source=source, path=str(checkpoint.path)))
    except Exception as error:
        call.fail(as_sidecar_error(error, f"downloading model {name!r}", ModelLoadFailed))


def delete(session: Session, params: ModelDeleteParams, call: Call[ModelDeleteResult]) -> None:
    repo, revision = storage.parse_removable(params.model)

    def begin() -> Callable[[], None]:
        # It frees the memory, too, and knows of requests that came before and wait for the model.
        job = session.engine.unload(params.model, if_loaded=True)
        return start_report(session, job, lambda: _delete(job, repo, revision, call))

    call.admit("disk")
    session.in_order(call, lambda: call.begin(begin))


def _delete(job: UnloadJob, repo: str, revision: str | None, call: Call[ModelDeleteResult]) -> None:
    for event in job:
        if isinstance(event, Failed):
            call.fail(event.error)
            return
    try:
        call.reply(ModelDeleteResult(freed_bytes=storage.remove(repo, revision)))
    except Exception as error:
        call.fail(error)
