"""What runs on the engine thread: the waiting and the running, and one frame after another.

Between two frames it reads the inbox, so a cancel takes effect within a frame; it admits a
waiting request; then the rows advance.
"""

from __future__ import annotations

import logging
import queue
from collections import deque
from collections.abc import Callable

from sidecar.engine.events import Done, EncodedVoice, Failed, Outcome
from sidecar.engine.failures import as_sidecar_error
from sidecar.engine.loading import Loading
from sidecar.engine.models import Loaded, LoadedModel, ModelTable
from sidecar.engine.references import References
from sidecar.engine.request import (
    AppendText,
    Cancel,
    Command,
    Downloading,
    EncodeJob,
    Expire,
    Found,
    Job,
    LoadJob,
    Release,
    SpeechJob,
    Stop,
    UnloadJob,
    Wake,
)
from sidecar.engine.row import Row
from sidecar.engine.running import Running
from sidecar.engine.snapshot import snapshot
from sidecar.engine.speaking import Speaking, Speech
from sidecar.engine.status import EngineStatus
from sidecar.engine.waiting import WaitingQueue
from sidecar.engine.watchdog import Pulse
from sidecar.errors import Cancelled, InternalError, ModelInUse, queue_full
from sidecar.limits import MAX_QUEUED, MAX_ROWS, MAX_STREAMS

log = logging.getLogger(__name__)


class Scheduler:
    """Owns the loaded models and every request in flight.

    Args:
        inbox: commands from other threads.
        publish: takes a status snapshot after every round, and before every answer.
        pulse: is told before each piece of work.
        memory_limit, keep_alive: of the models; see `ModelTable`.
    """

    def __init__(
        self,
        inbox: queue.SimpleQueue[Command],
        publish: Callable[[EngineStatus], None],
        pulse: Pulse,
        memory_limit: int | None = None,
        keep_alive: float = -1.0,
    ) -> None:
        self._inbox = inbox
        self._publish = publish
        self._models = ModelTable(self._in_use, memory_limit, keep_alive)
        self._pulse = pulse
        self._loading = Loading(inbox, self._models, pulse, self._finish)
        self._unloading: list[UnloadJob] = []
        self._waiting = WaitingQueue()
        self._encoding: deque[EncodeJob] = deque()
        self._references = References(pulse)
        self._running = Running(self._references, self._finish)
        self._speaking = Speaking(pulse, self._running.hold, self._finish)
        self._stopping = False

    def run(self) -> None:
        """Returns after `Stop`; raises only for a bug, when every request has been told."""
        try:
            while not self._stopping:
                self._publish_figures()
                commands = self._commands()
                self._note_use()
                for command in commands:
                    self._guarded(command)
                if not self._stopping:
                    self._admit()
                    self._encode()
                    self._pulse.at("generating speech")
                    self._running.advance(more_to_come=self._can_admit)
                    self._speaking.advance()
                    self._let_go()
        except Exception as error:
            failure = as_sidecar_error(error, "scheduling", InternalError)
            for job in self._jobs():
                self._finish(job, Failed(failure))
            raise

    def _commands(self) -> list[Command]:
        """All commands there are; blocks for one only when there is nothing to compute."""
        commands: list[Command] = []
        working = self._running.has_work or self._speaking.has_work
        if not (self._can_admit or self._encoding or working):
            self._pulse.at(None)
            commands.append(self._inbox.get())
        while not self._inbox.empty():
            commands.append(self._inbox.get())
        return commands

    def _guarded(self, command: Command) -> None:
        """A bug in one command must neither end the thread nor leave its sender waiting."""
        self._pulse.at(f"handling {type(command).__name__}")
        try:
            self._handle(command)
        except Exception as error:
            failure = as_sidecar_error(error, f"handling {type(command).__name__}")
            if isinstance(command, Job):
                self._finish(command, Failed(failure))

    def _handle(self, command: Command) -> None:
        match command:
            case SpeechJob() | EncodeJob() | LoadJob():
                self._accept(command)
            case Downloading():
                self._loading.downloading(command)
            case Found():
                for job in self._loading.found(command):
                    self._enqueue(job)
            case UnloadJob():
                self._unload(command)
            case Expire():
                self._models.expire()
            case Cancel():
                self._cancel(command.job)
            case AppendText():
                self._append_text(command)
            case Release():
                self._running.release(command.stream)
            case Stop():
                self._stop()
            case Wake():
                pass

    def _accept(self, job: SpeechJob | EncodeJob | LoadJob) -> None:
        in_flight = self._queued + len(self._rows)
        placed = isinstance(job, SpeechJob) and self._running.holds(job)
        if in_flight >= MAX_STREAMS + MAX_QUEUED and not (placed or job.admitted):
            self._finish(job, Failed(queue_full()))
        elif isinstance(job, LoadJob):
            self._loading.park(job.model, job)
        elif self._models.get(_model(job)) is None:
            self._loading.park(_model(job), job)
        else:
            self._enqueue(job)

    def _enqueue(self, job: SpeechJob | EncodeJob) -> None:
        """Its model is in memory."""
        if isinstance(job, SpeechJob):
            self._waiting.add(job, placed=self._running.holds(job))
        else:
            self._encoding.append(job)

    @property
    def _queued(self) -> int:
        return len(self._waiting) + len(self._loading) + len(self._encoding)

    @property
    def _rows(self) -> list[Row | Speech]:
        return [*self._running.rows, *self._speaking.rows]

    def _in_use(self, loaded: Loaded) -> bool:
        waiting = (self._models.get(_model(job)) for job in (*self._waiting, *self._encoding))
        speaking = self._running.uses(loaded) or self._speaking.uses(loaded)
        return speaking or any(other is loaded for other in waiting)

    def _note_use(self) -> None:
        """Before the commands: one may end a use that has lasted up to now, as of a narration
        that waited for text between two passages."""
        for loaded in self._models:
            if self._in_use(loaded):
                loaded.touch()

    def _unload(self, job: UnloadJob) -> None:
        name = self._models.unloadable(job.model)
        loaded = self._models.get(name)
        if loaded is not None and self._in_use(loaded):
            if not job.wait:
                raise ModelInUse(
                    f"The model {job.model!r} is speaking.",
                    hint="Cancel its streams, wait for their end, or say `wait`.",
                    field="model",
                )
            self._unloading.append(job)
            return
        del loaded  # or its memory could not be freed
        self._models.unload(name)
        self._finish(job, Done())

    def _let_go(self) -> None:
        """Models whose last stream has ended, and that are asked to leave then."""
        waiting, self._unloading = self._unloading, []
        for job in waiting:
            self._guarded(job)  # who still has to wait comes back into the list

    def _cancel(self, job: Job) -> None:
        error = Cancelled("The request was cancelled.")
        if row := self._running.find(job):
            self._running.remove(row, error)
        elif speech := self._speaking.find(job):
            self._speaking.remove(speech, error)
        elif self._forget(job):
            self._finish(job, Failed(error))

    def _forget(self, job: Job) -> bool:
        """Takes out who has not begun; False if it is not here."""
        if isinstance(job, EncodeJob) and job in self._encoding:
            self._encoding.remove(job)
        elif isinstance(job, UnloadJob) and job in self._unloading:
            self._unloading.remove(job)
        else:
            waits = isinstance(job, SpeechJob) and self._waiting.remove(job)
            return waits or self._loading.remove(job)
        return True

    def _append_text(self, command: AppendText) -> None:
        if row := self._running.find(command.job):
            self._running.append_text(row, command)
        else:
            command.job.more_text.append(command)

    def _stop(self) -> None:
        self._stopping = True
        for job in self._jobs():
            self._cancel(job)

    def _jobs(self) -> list[Job]:
        return [
            *self._waiting,
            *self._encoding,
            *(row.job for row in self._rows),
            *self._loading.jobs(),
            *self._unloading,
        ]

    @property
    def _can_admit(self) -> bool:
        if self._waiting.has_placed or (job := self._waiting.first) is None:
            return self._waiting.has_placed
        taken = self._running.places(job.request.priority) + len(self._speaking)
        return taken < MAX_STREAMS and len(self._rows) < MAX_ROWS

    def _admit(self) -> None:
        """One waiting request a round: building its prompt takes time."""
        job = self._waiting.take() if self._can_admit else None
        if job is None:
            return
        self._pulse.at("preparing a request")
        loaded = self._models.get(job.request.model)
        if loaded is None:  # its first load failed over another dtype, or it was replaced
            self._loading.park(job.request.model, job)
            return
        loaded.touch()
        if isinstance(loaded, LoadedModel):
            self._running.admit(job, loaded)
        else:
            self._running.release(job.stream)
            self._speaking.admit(job, loaded)
        self._publish_figures()

    def _encode(self) -> None:
        """One recording a round, since it is in one piece; streams have a frame in between."""
        if not self._encoding:
            return
        job = self._encoding.popleft()
        loaded = self._models.get(job.model)
        if loaded is None:  # as in `_admit`
            self._loading.park(job.model, job)
            return
        loaded.touch()
        try:
            features = self._references.encoded(loaded, job.recording)
        except Exception as error:
            self._finish(job, Failed(as_sidecar_error(error, "encoding a reference")))
        else:
            self._finish(job, Done(EncodedVoice(loaded.model.info, features)))

    def _finish(self, job: Job, outcome: Outcome) -> None:
        """End a job: the only place where one ends.

        The figures come first, since whoever reads the outcome may look them up.
        """
        self._publish_figures()
        job.events.put(outcome)

    def _publish_figures(self) -> None:
        self._publish(snapshot(self._models, self._rows, self._references, self._queued))


def _model(job: SpeechJob | EncodeJob) -> str:
    return job.request.model if isinstance(job, SpeechJob) else job.model
