"""What the engine is asked for: requests, and the jobs that carry them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from sidecar.engine.events import Event, Events, Outcome
from sidecar.models.base import GenerationDefaults, SamplingParams, Utterance

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sidecar.audio.reference import Recording

Priority = Literal["low", "normal", "high"]
PRIORITIES: tuple[Priority, ...] = ("high", "normal", "low")
# 12 frames are 0.96 s: long enough to amortise a call, short enough to cancel at.
DEFAULT_CHUNK_FRAMES = 12


class SamplingOverrides(msgspec.Struct, frozen=True):
    """Sampling settings of one stage; None takes the checkpoint's."""

    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None

    def over(self, default: SamplingParams) -> SamplingParams:
        """Return `default`, with these settings in place of its own."""
        return SamplingParams(
            default.temperature if self.temperature is None else self.temperature,
            default.top_k if self.top_k is None else self.top_k,
            default.top_p if self.top_p is None else self.top_p,
        )


class SpeechRequest(msgspec.Struct, frozen=True):
    """One utterance to synthesise.

    Attributes:
        model: the model's alias, hub id or folder.
        seed: the same seed and settings give the same codes; None draws a seed.
        max_frames: length at which the utterance ends with finish reason "length"; None is the
            model's own limit.
        frames_left: a second such limit: what a longer text has left of its frames.
        first_frames: size of the first chunk, in frames of 80 ms.
        chunk_frames: size that later chunks grow to, in frames.
        priority: a higher one is admitted first. A request of low priority also yields to the
            first audio of others, and to others that are not ahead of real time.
        stop_runaway: whether to end speech that does not end by itself; see `engine/runaway.py`.
        more_follows: whether the next job of the same stream is submitted when this one has
            ended. The place of the stream stays reserved for it.
        heard_since: when the listener of the stream got its first audio, by time.perf_counter; None
            before that.
        audio_before: seconds of audio that earlier jobs of the stream have brought.
    """

    model: str
    utterance: Utterance
    talker: SamplingOverrides = msgspec.field(default_factory=SamplingOverrides)
    subtalker: SamplingOverrides = msgspec.field(default_factory=SamplingOverrides)
    repetition_penalty: float | None = None
    seed: int | None = None
    max_frames: int | None = None
    frames_left: int | None = None
    first_frames: int = 1
    chunk_frames: int = DEFAULT_CHUNK_FRAMES
    priority: Priority = "normal"
    stop_runaway: bool = True
    more_follows: bool = False
    heard_since: float | None = None
    audio_before: float = 0.0

    def limit_frames(self, default: int) -> int:
        """Return how many frames the utterance may have, where the model's own limit is known."""
        frames = self.max_frames or default
        return min(frames, self.frames_left or frames)

    def penalty(self, defaults: GenerationDefaults) -> float:
        """Return the repetition penalty, which is the checkpoint's unless the request has one."""
        given = self.repetition_penalty
        return defaults.repetition_penalty if given is None else given


class LoadOptions(msgspec.Struct, frozen=True):
    """How to load a model.

    Attributes:
        dtype: type of the weights; "auto" chooses one for the device.
        bits: bits per weight to quantise the model to; None takes it as it is stored, or loaded.
        keep_alive: seconds that the model stays in memory without work; negative is for ever.
        is_awaited: a request waits for the model. On the CPU its own first frames are the warm-up,
            as nothing has to be compiled.
    """

    dtype: str = "auto"
    bits: int | None = None
    keep_alive: float | None = None
    is_awaited: bool = False


class Stream(msgspec.Struct, frozen=True, eq=False):
    """What the jobs of one synthesis have in common. It is compared by its identity.

    Attributes:
        since: when the synthesis was asked for, by time.perf_counter.
    """

    since: float


class Job(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """Work in flight. Iterate over it for its events; the job itself is what `cancel` takes.

    Attributes:
        events: where the engine puts the events; several jobs, one after another, may share it.
        admitted: whether the job is a later step of something that was admitted before; then a
            full queue does not refuse it.
        cancelled: set by `Engine.cancel`. A load looks at it between two stages, when the engine
            reads no commands.
    """

    events: Events[Any]
    admitted: bool = False
    cancelled: threading.Event = msgspec.field(default_factory=threading.Event)

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)


class SpeechJob(Job, frozen=True, kw_only=True):
    """A request for speech in flight.

    Attributes:
        submitted: when the speech was asked for, by time.perf_counter; among jobs of one priority,
            the earliest is admitted first.
        stream: what it has in common with the other jobs of its synthesis; None if it is alone.
    """

    request: SpeechRequest
    submitted: float
    stream: Stream | None = None


class LoadJob(Job, frozen=True, kw_only=True):
    """A model to load."""

    model: str
    options: LoadOptions


class EncodeJob(Job, frozen=True, kw_only=True):
    """A recording to encode, so that the model can speak with its voice."""

    model: str
    recording: Recording


class Excerpt(msgspec.Struct, frozen=True, eq=False):
    """What an aligner is given; the fields are the arguments of `Aligner.align`."""

    samples: NDArray[np.float32]
    sample_rate: int
    units: tuple[str, ...]
    language: str


class AlignJob(Job, frozen=True, kw_only=True):
    """Words to find in their speech.

    Attributes:
        model: an aligner, which must be on this machine: it is not downloaded for this.
    """

    model: str
    excerpt: Excerpt


class UnloadJob(Job, frozen=True, kw_only=True):
    """A model to unload.

    Attributes:
        wait: whether to wait until the model is not in use; otherwise a model in use is refused.
        if_loaded: whether a model that is not in memory is no error. Then a model for which
            requests wait counts as in use.
    """

    model: str
    wait: bool = False
    if_loaded: bool = False


# How the engine ends a job; see `Scheduler._finish`.
Finish = Callable[[Job, Outcome], None]
