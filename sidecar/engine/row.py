"""One running request: everything that belongs to it, in one object."""

from __future__ import annotations

import random
import time
from typing import Any

import mlx.core as mx
import numpy as np
from numpy.typing import NDArray

from sidecar.engine.events import AudioChunk, FinishReason, SpeechResult
from sidecar.engine.guard import RunawayGuard
from sidecar.engine.models import LoadedModel
from sidecar.engine.request import AppendText, SpeechJob
from sidecar.engine.sampling import RowSampling
from sidecar.errors import GenerationFailed, Notice
from sidecar.limits import MAX_UTTERANCE_FRAMES
from sidecar.models.slots import Slot

# A chunk half as long again as the one before is made in time while compute ÷ audio < 2/3.
_CHUNK_GROWTH = 1.5
# With more than that to play, a row lets newcomers go first.
_AHEAD_SECONDS = 1.0


class ChunkPlan:
    """Sizes of the chunks: the first is small for a fast start, later ones grow to a limit."""

    def __init__(self, first: int, limit: int) -> None:
        self._limit = limit
        self.next = first

    def advance(self) -> None:
        grown = max(self.next + 1, round(self.next * _CHUNK_GROWTH))
        self.next = max(self.next, min(grown, self._limit))


class Row:
    """The state of one request from its prefill to its last chunk.

    Attributes:
        state: the model's.
        prefilled: its prompt has run; only then is it stepped.
        pending: frames that wait for their chunk, still on the device.
        frames: frames taken; `started` counts the one being computed, too.
        gone: cancelled, failed or done; what is still being computed of it is dropped.
    """

    def __init__(
        self,
        job: SpeechJob,
        loaded: LoadedModel,
        prompt: Any,
        admitted: float,
        notices: tuple[Notice, ...] = (),
    ) -> None:
        request, model = job.request, loaded.model
        self.job = job
        self.loaded = loaded
        self.state = model.open(prompt)
        self.prefilled = False
        self.gone = False
        self.chunks = ChunkPlan(request.first_frames, request.chunk_frames)
        frames = request.max_frames or model.defaults.max_frames
        self.max_frames = min(frames, request.frames_left or frames, MAX_UTTERANCE_FRAMES)
        self.sampling = RowSampling(
            talker=request.talker.over(model.defaults.talker),
            subtalker=request.subtalker.over(model.defaults.subtalker),
            repetition_penalty=request.penalty(model.defaults),
            min_frames=model.defaults.min_frames,
            seed=random.getrandbits(32) if request.seed is None else request.seed,
        )
        self.pending: list[Slot] = []
        self.started = 0
        self.frames = 0
        self.samples = 0
        self.finish_reason: FinishReason | None = None
        self._guard = RunawayGuard() if request.stop_runaway else None
        self._admitted = admitted
        self._notices = notices
        self._first_audio: float | None = None
        self._starved_seconds = 0.0

    @property
    def can_step(self) -> bool:
        """Whether another frame may be started: prefilled, not at its end, read, and with text."""
        return (
            self.prefilled
            and self.finish_reason is None
            and self.started < self.max_frames
            and self.job.events.has_room()
            and not self.is_starved
        )

    @property
    def is_starved(self) -> bool:
        """Whether it waits for text that has not arrived yet."""
        return self.loaded.model.is_waiting_for_text(self.state)

    @property
    def is_done(self) -> bool:
        return self.finish_reason is not None and not self.pending

    def append_text(self, more: AppendText) -> None:
        """Raises as `TTSModel.append_text`."""
        self.loaded.model.append_text(self.state, more.text, more.last)
        if self.job.starved_since is not None and not self.is_starved:
            self._starved_seconds += time.perf_counter() - self.job.starved_since
            self.job.starved_since = None

    def note_text(self) -> None:
        """Notices that the text has run out."""
        if self.is_starved:
            self.job.starved_since = self.job.starved_since or time.perf_counter()

    def close(self) -> None:
        """Leaves the batch and frees what the model holds of it."""
        self.gone = True
        self.loaded.model.close(self.state)

    def take(self, codes: Slot, ended: bool) -> None:
        """Adds the frame that was started, uint32 [codebooks] of a batch; notices the end."""
        if ended:
            self.finish_reason = "stop"
            return
        self.pending.append(codes)
        self.frames += 1
        self.note_text()
        if self.frames >= self.max_frames:
            self.finish_reason = "length"

    @property
    def completes_chunk(self) -> bool:
        """Whether the frame that was started last fills a chunk, if it is one."""
        return len(self.pending) + 1 >= self.chunks.next or self.started >= self.max_frames

    @property
    def chunk_due(self) -> bool:
        return bool(self.pending) and (
            self.finish_reason is not None or len(self.pending) >= self.chunks.next
        )

    @property
    def chunk_half_full(self) -> bool:
        return 2 * len(self.pending) >= self.chunks.next

    def chunk_codes(self) -> mx.array:
        """uint32 [frames, codebooks], all that is pending."""
        return mx.concatenate([slot.array[slot.row : slot.row + 1] for slot in self.pending])

    def deliver(self, codes: NDArray[np.int32], samples: NDArray[np.float32]) -> None:
        """Hands out a chunk; ends the row if the speech has run away.

        Raises:
            GenerationFailed: the samples are no numbers.
        """
        if not np.isfinite(samples).all():
            raise not_finite("audio")
        del self.pending[: len(codes)]
        self.samples += len(samples)
        self.chunks.advance()
        self.job.events.put(AudioChunk(samples, codes, self.loaded.model.info.sample_rate))
        if self._first_audio is None:
            self._first_audio = time.perf_counter()
        if self._guard is not None and self._guard.is_runaway(codes, samples):
            self.finish_reason = self.finish_reason or "runaway"

    @property
    def has_spoken(self) -> bool:
        """Whether its listener has heard something, of an earlier passage perhaps."""
        return self._heard_since is not None

    @property
    def _heard_since(self) -> float | None:
        stream = self.job.stream
        return stream.first_audio if stream and stream.first_audio else self._first_audio

    @property
    def is_ahead(self) -> bool:
        """Whether the listener has enough to go on with; a row of low priority always says so."""
        if self.job.request.priority == "low":
            return True
        if (since := self._heard_since) is None:
            return False
        before = self.job.stream.seconds if self.job.stream else 0.0
        return before + self.audio_seconds - (time.perf_counter() - since) > _AHEAD_SECONDS

    @property
    def audio_seconds(self) -> float:
        return self.samples / self.loaded.model.info.sample_rate

    @property
    def elapsed(self) -> float:
        return time.perf_counter() - self._admitted

    def result(self, peak_memory_bytes: int) -> SpeechResult:
        assert self.finish_reason is not None
        submitted = self.job.submitted
        first = self._first_audio or time.perf_counter()
        return SpeechResult(
            finish_reason=self.finish_reason,
            frames=self.frames,
            samples=self.samples,
            sample_rate=self.loaded.model.info.sample_rate,
            seed=self.sampling.seed,
            queue_seconds=self._admitted - submitted,
            first_audio_seconds=first - submitted,
            generation_seconds=self.elapsed - self._starved_seconds,
            peak_memory_bytes=peak_memory_bytes,
            notices=self._notices,
            unspoken=tuple(self.loaded.model.find_unspoken(self.state)),
        )


def not_finite(what: str) -> GenerationFailed:
    return GenerationFailed(
        f"The model's {what} became infinite or not a number.",
        hint="Try another seed or the dtype bfloat16 or float32; the checkpoint may be damaged.",
    )
