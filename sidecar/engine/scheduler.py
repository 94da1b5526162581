"""What runs on the engine thread: one command, one admission, one frame after another.

Between two frames the scheduler reads its inbox, so a cancel takes effect within a frame. Then it
admits a waiting request, and the runners advance.
"""

from __future__ import annotations

import logging
import math
import queue
import threading
import time
from collections.abc import Callable
from itertools import chain
from typing import Any

from sidecar.engine.active import ActiveSpeech
from sidecar.engine.admission import AdmissionQueue
from sidecar.engine.aligning import AligningQueue
from sidecar.engine.batch_runner import BatchRunner
from sidecar.engine.commands import (
    AppendText,
    Cancel,
    Command,
    Downloading,
    Found,
    HoldModel,
    Release,
    Stop,
    Wake,
)
from sidecar.engine.encoding import EncodingQueue
from sidecar.engine.events import Done, Failed, Outcome
from sidecar.engine.failures import as_sidecar_error
from sidecar.engine.generator_runner import GeneratorRunner
from sidecar.engine.loaded import Loaded
from sidecar.engine.model_table import ModelTable
from sidecar.engine.pending_loads import PendingLoads
from sidecar.engine.references import References
from sidecar.engine.request import AlignJob, EncodeJob, Job, LoadJob, SpeechJob, UnloadJob
from sidecar.engine.runner import Runner
from sidecar.engine.status import EngineStatus, take_snapshot
from sidecar.engine.unloading import PendingUnloads
from sidecar.engine.watchdog import Heartbeat
from sidecar.errors import Cancelled, InternalError, cannot_speak, queue_full
from sidecar.limits import MAX_QUEUED, MAX_STREAMS
from sidecar.models.catalog import canonical

log = logging.getLogger(__name__)


class Scheduler:
    """Owns the loaded models and every request in flight.

    Args:
        inbox: commands from other threads.
        publish: receives a status snapshot after every round, and before every outcome.
        heartbeat: receives the name of each piece of work before it begins.
        memory_limit, keep_alive: for the models; see `ModelTable`.
    """

    def __init__(
        self,
        inbox: queue.SimpleQueue[Command],
        publish: Callable[[EngineStatus], None],
        heartbeat: Heartbeat,
        memory_limit: int | None = None,
        keep_alive: float = -1.0,
    ) -> None:
        self._inbox = inbox
        self._publish = publish
        self._models = ModelTable(self._in_use, memory_limit, keep_alive)
        self._heartbeat = heartbeat
        self._references = References(heartbeat)
        self._loading = PendingLoads(inbox, self._models, heartbeat, self._finish)
        self._unloading = PendingUnloads(self._models, self._in_use, self._is_awaited, self._finish)
        self._encoding = EncodingQueue(
            self._models, self._references, self._loading.park, self._finish
        )
        self._aligning = AligningQueue(self._models, heartbeat, self._loading.park, self._finish)
        self._waiting = AdmissionQueue()
        # Text that was appended to a job before it was admitted.
        self._early_text: dict[SpeechJob, list[AppendText]] = {}
        # All jobs that are not active.
        self._not_begun = (
            self._waiting,
            self._encoding,
            self._aligning,
            self._loading,
            self._unloading,
        )
        self._runners: tuple[Runner, ...] = (
            BatchRunner(self._finish),
            GeneratorRunner(heartbeat, self._finish),
        )
        self._stopping = False

    def run(self) -> None:
        """Return after `Stop`; raise only for a bug, after every job has ended with an error."""
        try:
            while not self._stopping:
                self._run_round()
        except BaseException as error:  # also a panic of a library, which is no Exception
            failure = as_sidecar_error(error, "scheduling", InternalError)
            for job in self._jobs():
                self._finish(job, Failed(failure))
            raise

    def _run_round(self) -> None:
        self._publish_figures()
        commands = self._take_commands()
        self._note_use()
        for command in commands:
            self._handle_safely(command)
        if self._stopping:
            return
        self._heartbeat.beat("unloading models whose time is over")
        self._models.expire()
        self._admit()
        self._encoding.advance()
        self._aligning.advance()
        for runner in self._runners:
            self._heartbeat.beat("generating speech")
            runner.advance(more_to_come=self._can_admit)
        self._unloading.advance()

    def _take_commands(self) -> list[Command]:
        """Return all commands there are.

        If there is nothing to compute, wait for one, at most until the next model expires or a
        request gives its place to one that waits.
        """
        commands: list[Command] = []
        has_jobs = self._can_admit or self._encoding or self._aligning
        if not (has_jobs or any(r.has_work for r in self._runners)):
            self._heartbeat.beat(None)
            try:
                commands.append(self._inbox.get(timeout=self._seconds_to_wait()))
            except queue.Empty:
                return []
        while not self._inbox.empty():
            commands.append(self._inbox.get())
        return commands

    def _seconds_to_wait(self) -> float | None:
        expiry = self._models.next_expiry
        seconds = math.inf if expiry is None else max(expiry - time.monotonic(), 0.0)
        seconds = min(seconds, self._waiting.seconds_to_change(self._active))
        return None if seconds == math.inf else min(seconds, threading.TIMEOUT_MAX)

    def _handle_safely(self, command: Command) -> None:
        """Handle a command. A bug in that must neither end the thread nor leave a job open."""
        self._heartbeat.beat(f"handling {type(command).__name__}")
        try:
            self._handle(command)
        except Exception as error:
            failure = as_sidecar_error(error, f"handling {type(command).__name__}")
            if isinstance(command, Job):
                self._finish(command, Failed(failure))

    def _handle(self, command: Command) -> None:
        match command:
            case SpeechJob() | EncodeJob() | AlignJob() | LoadJob():
                self._accept(command)
            case Downloading():
                self._loading.report_progress(command)
            case Found():
                for job in self._loading.finish_search(command):
                    self._enqueue(job)
            case UnloadJob():
                self._unloading.add(command)
            case Cancel():
                self._cancel(command.job)
            case AppendText():
                self._append_text(command)
            case HoldModel():
                self._waiting.hold_model(command.stream, command.model)
            case Release():
                self._waiting.release(command.stream)
            case Stop():
                self._stop()
            case Wake():
                pass

    def _accept(self, job: SpeechJob | EncodeJob | AlignJob | LoadJob) -> None:
        if isinstance(job, SpeechJob):
            self._waiting.release_model(job.stream)  # from now on, the job itself uses the model
            if job.request.utterance.more_text:
                self._early_text[job] = []
        in_flight = self._queued + len(self._active)
        has_place = isinstance(job, SpeechJob) and self._waiting.has_place(job)
        if in_flight >= MAX_STREAMS + MAX_QUEUED and not (has_place or job.admitted):
            self._finish(job, Failed(queue_full()))
        elif isinstance(job, LoadJob):
            self._loading.park(job.model, job)
        elif self._models.get(_model(job)) is None:
            self._loading.park(_model(job), job)
        else:
            self._enqueue(job)

    def _enqueue(self, job: SpeechJob | EncodeJob | AlignJob) -> None:
        """Add a job whose model is in memory."""
        if isinstance(job, SpeechJob):
            self._waiting.add(job)
        elif isinstance(job, AlignJob):
            self._aligning.add(job)
        else:
            self._encoding.add(job)

    @property
    def _queued(self) -> int:
        return sum(map(len, (self._waiting, self._loading, self._encoding, self._aligning)))

    @property
    def _active(self) -> list[ActiveSpeech[Any]]:
        return [speech for runner in self._runners for speech in runner.active]

    def _is_awaited(self, model: str) -> bool:
        names = (
            *self._waiting.models,
            *(job.model for job in (*self._encoding, *self._aligning)),
            *self._loading.models,
        )
        return canonical(model) in map(canonical, names)

    def _in_use(self, loaded: Loaded) -> bool:
        if any(speech.loaded is loaded for speech in self._active):
            return True
        wanted = {canonical(name) for name in self._waiting.models}
        wanted.update(canonical(job.model) for job in (*self._encoding, *self._aligning))
        return any(canonical(name) in wanted for name in self._models.names(loaded))

    def _note_use(self) -> None:
        """Note which models have been in use up to now.

        It comes before the commands, since one of them may end such a use.
        """
        for loaded in self._models:
            if self._in_use(loaded):
                loaded.touch()

    def _cancel(self, job: Job) -> None:
        error = Cancelled("The request was cancelled.")
        if isinstance(job, SpeechJob) and any(r.cancel(job, error) for r in self._runners):
            return
        if any(jobs.remove(job) for jobs in self._not_begun):
            self._finish(job, Failed(error))

    def _append_text(self, command: AppendText) -> None:
        is_active = any(runner.append_text(command) for runner in self._runners)
        if not is_active and command.job in self._early_text:
            self._early_text[command.job].append(command)

    def _stop(self) -> None:
        self._stopping = True
        for job in self._jobs():
            self._cancel(job)

    def _jobs(self) -> list[Job]:
        return [*chain(*self._not_begun), *(speech.job for speech in self._active)]

    @property
    def _can_admit(self) -> bool:
        return self._waiting.can_admit(self._active)

    def _admit(self) -> None:
        """Admit one waiting request a round: building its prompt takes time."""
        admitted = time.perf_counter()
        starved_one = self._waiting.find_starved(self._active)
        if starved_one is not None:
            error = starved_one.make_starved_error()
            any(runner.cancel(starved_one.job, error) for runner in self._runners)
        job = self._waiting.take(self._active)
        if job is None:
            return
        self._heartbeat.beat("preparing a request")
        name = job.request.model
        loaded = self._models.get(name)
        try:
            if loaded is None:  # it has been unloaded or replaced since
                self._loading.park(name, job)
                return
            loaded.touch()
            self._waiting.release_model(job.stream)
            self._waiting.release_place(job.stream)
            utterance = self._references.resolve(loaded, job.request.utterance)
            runner = next((one for one in self._runners if one.can_run(loaded)), None)
            if runner is None:
                raise cannot_speak(name)
            runner.admit(job, loaded, utterance, admitted)
            for command in self._early_text.pop(job, ()):
                self._append_text(command)
        except Exception as error:
            self._finish(job, Failed(as_sidecar_error(error, "preparing the request")))
        self._publish_figures()

    def _finish(self, job: Job, outcome: Outcome) -> None:
        """End a job: the only place where one ends.

        The figures are published first, since the reader of the outcome may look them up.
        """
        if isinstance(job, SpeechJob):
            self._early_text.pop(job, None)
            if isinstance(outcome, Done):
                self._waiting.reserve(job)
        if isinstance(job, SpeechJob | EncodeJob | AlignJob):
            # Its last piece of work, since which no use was noted, may have taken a minute.
            loaded = self._models.get(_model(job))
            if loaded is not None:
                loaded.touch()
        self._publish_figures()
        job.events.put(outcome)

    def _publish_figures(self) -> None:
        self._publish(take_snapshot(self._models, self._active, self._references, self._queued))


def _model(job: SpeechJob | EncodeJob | AlignJob) -> str:
    return job.request.model if isinstance(job, SpeechJob) else job.model
