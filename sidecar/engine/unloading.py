"""Jobs that unload a model, at once or after its last stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sidecar.engine.events import Done, Failed
from sidecar.engine.failures import as_sidecar_error
from sidecar.engine.model_table import InUse, ModelTable
from sidecar.engine.request import Finish, Job, UnloadJob
from sidecar.errors import ModelInUse


class PendingUnloads:
    """Jobs that wait until their model is not in use. Engine thread only.

    Args:
        models: the loaded models.
        in_use: returns whether a model has requests that are active or waiting.
        is_awaited: returns whether requests wait for a model of this name, loaded or not.
        finish: ends a job.
    """

    def __init__(
        self,
        models: ModelTable,
        in_use: InUse,
        is_awaited: Callable[[str], bool],
        finish: Finish,
    ) -> None:
        self._models = models
        self._in_use = in_use
        self._is_awaited = is_awaited
        self._finish = finish
        self._jobs: list[UnloadJob] = []

    def __iter__(self) -> Iterator[UnloadJob]:
        return iter(self._jobs)

    def remove(self, job: Job) -> bool:
        """Remove a job. Return False if it is not here."""
        if job not in self._jobs:
            return False
        self._jobs = [other for other in self._jobs if other is not job]
        return True

    def add(self, job: UnloadJob) -> None:
        """Unload the job's model now, or keep the job until the model is not in use.

        Raises:
            UnknownModel: the model is not loaded.
            ModelInUse: the model is in use, and the job does not wait.
        """
        if job.if_loaded and not self._models.has(job.model):
            if self._is_awaited(job.model):
                raise _in_use_error(job)
            self._finish(job, Done())
            return
        name = self._models.find_name(job.model)
        loaded = self._models.get(name)
        if loaded is not None and self._in_use(loaded):
            if not job.wait:
                raise _in_use_error(job)
            self._jobs.append(job)
            return
        del loaded  # or its memory could not be freed
        self._models.unload(name)
        self._finish(job, Done())

    def advance(self) -> None:
        """Unload the models whose last stream has ended."""
        jobs, self._jobs = self._jobs, []
        for job in jobs:
            try:
                self.add(job)
            except Exception as error:
                self._finish(job, Failed(as_sidecar_error(error, "unloading a model")))


def _in_use_error(job: UnloadJob) -> ModelInUse:
    return ModelInUse(
        f"The model {job.model!r} is in use.",
        hint="Cancel its streams, wait until they end"
        + ("." if job.if_loaded else ", or set `wait`."),
        field="model",
    )
