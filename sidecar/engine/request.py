"""What the engine is asked for: requests, and the jobs that carry them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from sidecar.engine.events import Event, Events, Outcome
from sidecar.models.base import GenerationDefaults, SamplingParams, Utterance

if TYPE_CHECKING:
    from sidecar.audio.reference import Recording
    from sidecar.engine.commands import AppendText

Priority = Literal["low", "normal", "high"]
PRIORITIES: tuple[Priority, ...] = ("high", "normal", "low")
# 12 frames are 0.96 s: long enough to amortise a call, short enough to cancel at.
DEFAULT_CHUNK_FRAMES = 12


class SamplingOverrides(msgspec.Struct, frozen=True):
    """What a request says about one stage; None leaves it to the checkpoint."""

    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None

    def over(self, default: SamplingParams) -> SamplingParams:
        return SamplingParams(
            default.temperature if self.temperature is None else self.temperature,
            default.top_k if self.top_k is None else self.top_k,
            default.top_p if self.top_p is None else self.top_p,
        )


class SpeechRequest(msgspec.Struct, frozen=True):
    """One utterance to synthesise.

    Attributes:
        model: alias, hub id or folder.
        seed: same seed, same settings, same codes; None draws one.
        max_frames: ends the utterance with finish reason "length"; None is the model's own.
        frames_left: does so, too: what is left of a longer speech's.
        first_frames: size of the first chunk, in frames of 80 ms.
        chunk_frames: size that later chunks grow to.
        priority: who is admitted first; a stream of low priority also yields to the others'
            first audio, and to those who are not ahead of real time.
        stop_runaway: ends speech that does not end by itself; see `engine/runaway.py`.
        more_follows: the next job of the same stream comes when this has ended. Its place is held.
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

    def penalty(self, defaults: GenerationDefaults) -> float:
        given = self.repetition_penalty
        return defaults.repetition_penalty if given is None else given


class LoadOptions(msgspec.Struct, frozen=True):
    """How a model is to be in memory.

    Attributes:
        bits: to quantise it to.
        keep_alive: seconds it stays without work; negative is for ever.
    """

    dtype: str = "auto"
    bits: int | None = None
    keep_alive: float | None = None


class Stream(msgspec.Struct, eq=False):
    """What the jobs of one narration have in common; it is told by its identity.

    Attributes:
        since: when it was asked for, by time.perf_counter.
        first_audio: when its first audio came; None until then.
        seconds: of audio that its ended jobs have brought.
    """

    since: float
    first_audio: float | None = None
    seconds: float = 0.0


class Job(msgspec.Struct, eq=False, kw_only=True):
    """Work in flight. Iterate over it for its events; its identity is the handle to cancel it with.

    Attributes:
        events: where the engine reports; several jobs, one after another, may share it.
        admitted: it is a step of something that has been let in; a full queue does not refuse it.
        cancelled: set by whoever cancels a job, from any thread: a load looks at it between two
            stages, when the inbox is not read.
    """

    events: Events[Any]
    admitted: bool = False
    cancelled: bool = False

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)


class SpeechJob(Job, kw_only=True):
    """A synthesis in flight.

    Attributes:
        submitted: when, by time.perf_counter; who waits is admitted in this order.
        stream: of the narration that it is a part of.
        more_text: what `AppendText` brought before the row was there to take it.
        starved_since: when its row ran out of text, by time.perf_counter; None while it has some.
    """

    request: SpeechRequest
    submitted: float
    stream: Stream | None = None
    more_text: list[AppendText] = []
    starved_since: float | None = None


class LoadJob(Job, kw_only=True):
    """A model to be loaded."""

    model: str
    options: LoadOptions


class EncodeJob(Job, kw_only=True):
    """A recording to be made a voice of."""

    model: str
    recording: Recording


class UnloadJob(Job, kw_only=True):
    """`wait`: when its streams have ended, instead of not at all."""

    model: str
    wait: bool = False


# How the engine ends a job; see `Scheduler._finish`.
Finish = Callable[[Job, Outcome], None]
