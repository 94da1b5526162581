"""Recordings that wait to be encoded; each becomes a saved voice."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from sidecar.engine.events import Done, EncodedVoice, Failed
from sidecar.engine.failures import as_sidecar_error
from sidecar.engine.model_table import ModelTable
from sidecar.engine.references import References
from sidecar.engine.request import EncodeJob, Finish, Job


class EncodingQueue:
    """Jobs whose model is in memory, first come, first served. Engine thread only.

    Args:
        models: the loaded models.
        references: encodes recordings.
        park: keeps a job until the model of that name is in memory.
        finish: ends a job.
    """

    def __init__(
        self,
        models: ModelTable,
        references: References,
        park: Callable[[str, Job], None],
        finish: Finish,
    ) -> None:
        self._models = models
        self._references = references
        self._park = park
        self._finish = finish
        self._jobs: deque[EncodeJob] = deque()

    def __len__(self) -> int:
        return len(self._jobs)

    def __iter__(self) -> Iterator[EncodeJob]:
        return iter(self._jobs)

    def add(self, job: EncodeJob) -> None:
        self._jobs.append(job)

    def remove(self, job: Job) -> bool:
        """Remove a job. Return False if it is not here."""
        if job not in self._jobs:
            return False
        self._jobs = deque(other for other in self._jobs if other is not job)
        return True

    def advance(self) -> None:
        """Encode one recording, which is one piece of work; streams have a frame in between."""
        if not self._jobs:
            return
        job = self._jobs.popleft()
        loaded = self._models.get(job.model)
        try:
            if loaded is None:  # it has been unloaded or replaced since
                self._park(job.model, job)
                return
            loaded.touch()
            features = self._references.encode(loaded, job.recording)
        except Exception as error:
            self._finish(job, Failed(as_sidecar_error(error, "encoding a reference")))
        else:
            self._finish(job, Done(EncodedVoice(loaded.model.info, features)))
