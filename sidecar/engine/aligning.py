"""Speech whose words are to be found: one alignment after another, each in short turns."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator

from sidecar.engine.events import Alignment, Done, Failed
from sidecar.engine.failures import as_sidecar_error
from sidecar.engine.loaded import LoadedAligner
from sidecar.engine.model_table import ModelTable
from sidecar.engine.request import AlignJob, Finish, Job
from sidecar.engine.watchdog import Heartbeat
from sidecar.errors import Unsupported
from sidecar.models.generators.stepping import in_turns


class AligningQueue:
    """Jobs whose aligner is in memory, first come, first served. Engine thread only.

    Args:
        models: the loaded models.
        heartbeat: receives what is done before each turn.
        park: keeps a job until the model of that name is in memory.
        finish: ends a job.
    """

    def __init__(
        self,
        models: ModelTable,
        heartbeat: Heartbeat,
        park: Callable[[str, Job], None],
        finish: Finish,
    ) -> None:
        self._models = models
        self._heartbeat = heartbeat
        self._park = park
        self._finish = finish
        self._jobs: deque[AlignJob] = deque()
        self._turns: Generator[Alignment | None] | None = None  # of the first job

    def __len__(self) -> int:
        return len(self._jobs)

    def __iter__(self) -> Iterator[AlignJob]:
        return iter(self._jobs)

    def add(self, job: AlignJob) -> None:
        self._jobs.append(job)

    def remove(self, job: Job) -> bool:
        """Remove a job, in the middle of its work if need be. Return False if it is not here."""
        if job not in self._jobs:
            return False
        if job is self._jobs[0]:
            self._end_turns()
        self._jobs = deque(other for other in self._jobs if other is not job)
        return True

    def advance(self) -> None:
        """Align for one turn; streams have a frame in between."""
        if not self._jobs:
            return
        job = self._jobs[0]
        self._heartbeat.beat("finding the words of a speech")
        try:
            if self._turns is None:
                loaded = self._models.get(job.model)
                if loaded is None:  # it has been unloaded or replaced since
                    self._jobs.popleft()
                    self._park(job.model, job)
                    return
                self._turns = in_turns(_align(loaded, job))
            found = next(self._turns)
        except Exception as error:
            self.remove(job)
            self._finish(job, Failed(as_sidecar_error(error, "finding the words of a speech")))
            return
        if found is not None:
            self.remove(job)
            self._finish(job, Done(found))

    def _end_turns(self) -> None:
        turns, self._turns = self._turns, None
        if turns is not None:
            turns.close()


def _align(loaded: object, job: AlignJob) -> Generator[Alignment]:
    if not isinstance(loaded, LoadedAligner):
        raise Unsupported(
            f"The model {job.model!r} is not an aligner.",
            hint="Name a checkpoint of Qwen3-ForcedAligner as --aligner.",
            field="model",
        )
    loaded.touch()
    one = job.excerpt
    times = loaded.model.align(one.samples, one.sample_rate, one.units, one.language)
    yield Alignment(times, loaded.model.grain_ms)
