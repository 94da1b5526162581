"""A request that is being spoken: what is counted of it, whichever kind of model speaks."""

from __future__ import annotations

import math
import random
import time
from typing import Generic, TypeVar

import mlx.core as mx
import numpy as np
from numpy.typing import NDArray

from sidecar.engine.events import AudioChunk, FinishReason, SpeechFigures, SpeechResult
from sidecar.engine.failures import not_finite
from sidecar.engine.loaded import Loaded
from sidecar.engine.request import SpeechJob
from sidecar.engine.window import WaitsFor
from sidecar.errors import Notice, SidecarError, gave_way
from sidecar.limits import STARVED_SECONDS, UNGRANTED_SECONDS

# A stream that has had no credit for so long gives its place to others; a client that plays renews
# its grant more often.
_CREDIT_PATIENCE = 2.0

L = TypeVar("L", bound=Loaded, covariant=True)


class ActiveSpeech(Generic[L]):
    """One request from its admission to its last chunk of audio.

    Args:
        admitted: when its preparation began, by time.perf_counter.

    Attributes:
        frames: frames of audio so far.
        samples: samples handed out so far.
    """

    def __init__(
        self, job: SpeechJob, loaded: L, admitted: float, notices: tuple[Notice, ...] = ()
    ) -> None:
        seed = job.request.seed
        self.job = job
        self.loaded = loaded
        self.seed = random.getrandbits(32) if seed is None else seed
        self.frames = 0
        self.samples = 0
        self.finish_reason: FinishReason | None = None
        self._rate = loaded.model.info.sample_rate
        self._admitted = admitted
        self._notices = notices
        self._first_audio: float | None = None
        self._idle_seconds = 0.0  # in which it waited for its client
        self._paused_since: float | None = None

    @property
    def is_waiting_for_text(self) -> bool:
        """Whether it cannot go on before more of its text has arrived."""
        return False

    def has_room(self, coming: float = 0.0) -> bool:
        """Return whether its reader takes more audio, and note how long it did not.

        Args:
            coming: seconds of audio that are being made and not handed out yet.
        """
        has_room, now = self.job.events.has_room(coming), time.perf_counter()
        if not has_room:
            self._paused_since = self._paused_since or now
        elif self._paused_since is not None:
            self._idle_seconds += now - self._paused_since
            self._paused_since = None
        return has_room

    @property
    def waits_for(self) -> WaitsFor | None:
        """What its client has to send before it goes on, if anything."""
        listener = self.job.events.waits_for
        if listener == "resume":
            return listener
        if self.is_waiting_for_text:
            return "text"
        return None if self._paused_since is None else listener

    @property
    def seconds_to_yield(self) -> float:
        """Seconds until it gives its place to other requests; infinite if it goes on meanwhile."""
        match self.waits_for:
            case "text" | "resume":
                return 0.0
            case "credit" if self._paused_since is not None:
                return max(0.0, self._paused_since + _CREDIT_PATIENCE - time.perf_counter())
            case _:
                return math.inf

    @property
    def starved_since(self) -> float | None:
        """When it began to wait for text, by time.perf_counter; None if it does not wait."""
        return None

    @property
    def starves_at(self) -> float:
        """When it has waited too long for its client to keep its place from a request that needs
        one, by time.perf_counter; infinite if it goes on."""
        if self.waits_for in ("credit", "resume"):
            since = self._paused_since
            return math.inf if since is None else since + UNGRANTED_SECONDS
        return math.inf if self.starved_since is None else self.starved_since + STARVED_SECONDS

    def make_starved_error(self) -> SidecarError:
        """Return the error with which it then ends."""
        return gave_way(self.waits_for)

    @property
    def audio_seconds(self) -> float:
        return self.samples / self._rate

    @property
    def elapsed(self) -> float:
        return time.perf_counter() - self._admitted

    def unspoken(self) -> tuple[str, ...]:
        """Return the letters of its text that the model has not learned and has left out."""
        return ()

    def result(self) -> SpeechResult:
        assert self.finish_reason is not None
        submitted = self.job.submitted
        figures = SpeechFigures(
            finish_reason=self.finish_reason,
            frames=self.frames,
            samples=self.samples,
            sample_rate=self._rate,
            seed=self.seed,
            queue_seconds=self._admitted - submitted,
            first_audio_seconds=(self._first_audio or time.perf_counter()) - submitted,
            generation_seconds=self.elapsed - self._idle_seconds,
            peak_memory_bytes=mx.get_peak_memory(),
        )
        return SpeechResult(figures, self._notices, self.unspoken())

    def _put(self, samples: NDArray[np.float32], codes: NDArray[np.int32]) -> None:
        """Hand out a chunk.

        Raises:
            GenerationFailed: a sample is infinite or not a number.
        """
        if not np.isfinite(samples).all():
            raise not_finite("audio")
        self.samples += len(samples)
        self.job.events.put(AudioChunk(samples, codes, self._rate))
        if self._first_audio is None:
            self._first_audio = time.perf_counter()
