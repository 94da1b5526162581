"""Models that speak by themselves: their generators take turns, a step at a time."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import mlx.core as mx
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from sidecar.audio.reference import Recording
from sidecar.engine.events import AudioChunk, Done, Failed, FinishReason, SpeechResult
from sidecar.engine.failures import as_sidecar_error
from sidecar.engine.models import Loaded, LoadedGenerator
from sidecar.engine.request import PRIORITIES, Finish, SpeechJob
from sidecar.engine.row import not_finite
from sidecar.engine.watchdog import Pulse
from sidecar.errors import GenerationFailed, IncompatibleVoice, SidecarError
from sidecar.limits import MAX_FRAMES
from sidecar.models import randomness
from sidecar.models.base import GenerationSettings, ReferenceAudio, Utterance

# What is counted as a frame where there are none: of Qwen3-TTS's length.
FRAME_SECONDS = 0.08
_DEFAULT_FRAMES = 2048


class Speech:
    """One utterance of a generator, from its request to its last chunk.

    Attributes:
        frames: of `FRAME_SECONDS`, a begun one at the end counts.
        pending: samples that are not handed out yet.
    """

    def __init__(self, job: SpeechJob, loaded: LoadedGenerator, prompt: Any) -> None:
        request = job.request
        self.job = job
        self.loaded = loaded
        self.seed = random.getrandbits(32) if request.seed is None else request.seed
        self.frames = 0
        self.samples = 0
        self.pending: NDArray[np.float32] = np.zeros(0, np.float32)
        self.finish_reason: FinishReason | None = None
        self._prompt = prompt
        self._steps: Iterator[mx.array] | None = None
        self._random = self.seed
        self._rate = loaded.model.info.sample_rate
        self._frame = self._rate * FRAME_SECONDS
        most = request.max_frames or _DEFAULT_FRAMES
        self._most = round(min(most, request.frames_left or most) * self._frame)
        self._chunk = round(request.chunk_frames * self._frame)
        self._admitted = time.perf_counter()
        self._first_audio: float | None = None

    @property
    def has_begun(self) -> bool:
        return self._steps is not None

    @property
    def is_done(self) -> bool:
        return self.finish_reason is not None and not len(self.pending)

    @property
    def can_step(self) -> bool:
        return self.job.events.has_room() and not self.is_done

    @property
    def audio_seconds(self) -> float:
        return self.samples / self._rate

    @property
    def elapsed(self) -> float:
        return time.perf_counter() - self._admitted

    def step(self) -> None:
        """Hands out a chunk, or has the next audio generated.

        Raises:
            GenerationFailed, and whatever the family raises.
        """
        if len(self.pending):
            self._deliver()
        else:
            self._generate()

    def close(self) -> None:
        """Ends the generator, in the middle if need be."""
        close: Callable[[], None] | None = getattr(self._steps, "close", None)
        if close is not None:
            close()
        self._steps = iter(())

    def _generate(self) -> None:
        mx.random.seed(self._random)
        if self._steps is None:
            self._steps = self.loaded.model.speak(self._prompt)
        samples = next(self._steps, None)
        self._random = randomness.state()
        if samples is not None:
            self.pending = np.array(samples, dtype=np.float32).reshape(-1)[: self._left]
            if not np.isfinite(self.pending).all():
                raise not_finite("audio")
        if samples is None or len(self.pending) >= self._left:
            self.close()
            self.finish_reason = "stop" if samples is None else "length"
            if samples is None and not self.samples:
                raise GenerationFailed(
                    "The model has generated no audio.", hint="Try another seed or text."
                )

    @property
    def _left(self) -> int:
        return self._most - self.samples

    def _deliver(self) -> None:
        chunk, self.pending = self.pending[: self._chunk], self.pending[self._chunk :]
        self.samples += len(chunk)
        frames = math.ceil(self.samples / self._frame - 1e-6) - self.frames
        self.frames += frames
        self.job.events.put(AudioChunk(chunk, np.zeros((frames, 0), np.int32), self._rate))
        if self._first_audio is None:
            self._first_audio = time.perf_counter()

    def result(self) -> SpeechResult:
        assert self.finish_reason is not None
        submitted = self.job.submitted
        return SpeechResult(
            finish_reason=self.finish_reason,
            frames=self.frames,
            samples=self.samples,
            sample_rate=self._rate,
            seed=self.seed,
            queue_seconds=self._admitted - submitted,
            first_audio_seconds=(self._first_audio or time.perf_counter()) - submitted,
            generation_seconds=self.elapsed,
            peak_memory_bytes=mx.get_peak_memory(),
        )


class Speaking:
    """All requests of models that speak by themselves. Engine thread only.

    Args:
        pulse: is told before each step.
        ended: called for each request that was spoken to its end, before it is finished.
        finish: ends a job that has left.
    """

    def __init__(
        self,
        pulse: Pulse,
        ended: Callable[[SpeechJob, Loaded], None],
        finish: Finish,
    ) -> None:
        self.rows: list[Speech] = []
        self._finish = finish
        self._pulse = pulse
        self._ended = ended

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def has_work(self) -> bool:
        return bool(self._turns())

    def find(self, job: object) -> Speech | None:
        return next((row for row in self.rows if row.job is job), None)

    def uses(self, loaded: Loaded) -> bool:
        return any(row.loaded is loaded for row in self.rows)

    def admit(self, job: SpeechJob, loaded: LoadedGenerator) -> None:
        """Takes a request; if it asks for what the model cannot do, that is its answer."""
        try:
            utterance = _resolved(loaded, job.request.utterance)
            prompt = loaded.model.prepare(utterance, _settings(job))
            self.rows.append(Speech(job, loaded, prompt))
        except Exception as error:
            self._finish(job, Failed(as_sidecar_error(error, "preparing the request")))

    def remove(self, row: Speech, error: SidecarError) -> None:
        self.rows.remove(row)
        try:
            row.close()
        except Exception as closing:  # the family's own clean-up; the request has its answer
            as_sidecar_error(closing, "ending the speech")
        self._finish(row.job, Failed(error))

    def advance(self) -> None:
        """A step of whoever's turn it is; behind it comes everybody else's."""
        row = next(iter(self._turns()), None)
        if row is None:
            return
        self._pulse.at(f"generating speech with {row.loaded.model.info.family}")
        try:
            row.step()
        except Exception as error:
            failure = as_sidecar_error(error, "generating")
            self.remove(row, failure)
            return
        self.rows.remove(row)
        if row.is_done:
            self._ended(row.job, row.loaded)
            self._finish(row.job, Done(row.result()))
        else:
            self.rows.append(row)

    def _turns(self) -> list[Speech]:
        """Who can step, in order. Of one model only who has begun, or else who came first: its
        module holds the state of one utterance."""
        speaking: dict[Loaded, Speech] = {row.loaded: row for row in self.rows if row.has_begun}
        for row in sorted(self.rows, key=_urgency):
            speaking.setdefault(row.loaded, row)
        return [row for row in self.rows if speaking[row.loaded] is row and row.can_step]


def _urgency(row: Speech) -> tuple[int, float]:
    return PRIORITIES.index(row.job.request.priority), row.job.submitted


def _resolved(loaded: LoadedGenerator, utterance: Utterance) -> Utterance:
    """A saved voice is another family's, unless a preset has its name."""
    asked = utterance.reference
    if isinstance(asked, ReferenceAudio):
        return replace(utterance, reference=asked.read())
    if asked is None or isinstance(asked, Recording):
        return utterance
    name = (utterance.voice or "").lower()
    if any(preset.name == name for preset in loaded.model.info.voices):
        return replace(utterance, reference=None)
    raise IncompatibleVoice(
        f"{utterance.voice!r} is a saved voice, and a {loaded.model.info.family} model cannot "
        f"speak with those.",
        hint="Leave `model` out, or name a Base model.",
        field="voice",
    )


def _settings(job: SpeechJob) -> GenerationSettings:
    request = job.request
    return GenerationSettings(
        max_seconds=min(request.max_frames or _DEFAULT_FRAMES, MAX_FRAMES) * FRAME_SECONDS,
        temperature=request.talker.temperature,
        top_k=request.talker.top_k,
        top_p=request.talker.top_p,
        repetition_penalty=request.repetition_penalty,
    )
