"""The events of a job, which the engine thread puts into a queue that one other thread reads."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

import msgspec

from sidecar.engine.window import WaitsFor, Window
from sidecar.errors import Notice, SidecarError
from sidecar.models.aligners import Times
from sidecar.models.base import ModelInfo, VoicePrompt, WordTimes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sidecar.models.hub.download import Progress

FinishReason = Literal["stop", "length", "runaway"]


class AudioChunk(msgspec.Struct, frozen=True):
    """The next piece of a job's audio. The chunks of a job come in order and leave no gaps.

    Attributes:
        samples: float32 [frames × samples per frame].
        codes: int32 [frames, codebooks], which the samples were decoded from.
        sample_rate: samples per second.
    """

    samples: NDArray[np.float32]
    codes: NDArray[np.int32]
    sample_rate: int

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.sample_rate


class SpeechFigures(msgspec.Struct, frozen=True):
    """The figures of an utterance, or of several utterances of one stream.

    Attributes:
        finish_reason: "stop": the speech ended by itself; "length": it reached the limit of
            frames; "runaway": it did not end by itself, and was cut.
        frames: frames of audio.
        samples: samples of audio, at `sample_rate`.
        queue_seconds: from the request to the beginning of its preparation.
        first_audio_seconds: from the request to the first chunk.
        generation_seconds: time that the generation took, without the waits for text, for credit
            and for a reader that was behind.
        peak_memory_bytes: the most that MLX has allocated since the process began.
    """

    finish_reason: FinishReason
    frames: int
    samples: int
    sample_rate: int
    seed: int
    queue_seconds: float
    first_audio_seconds: float
    generation_seconds: float
    peak_memory_bytes: int

    def __add__(self, later: SpeechFigures) -> SpeechFigures:
        """Return the figures of both as one stream, which ran away if one of them did."""
        ran_away = "runaway" in (self.finish_reason, later.finish_reason)
        return SpeechFigures(
            finish_reason="runaway" if ran_away else later.finish_reason,
            frames=self.frames + later.frames,
            samples=self.samples + later.samples,
            sample_rate=self.sample_rate,
            seed=self.seed,
            queue_seconds=self.queue_seconds,
            first_audio_seconds=self.first_audio_seconds,
            generation_seconds=self.generation_seconds + later.generation_seconds,
            peak_memory_bytes=max(self.peak_memory_bytes, later.peak_memory_bytes),
        )

    @property
    def audio_seconds(self) -> float:
        return self.samples / self.sample_rate

    @property
    def real_time_factor(self) -> float:
        """Seconds of generation per second of audio; below 1 is faster than playback."""
        return self.generation_seconds / self.audio_seconds if self.samples else 0.0


class SpeechResult(msgspec.Struct, frozen=True):
    """The result of an utterance.

    Attributes:
        notices: what was noticed about its reference recording.
        unspoken: letters of its text that the model has not learned and has left out.
    """

    figures: SpeechFigures
    notices: tuple[Notice, ...] = ()
    unspoken: tuple[str, ...] = ()


class EncodedVoice(msgspec.Struct, frozen=True):
    """The result of an encoding: what a model needs of a recording to speak with its voice."""

    info: ModelInfo
    features: VoicePrompt


class Alignment(msgspec.Struct, frozen=True):
    """The result of an alignment.

    Attributes:
        times: when each word was spoken; None if the aligner is not sure.
        grain_ms: the distance of the times that it can tell apart, in milliseconds.
    """

    times: Times | None
    grain_ms: float


class LoadResult(msgspec.Struct, frozen=True):
    """The result of a load: a model that is in memory now.

    Attributes:
        bits: bits per weight if the model is quantised; None if it is not.
        keep_alive: seconds that the model stays in memory without work; negative is for ever.
    """

    info: ModelInfo
    dtype: str
    memory_bytes: int
    load_seconds: float
    bits: int | None = None
    keep_alive: float = -1.0


class Stage(msgspec.Struct, frozen=True):
    """A step of a load begins.

    Attributes:
        detail: the model's name.
    """

    stage: Literal["resolving", "loading"]
    detail: str


class Download(msgspec.Struct, frozen=True):
    """Progress of a model's download; there are at most some ten of these a second."""

    progress: Progress


class WaitingForText(msgspec.Struct, frozen=True):
    """The job has spoken all text that it has, and waits for more.

    Attributes:
        appended: how many calls of `Engine.append_text` the job had received by then. The text of
            a later call may still have been on its way.
    """

    appended: int


class Done(msgspec.Struct, frozen=True):
    """The job has succeeded. It is the last event of the job.

    Attributes:
        result: the result of a load, a synthesis, an encoding or an alignment; None after an
            unload.
    """

    result: SpeechResult | LoadResult | EncodedVoice | Alignment | None = None


class Failed(msgspec.Struct, frozen=True):
    """The job has failed or was cancelled. It is the last event of the job.

    Several jobs may share one error.
    """

    error: SidecarError


Outcome = Done | Failed
Event = AudioChunk | WordTimes | Stage | Download | WaitingForText | Done | Failed

T = TypeVar("T")


class Events(Generic[T]):
    """A queue from the engine thread to one reader, with back-pressure.

    Several jobs, one after another, may put their events into one queue, and the reader's own
    threads may put other messages between them.

    Args:
        window: how far the audio may be ahead of the reader; None is no limit.
        is_open: returns whether the reader's own output has room for more audio. The engine thread
            calls it.
    """

    def __init__(
        self, window: Window | None = None, is_open: Callable[[], bool] = lambda: True
    ) -> None:
        self._window = window or Window()
        self._is_open = is_open
        self._queue: queue.SimpleQueue[T] = queue.SimpleQueue()
        self._in_hand = 0.0  # seconds of audio that the reader was given last

    @property
    def is_open(self) -> bool:
        """Whether the reader's own output has room for more audio."""
        return self._is_open()

    def put(self, event: T) -> None:
        """Add an event. It never blocks; the engine asks `has_room` before it makes audio."""
        if isinstance(event, AudioChunk):
            self._window.make(event.seconds)
        self._queue.put(event)

    def has_room(self, coming: float = 0.0) -> bool:
        """Return whether more audio may be made. If not, the engine is woken once there is room.

        Args:
            coming: seconds of audio that are being made and not put yet.
        """
        return self._window.has_room(coming) and self._is_open()

    @property
    def waits_for(self) -> WaitsFor | None:
        """What the listener has to send before there is more audio, if anything."""
        return self._window.waits_for

    def get(self, timeout: float | None = None) -> T:
        """Block for the next event. The reader is then done with the one before.

        Raises:
            queue.Empty: no event came within `timeout` seconds.
        """
        if self._in_hand:
            self._window.take(self._in_hand)
            self._in_hand = 0.0
        event = self._queue.get(timeout=timeout)
        if isinstance(event, AudioChunk):
            self._in_hand = event.seconds
        return event

    def __iter__(self) -> Iterator[T]:
        """Yield the events of one job; the last one is `Done` or `Failed`."""
        while True:
            event = self.get()
            yield event
            if isinstance(event, Done | Failed):
                return
