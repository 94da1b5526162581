"""What goes into the engine and what comes out: requests, commands, sinks."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Literal, Protocol

import msgspec

from sidecar.errors import Notice, SidecarError
from sidecar.models.base import (
    GenerationDefaults,
    ModelInfo,
    SamplingParams,
    Utterance,
    VoiceFeatures,
)
from sidecar.models.catalog import Checkpoint

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sidecar.models.download import Progress
    from sidecar.recording import Recording

FinishReason = Literal["stop", "length", "runaway"]
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


class SynthesisRequest(msgspec.Struct, frozen=True):
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
        stop_runaway: ends speech that does not end by itself; see `engine/guard.py`.
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


class AudioChunk(msgspec.Struct, frozen=True):
    """Audio in order, without gaps.

    Attributes:
        samples: float32 [frames × samples per frame].
        codes: int32 [frames, codebooks] it was decoded from.
        sample_rate: samples per second.
    """

    samples: NDArray[np.float32]
    codes: NDArray[np.int32]
    sample_rate: int


class SynthesisResult(msgspec.Struct, frozen=True):
    """The end of an utterance; times in seconds.

    Attributes:
        unspoken: letters of its text that the model has not learned and has left out.
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
    notices: tuple[Notice, ...] = ()
    unspoken: tuple[str, ...] = ()

    @property
    def audio_seconds(self) -> float:
        return self.samples / self.sample_rate

    @property
    def real_time_factor(self) -> float:
        """Compute ÷ audio: below 1 is faster than playback."""
        return self.generation_seconds / self.audio_seconds if self.samples else 0.0


class EncodedVoice(msgspec.Struct, frozen=True):
    """A recording as a model heard it."""

    info: ModelInfo
    features: VoiceFeatures


class LoadResult(msgspec.Struct, frozen=True):
    """A model that is in memory now."""

    info: ModelInfo
    dtype: str
    memory_bytes: int
    load_seconds: float
    bits: int | None = None
    keep_alive: float = -1.0


class LoadOptions(msgspec.Struct, frozen=True):
    """How a model is to be in memory.

    Attributes:
        bits: to quantise it to.
        keep_alive: seconds it stays without work; negative is for ever.
    """

    dtype: str = "auto"
    bits: int | None = None
    keep_alive: float | None = None


class Sink(Protocol):
    """Where a job reports; called on the engine thread, must not block.

    Exactly one of the ends, `failed` or the job's own `done`, comes last.
    """

    def failed(self, error: SidecarError) -> None: ...


class SpeechSink(Sink, Protocol):
    def ready(self) -> bool:
        """False pauses the row until `Engine.wake`; nothing is generated ahead of a reader."""
        ...

    def audio(self, chunk: AudioChunk) -> None: ...

    def done(self, result: SynthesisResult) -> None: ...


class LoadSink(Sink, Protocol):
    def stage(self, stage: Literal["resolving", "loading"], detail: str) -> None: ...

    def downloading(self, progress: Progress) -> None:
        """It is being fetched; at most some ten times a second."""
        ...

    def done(self, result: LoadResult) -> None: ...


class EncodeSink(Sink, Protocol):
    def done(self, result: EncodedVoice) -> None: ...


class UnloadSink(Sink, Protocol):
    def done(self) -> None: ...


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


class SpeechJob(msgspec.Struct, eq=False):
    """A synthesis in flight; its identity is the handle to cancel it with.

    Attributes:
        submitted: when, by time.perf_counter; who waits is admitted in this order.
        stream: of the narration that it is a part of.
        admitted: it is a step of something that has been let in; a full queue does not refuse it.
        more_text: what `AppendText` brought before the row was there to take it.
        starved_since: when its row ran out of text, by time.perf_counter; None while it has some.
        cancelled: set by whoever cancels a job, from any thread: a load looks at it between two
            stages, when the inbox is not read.
    """

    request: SynthesisRequest
    sink: SpeechSink
    submitted: float
    stream: Stream | None = None
    admitted: bool = False
    more_text: list[AppendText] = []
    starved_since: float | None = None
    cancelled: bool = False


class LoadJob(msgspec.Struct, eq=False):
    model: str
    options: LoadOptions
    sink: LoadSink
    admitted: bool = False
    cancelled: bool = False


class EncodeJob(msgspec.Struct, eq=False):
    """A recording to be made a voice of."""

    model: str
    recording: Recording
    sink: EncodeSink
    admitted: bool = False
    cancelled: bool = False


class UnloadJob(msgspec.Struct, eq=False):
    """`wait`: when its streams have ended, instead of not at all."""

    model: str
    sink: UnloadSink
    wait: bool = False
    cancelled: bool = False


Job = SpeechJob | LoadJob | EncodeJob | UnloadJob


class Cancel(msgspec.Struct, frozen=True):
    job: Job


class Release(msgspec.Struct, frozen=True):
    """The next job of a stream whose place is held does not come after all."""

    stream: Stream


class AppendText(msgspec.Struct, frozen=True):
    """More of the text of a request with `Utterance.more_text`; `last` says there is no more."""

    job: SpeechJob
    text: str
    last: bool


class Expire(msgspec.Struct, frozen=True):
    """Some model's time without work may be over."""


class Wake(msgspec.Struct, frozen=True):
    """A sink may be ready again."""


class Stop(msgspec.Struct, frozen=True):
    """Cancel everything and end the thread."""


class Search(msgspec.Struct, eq=False):
    """The search for a model's folder, which may be a download.

    Attributes:
        jobs: who waits for it; the engine thread's.
        cancelled: nobody does any more.
    """

    model: str
    jobs: list[Job] = []
    cancelled: threading.Event = msgspec.field(default_factory=threading.Event)


class Downloading(msgspec.Struct, frozen=True):
    """The folder is not on this machine; its repository is being fetched."""

    search: Search
    progress: Progress


class Found(msgspec.Struct, frozen=True):
    """The search has ended."""

    search: Search
    outcome: Checkpoint | SidecarError

    @property
    def model(self) -> str:
        return self.search.model


Command = Job | Cancel | Release | AppendText | Expire | Wake | Stop | Downloading | Found
