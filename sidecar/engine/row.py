"""One running request: everything that belongs to it, in one object."""

from __future__ import annotations

import random
import time
from typing import Any

import mlx.core as mx
import numpy as np
from numpy.typing import NDArray

from sidecar.engine.models import LoadedModel
from sidecar.engine.request import FinishReason, SpeechJob, SynthesisResult
from sidecar.engine.sampling import RowSampling

# A chunk half as long again as the one before is made in time while compute ÷ audio < 2/3.
_CHUNK_GROWTH = 1.5


class ChunkPlan:
    """Sizes of the chunks: the first is small for a fast start, later ones grow to a limit."""

    def __init__(self, first: int, limit: int) -> None:
        self._limit = limit
        self.next = first

    def advance(self) -> None:
        grown = max(self.next + 1, round(self.next * _CHUNK_GROWTH))
        self.next = max(self.next, min(grown, self._limit))


class Row:
    """The state of one request from its prefill to its last chunk."""

    def __init__(self, job: SpeechJob, loaded: LoadedModel, prompt: Any, started: float) -> None:
        request, model = job.request, loaded.model
        self.job = job
        self.loaded = loaded
        self.state = model.prefill(prompt)
        self.codec = model.open_codec(prompt)
        self.chunks = ChunkPlan(request.first_frames, request.chunk_frames)
        self.max_frames = request.max_frames or model.defaults.max_frames
        self.sampling = RowSampling(
            talker=request.talker.over(model.defaults.talker),
            subtalker=request.subtalker.over(model.defaults.subtalker),
            repetition_penalty=request.penalty(model.defaults),
            min_frames=model.defaults.min_frames,
            seed=random.getrandbits(32) if request.seed is None else request.seed,
            seen=mx.zeros((1, model.codes.vocab_size), dtype=mx.bool_),
        )
        self.pending: list[NDArray[np.int32]] = []
        self.frames = 0
        self.samples = 0
        self.finish_reason: FinishReason | None = None
        self._started = started
        self._first_audio: float | None = None

    def take(self, codes: NDArray[np.int32]) -> None:
        """Adds one frame, int32 [codebooks]; notices the end."""
        if codes[0] == self.loaded.model.codes.eos:
            self.finish_reason = "stop"
            return
        self.pending.append(codes)
        self.frames += 1
        if self.frames >= self.max_frames:
            self.finish_reason = "length"

    @property
    def chunk_due(self) -> bool:
        return bool(self.pending) and (
            self.finish_reason is not None or len(self.pending) >= self.chunks.next
        )

    def delivered(self, samples: int) -> None:
        self.pending.clear()
        self.samples += samples
        self.chunks.advance()
        if self._first_audio is None:
            self._first_audio = time.perf_counter()

    @property
    def audio_seconds(self) -> float:
        return self.samples / self.loaded.model.info.sample_rate

    @property
    def elapsed(self) -> float:
        return time.perf_counter() - self._started

    def result(self, peak_memory_bytes: int) -> SynthesisResult:
        assert self.finish_reason is not None
        submitted = self.job.submitted
        first = self._first_audio or time.perf_counter()
        return SynthesisResult(
            finish_reason=self.finish_reason,
            frames=self.frames,
            samples=self.samples,
            sample_rate=self.loaded.model.info.sample_rate,
            seed=self.sampling.seed,
            queue_seconds=self._started - submitted,
            first_audio_seconds=first - submitted,
            generation_seconds=self.elapsed,
            peak_memory_bytes=peak_memory_bytes,
        )
