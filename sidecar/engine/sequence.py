"""One sequence of frames: everything that belongs to a request of a model that batches."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sidecar.engine.active import ActiveSpeech
from sidecar.engine.commands import AppendText
from sidecar.engine.events import WaitingForText
from sidecar.engine.loaded import LoadedModel
from sidecar.engine.request import SpeechJob
from sidecar.engine.runaway import RunawayGuard
from sidecar.engine.sampling import SamplingState
from sidecar.errors import Notice
from sidecar.limits import CODEC_FRAMES_PER_SECOND, MAX_UTTERANCE_FRAMES

# A chunk half as long again as the one before is made in time while compute ÷ audio < 2/3.
_CHUNK_GROWTH = 1.5
# A sequence whose listener has more audio than this left to play lets newcomers go first.
_AHEAD_SECONDS = 1.0


class ChunkPlan:
    """Sizes of the chunks: the first is small for a fast start, later ones grow to a limit."""

    def __init__(self, first: int, limit: int) -> None:
        self._limit = limit
        self.next = first

    def advance(self) -> None:
        grown = max(self.next + 1, round(self.next * _CHUNK_GROWTH))
        self.next = max(self.next, min(grown, self._limit))


class Sequence(ActiveSpeech[LoadedModel]):
    """The state of one request from its prefill to its last chunk.

    Attributes:
        state: the model's own state of the sequence.
        prefilled: whether its prompt has run; only then is it stepped.
        pending: frames that wait for their chunk, uint32 [codebooks] each.
        frames: frames taken.
        started: frames taken, and those being computed.
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
        super().__init__(job, loaded, admitted, notices)
        request, model = job.request, loaded.model
        self.state = model.open(prompt)
        self.prefilled = False
        self.gone = False
        self.chunks = ChunkPlan(request.first_frames, request.chunk_frames)
        frames = request.limit_frames(model.defaults.max_frames)
        self.max_frames = min(frames, MAX_UTTERANCE_FRAMES)
        self.sampling = SamplingState(
            talker=request.talker.over(model.defaults.talker),
            subtalker=request.subtalker.over(model.defaults.subtalker),
            repetition_penalty=request.penalty(model.defaults),
            min_frames=model.defaults.min_frames,
            seed=self.seed,
        )
        self.pending: list[NDArray[np.uint32]] = []
        self.started = 0
        self._guard = RunawayGuard() if request.stop_runaway else None
        self._appended = 0
        self._waiting_since: float | None = None

    @property
    def can_step(self) -> bool:
        """Whether another frame may be started: prefilled, not at its end, read, and with text."""
        return (
            self.prefilled
            and self.finish_reason is None
            and self.started < self.max_frames
            and not self.is_waiting_for_text
            and self.has_room(self._coming_seconds)
        )

    @property
    def is_waiting_for_text(self) -> bool:
        return self.loaded.model.is_waiting_for_text(self.state)

    @property
    def starved_since(self) -> float | None:
        return self._waiting_since if self.is_waiting_for_text else None

    @property
    def is_done(self) -> bool:
        return self.finish_reason is not None and not self.pending

    def append_text(self, more: AppendText) -> None:
        """Add text. Raises as `TTSModel.append_text`."""
        self.loaded.model.append_text(self.state, more.text, more.last)
        self._appended += 1
        if self.prefilled:
            self.note_text()

    def note_text(self) -> None:
        """Note whether the text has run out, and report it if it has."""
        now = time.perf_counter()
        if self.is_waiting_for_text:
            self._waiting_since = self._waiting_since or now
            self.job.events.put(WaitingForText(self._appended))
        elif self._waiting_since is not None:
            self._idle_seconds += now - self._waiting_since
            self._waiting_since = None

    def close(self) -> None:
        """Leave the batch, and free what the model holds for the sequence."""
        self.gone = True
        self.loaded.model.close(self.state)

    def take(self, codes: NDArray[np.uint32], ended: bool) -> None:
        """Add the frame that was started first, uint32 [codebooks], or note the end."""
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
        """Whether the next frame that is taken fills a chunk, if it is not the end."""
        return len(self.pending) + 1 >= self.chunks.next or self.started >= self.max_frames

    @property
    def chunk_due(self) -> bool:
        return bool(self.pending) and (
            self.finish_reason is not None or len(self.pending) >= self.chunks.next
        )

    @property
    def _coming_seconds(self) -> float:
        """Seconds of audio of the chunk that is being decoded."""
        return len(self.pending) / CODEC_FRAMES_PER_SECOND if self.chunk_due else 0.0

    @property
    def chunk_half_full(self) -> bool:
        return 2 * len(self.pending) >= self.chunks.next

    def chunk_codes(self) -> NDArray[np.uint32]:
        """Return all pending frames, uint32 [frames, codebooks]."""
        return np.stack(self.pending)

    def deliver(self, codes: NDArray[np.int32], samples: NDArray[np.float32]) -> None:
        """Hand out a chunk; end the sequence if the speech has run away.

        Raises:
            GenerationFailed: a sample is infinite or not a number.
        """
        self._put(samples, codes)
        del self.pending[: len(codes)]
        self.chunks.advance()
        if self._guard is not None and self._guard.is_runaway(codes, samples):
            self.finish_reason = self.finish_reason or "runaway"

    @property
    def has_spoken(self) -> bool:
        """Whether its listener has received audio, perhaps of an earlier job of the stream."""
        return self._heard_since is not None

    @property
    def _heard_since(self) -> float | None:
        since = self.job.request.heard_since
        return self._first_audio if since is None else since

    @property
    def is_ahead(self) -> bool:
        """Whether the listener has enough audio left to play; always true of low priority."""
        if self.job.request.priority == "low":
            return True
        if (since := self._heard_since) is None:
            return False
        audio = self.job.request.audio_before + self.audio_seconds
        return audio - (time.perf_counter() - since) > _AHEAD_SECONDS

    def unspoken(self) -> tuple[str, ...]:
        return tuple(self.loaded.model.find_unspoken(self.state))
