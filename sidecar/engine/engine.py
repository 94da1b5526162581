"""The engine as the rest of the program sees it: an inbox, a thread, a status snapshot.

This module does not import MLX. The engine thread imports MLX when it starts, and then the
scheduler and all other modules that need MLX.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from typing import TYPE_CHECKING, Any

from sidecar.engine.commands import AppendText, Cancel, Command, HoldModel, Release, Stop, Wake
from sidecar.engine.events import Events, Failed
from sidecar.engine.request import (
    AlignJob,
    EncodeJob,
    Excerpt,
    Job,
    LoadJob,
    LoadOptions,
    SpeechJob,
    SpeechRequest,
    Stream,
    UnloadJob,
)
from sidecar.engine.status import EngineStatus
from sidecar.engine.watchdog import Heartbeat, Watchdog
from sidecar.errors import InternalError, ModelLoadFailed, SidecarError
from sidecar.limits import HANG_SECONDS
from sidecar.memory import DEFAULT_LIMIT, MemoryLimit
from sidecar.models import backend
from sidecar.models.base import ModelInfo

if TYPE_CHECKING:
    from sidecar.audio.reference import Recording

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5


class Engine:
    """Runs synthesis on a thread of its own.

    Every method may be called from any thread; all except `backend` and `stop` return at once. A
    job reports by its events: iterate over the job, or pass a queue that several jobs share. When
    too many jobs are in flight, a job fails with `QueueFull`, unless it is `admitted`: a later step
    of something that was admitted before.

    Args:
        hang_seconds: how long one piece of work may take before the watchdog calls it hung; 0 is
            for ever. `watchdog.look` has to be called every LOOK_SECONDS.
        memory_limit: how much memory models may use together.
        keep_alive: seconds that a model stays in memory without work, unless its load says
            otherwise; negative is for ever.

    Attributes:
        status: the latest snapshot that the engine thread has published.
    """

    def __init__(
        self,
        hang_seconds: float = HANG_SECONDS,
        memory_limit: MemoryLimit = DEFAULT_LIMIT,
        keep_alive: float = -1.0,
    ) -> None:
        self._memory_limit = memory_limit
        self._keep_alive = keep_alive
        self.status = EngineStatus()
        self._known = threading.Event()  # set with the first status
        self.heartbeat = Heartbeat()
        self.watchdog = Watchdog(self.heartbeat, hang_seconds, LOOK_SECONDS)
        self._inbox: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    @property
    def loaded(self) -> set[str]:
        """All names by which the models in memory were asked for."""
        return {name for model in self.status.models for name in model.names}

    def find_info(self, model: str) -> ModelInfo | None:
        """Return what is known of a model in memory; None if it is not, or was not a moment ago."""
        return next((one.info for one in self.status.models if model in one.names), None)

    def backend(self, timeout: float) -> str | None:
        """Wait until MLX is imported, at most `timeout` seconds, and return metal, cuda or cpu.

        Returns None if it is not imported by then, or cannot be.
        """
        self._known.wait(timeout)
        name = self.status.backend
        return None if name in ("starting", "broken") else name

    def start(self) -> None:
        self._thread.start()

    def submit(
        self,
        request: SpeechRequest,
        stream: Stream | None = None,
        events: Events[Any] | None = None,
        *,
        admitted: bool = False,
    ) -> SpeechJob:
        """Queue a request. Its events are the chunks of audio, then the outcome.

        Args:
            stream: the same for all requests that one listener hears one after another; see
                `more_follows`.
        """
        job = SpeechJob(
            request=request,
            events=self._events(events),
            submitted=time.perf_counter() if stream is None else stream.since,
            stream=stream,
            admitted=admitted,
        )
        self._inbox.put(job)
        return job

    def hold_model(self, model: str, stream: Stream) -> None:
        """Count a model as in use, so that nothing unloads it, until the stream's first job.

        Do nothing if the model is not in memory. `release` ends this, too.
        """
        self._inbox.put(HoldModel(model, stream))

    def release(self, stream: Stream) -> None:
        """Give up what is reserved or held for a stream; do nothing if nothing is."""
        self._inbox.put(Release(stream))

    def load(
        self,
        model: str,
        options: LoadOptions,
        events: Events[Any] | None = None,
        *,
        admitted: bool = False,
    ) -> LoadJob:
        """Find a model, download it if need be, and load it. Each stage is an event."""
        job = LoadJob(model=model, options=options, events=self._events(events), admitted=admitted)
        self._inbox.put(job)
        return job

    def encode(self, model: str, recording: Recording, *, admitted: bool = False) -> EncodeJob:
        """Encode a recording for a model, which is loaded if it is not in memory."""
        job = EncodeJob(
            model=model, recording=recording, events=self._events(None), admitted=admitted
        )
        self._inbox.put(job)
        return job

    def align(self, aligner: str, excerpt: Excerpt, events: Events[Any] | None = None) -> AlignJob:
        """Find when words were spoken, as a later step of a speech.

        The aligner is loaded if it is not in memory. It is not downloaded: if it is not on this
        machine, the job fails with `ModelNotDownloaded`.
        """
        job = AlignJob(model=aligner, excerpt=excerpt, events=self._events(events), admitted=True)
        self._inbox.put(job)
        return job

    def unload(self, model: str, wait: bool = False, if_loaded: bool = False) -> UnloadJob:
        """Free a model. While it is in use, this fails, or with `wait` waits until it is not.

        Args:
            if_loaded: a model that is not in memory is no error, unless requests wait for it.
        """
        job = UnloadJob(model=model, events=self._events(None), wait=wait, if_loaded=if_loaded)
        self._inbox.put(job)
        return job

    def _events(self, given: Events[Any] | None) -> Events[Any]:
        return Events() if given is None else given

    def cancel(self, job: Job) -> None:
        """End a job with `Cancelled`; do nothing if it has ended already."""
        job.cancelled.set()
        self._inbox.put(Cancel(job))

    def append_text(self, job: SpeechJob, text: str, last: bool) -> None:
        """Add text to a request with `Utterance.more_text`; do nothing if it has ended.

        Args:
            last: no more text follows.
        """
        self._inbox.put(AppendText(job, text, last))

    def wake(self) -> None:
        """Have the engine look again at jobs whose events had no room for more audio."""
        self._inbox.put(Wake())

    def stop(self, timeout: float) -> bool:
        """Cancel everything and end the thread. Return False if it is still busy after `timeout`.

        A program that has stopped an engine should leave by os._exit: MLX cleans up at the end of
        its thread, needs the interpreter for that, and aborts the process if that is shutting down.
        """
        if self._thread.is_alive():
            self._inbox.put(Stop())
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        self.heartbeat.beat("importing MLX")
        try:
            backend.prepare()
            from sidecar.engine.scheduler import Scheduler
        except Exception as error:  # not installed, or no driver for its backend
            log.error("MLX or mlx-audio cannot be used: %s", error)
            self._refuse(
                ModelLoadFailed(
                    f"MLX or mlx-audio cannot be used: {error}",
                    hint="On Linux: pip install 'mlx[cpu]', or 'mlx[cuda12]' or 'mlx[cuda13]'.",
                )
            )
            return
        try:
            limit = self._memory_limit.of(backend.memory_bytes())
            Scheduler(self._inbox, self._publish, self.heartbeat, limit, self._keep_alive).run()
        except BaseException:  # a bug; the scheduler has ended its own jobs
            log.exception("the engine has failed")
            self._refuse(InternalError("The engine has failed.", hint="Start a new process."))

    def _publish(self, status: EngineStatus) -> None:
        self.status = status
        self._known.set()

    def _refuse(self, error: SidecarError) -> None:
        """End every job with `error` until the engine is stopped."""
        self.heartbeat.beat(None)
        self._publish(EngineStatus(backend="broken"))
        while not isinstance(command := self._inbox.get(), Stop):
            if isinstance(command, Job):
                command.events.put(Failed(error))
