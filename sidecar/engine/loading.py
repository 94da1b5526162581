"""Jobs whose model is not in memory yet: find its folder, load it, let them go on."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from sidecar.engine.failures import as_sidecar_error
from sidecar.engine.models import LoadedModel, ModelTable
from sidecar.engine.request import (
    Command,
    Downloading,
    Found,
    Job,
    LoadJob,
    LoadResult,
    SpeechJob,
)
from sidecar.errors import ModelInUse, SidecarError
from sidecar.models import catalog
from sidecar.models.catalog import Checkpoint


@dataclass
class _Parked:
    dtype: str = "auto"
    jobs: list[Job] = field(default_factory=list[Job])


class Loading:
    """The jobs that wait for a model, by its name. Engine thread only.

    Args:
        inbox: where the searching thread reports.
        models: where loaded models go.
        in_use: whether a loaded model has requests running or waiting.
    """

    def __init__(
        self,
        inbox: queue.SimpleQueue[Command],
        models: ModelTable,
        in_use: Callable[[LoadedModel], bool],
    ) -> None:
        self._inbox = inbox
        self._models = models
        self._in_use = in_use
        self._parked: dict[str, _Parked] = {}

    def __len__(self) -> int:
        return sum(len(parked.jobs) for parked in self._parked.values())

    def park(self, name: str, job: Job) -> None:
        """Keeps a job until its model is in memory; two jobs for one model search once."""
        parked = self._parked.get(name)
        if parked is None:
            parked = self._parked[name] = _Parked()
            # A thread of its own: the search may mean a download.
            threading.Thread(target=self._search, args=(name,), daemon=True).start()
        parked.jobs.append(job)
        if isinstance(job, LoadJob):
            if job.dtype != "auto":
                parked.dtype = job.dtype
            job.sink.stage("resolving", name)

    def remove(self, job: Job) -> bool:
        """Forgets a cancelled job; False if it is not here."""
        parked = next((p for p in self._parked.values() if job in p.jobs), None)
        if parked is not None:
            parked.jobs.remove(job)
        return parked is not None

    def jobs(self) -> list[Job]:
        return [job for parked in self._parked.values() for job in parked.jobs]

    def downloading(self, command: Downloading) -> None:
        self._tell(command.model, "downloading", command.repo)

    def found(self, command: Found) -> list[SpeechJob]:
        """Loads a model whose search has ended; returns the requests that can go on."""
        self._tell(command.model, "loading", command.model)
        parked = self._parked.pop(command.model)
        if not parked.jobs:  # all cancelled meanwhile
            return []
        try:
            if isinstance(command.outcome, SidecarError):
                raise command.outcome
            loaded = self._load(command.outcome, parked.dtype)
        except Exception as error:
            failure = as_sidecar_error(error, f"loading model {command.model!r}")
            for job in parked.jobs:
                job.sink.failed(failure)
            return []
        for job in parked.jobs:
            if isinstance(job, LoadJob):
                job.sink.done(_result(loaded))
        return [job for job in parked.jobs if isinstance(job, SpeechJob)]

    def _search(self, name: str) -> None:
        try:
            outcome = catalog.resolve(name, lambda repo: self._inbox.put(Downloading(name, repo)))
        except Exception as error:
            outcome = as_sidecar_error(error, f"looking for model {name!r}")
        self._inbox.put(Found(name, outcome))

    def _load(self, checkpoint: Checkpoint, dtype: str) -> LoadedModel:
        present = self._models.find(checkpoint)
        changes = present is not None and dtype not in ("auto", present.model.dtype)
        if present is not None and changes and self._in_use(present):
            raise ModelInUse(
                f"{checkpoint.name!r} is loaded as {present.model.dtype} and speaking.",
                hint="Load it with another dtype when its streams have ended.",
                field="dtype",
            )
        del present  # or two copies would be in memory during the load
        return self._models.load(checkpoint, dtype)

    def _tell(self, name: str, stage: Literal["downloading", "loading"], detail: str) -> None:
        for job in self._parked[name].jobs:
            if isinstance(job, LoadJob):
                job.sink.stage(stage, detail)


def _result(loaded: LoadedModel) -> LoadResult:
    return LoadResult(
        loaded.model.info, loaded.model.dtype, loaded.memory_bytes, loaded.load_seconds
    )
