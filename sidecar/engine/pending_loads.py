"""Jobs whose model is not in memory yet: find its folder, load it, let the jobs go on."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator, Sequence

from sidecar.engine.commands import Command, Downloading, Found, Search
from sidecar.engine.events import Done, Download, Failed, LoadResult, Stage
from sidecar.engine.failures import as_sidecar_error
from sidecar.engine.loaded import Loaded
from sidecar.engine.model_table import ModelTable
from sidecar.engine.request import (
    AlignJob,
    EncodeJob,
    Finish,
    Job,
    LoadJob,
    LoadOptions,
    SpeechJob,
)
from sidecar.engine.watchdog import Heartbeat
from sidecar.errors import Cancelled, ModelLoadFailed, SidecarError
from sidecar.models import catalog
from sidecar.models.catalog import Fetching
from sidecar.models.checkpoint import Checkpoint
from sidecar.models.hub.download import Progress


class PendingLoads:
    """The jobs that wait for a model, by its name. Engine thread only.

    Args:
        inbox: receives the reports of the threads that search.
        models: receives the loaded models.
        heartbeat: receives what is done before each step of a load.
        finish: ends a job.
    """

    def __init__(
        self,
        inbox: queue.SimpleQueue[Command],
        models: ModelTable,
        heartbeat: Heartbeat,
        finish: Finish,
    ) -> None:
        self._inbox = inbox
        self._models = models
        self._heartbeat = heartbeat
        self._finish = finish
        self._searches: dict[str, Search] = {}

    def __len__(self) -> int:
        return sum(len(search.jobs) for search in self._searches.values())

    def __iter__(self) -> Iterator[Job]:
        return (job for search in self._searches.values() for job in search.jobs)

    @property
    def models(self) -> Iterable[str]:
        """The names of the models that are waited for."""
        return self._searches

    def park(self, name: str, job: Job) -> None:
        """Keep a job until its model is in memory. There is one search for all jobs of a model."""
        may_download = not isinstance(job, AlignJob)
        search = self._searches.get(name)
        if search is not None and may_download and not search.may_download:
            # What has been asked for by now needs more than a look at this machine.
            search.cancelled.set()
            waiting, search = search.jobs, None
        else:
            waiting = []
        if search is None:
            search = Search(name, may_download, waiting)
            # It has a thread of its own, since it may be a download. Its reports come by the
            # inbox, so none is handled before this method has returned.
            threading.Thread(target=self._search, args=(search,), daemon=True).start()
            self._searches[name] = search
        search.jobs.append(job)
        if isinstance(job, LoadJob):
            job.events.put(Stage("resolving", name))

    def remove(self, job: Job) -> bool:
        """Remove a job, and cancel its search if that has no other. Return False if not here."""
        search = next((one for one in self._searches.values() if job in one.jobs), None)
        if search is None:
            return False
        search.jobs.remove(job)
        if not search.jobs:
            search.cancelled.set()
            del self._searches[search.model]
        return True

    def report_progress(self, command: Downloading) -> None:
        """Report the progress of a download to the load jobs that wait for it."""
        for job in command.search.jobs:
            if isinstance(job, LoadJob):
                job.events.put(Download(command.progress))

    def finish_search(self, command: Found) -> list[SpeechJob | EncodeJob | AlignJob]:
        """Load a model whose search has ended. Return the jobs that can go on."""
        if self._searches.get(command.model) is not command.search:
            return []  # it was cancelled; another search for this model may be under way
        jobs = self._searches.pop(command.model).jobs
        try:
            return self._load_for(command, jobs)
        except Exception as error:  # a bug; the jobs are in no list any more
            failure = as_sidecar_error(error, "going on after a load")
            for job in jobs:
                self._finish(job, Failed(failure))
            return []

    def _load_for(self, command: Found, jobs: list[Job]) -> list[SpeechJob | EncodeJob | AlignJob]:
        for job in jobs:
            if isinstance(job, LoadJob) and isinstance(command.outcome, Checkpoint):
                job.events.put(Stage("loading", command.model))
        # Loads come first, each with its own dtype; then the others take the model as it is.
        loads = [job for job in jobs if isinstance(job, LoadJob)]
        others = [job for job in jobs if isinstance(job, SpeechJob | EncodeJob | AlignJob)]
        for job in loads:
            loaded = self._load(command, job.options, [job])
            if loaded is not None:
                self._finish(job, Done(_result(loaded)))
        if others and self._load(command, LoadOptions(is_awaited=True), others) is None:
            return []
        return others

    def _search(self, search: Search) -> None:
        def report(progress: Progress) -> None:
            self._inbox.put(Downloading(search, progress))

        try:
            fetching = Fetching(report, search.cancelled) if search.may_download else None
            outcome = catalog.resolve(search.model, fetching)
        except Exception as error:
            outcome = as_sidecar_error(
                error, f"looking for model {search.model!r}", ModelLoadFailed
            )
        self._inbox.put(Found(search, outcome))

    def _load(self, command: Found, options: LoadOptions, jobs: Sequence[Job]) -> Loaded | None:
        """Return the model in memory. If it cannot be loaded, end `jobs` and return None."""
        doing = f"loading model {command.model!r}"

        def go_on() -> None:
            self._heartbeat.beat(doing, reads=True)
            if all(job.cancelled.is_set() for job in jobs):
                raise Cancelled("The load was cancelled.")

        try:
            if isinstance(command.outcome, SidecarError):
                raise command.outcome
            return self._models.load(command.outcome, options, go_on)
        except Exception as error:
            failure = as_sidecar_error(error, doing, ModelLoadFailed)
        # After the handler: until then, the error refers to everything that was half loaded.
        self._models.tidy()
        for job in jobs:
            self._finish(job, Failed(failure))
        return None


def _result(loaded: Loaded) -> LoadResult:
    return LoadResult(
        loaded.model.info,
        loaded.model.dtype,
        loaded.memory_bytes,
        loaded.load_seconds,
        loaded.bits,
        loaded.keep_alive,
    )
