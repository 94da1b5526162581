"""The engine's rows without its thread, so that a test decides when each step happens."""

from __future__ import annotations

import gc
import queue
import time
from pathlib import Path

import numpy as np

from sidecar.engine.batch_runner import BatchRunner
from sidecar.engine.events import AudioChunk, Done, Failed, SpeechResult
from sidecar.engine.loaded import LoadedModel
from sidecar.engine.model_table import ModelTable
from sidecar.engine.references import References
from sidecar.engine.request import LoadOptions, SpeechJob, SpeechRequest
from sidecar.engine.sampling import LogitsMask
from sidecar.errors import SidecarError
from sidecar.models import catalog
from sidecar.models.checkpoint import Checkpoint
from sidecar.models.qwen3_tts.backend import Backend
from sidecar.models.qwen3_tts.model import Qwen3TTS
from tests.support.jobs import Reader, unwrapped


class Listener(Reader):
    """The events of a row that the test steps."""

    def heard(self) -> tuple[list[AudioChunk], SpeechResult | SidecarError | None]:
        """Return the chunks so far, and the end if there was one; call it only once."""
        chunks: list[AudioChunk] = []
        while True:
            try:
                event = self.get(timeout=0)
            except queue.Empty:
                return chunks, None
            if isinstance(event, Done | Failed):
                return chunks, unwrapped(event)
            if isinstance(event, AudioChunk):
                chunks.append(event)


def load(path: str | Path, dtype: str = "float32", backend: Backend | None = None) -> LoadedModel:
    """Return a model without its warm-up, arranged for a backend; None is this machine's.

    Models for a GPU run on a CPU, too: one KV cache for all rows, fast kernels, MLX's convolutions,
    stacked rows, whole chunks, quantised products; only mx.compile is off.
    """
    loaded = Qwen3TTS.load(catalog.resolve(str(path)), dtype, backend=backend)
    return LoadedModel(str(path), loaded, LogitsMask(loaded.codes), 0, 0.0)


def load_warm(checkpoint: Checkpoint, dtype: str = "auto") -> LoadedModel:
    """Return a model as the engine loads it, with its memory measured."""
    gc.collect()  # or models of earlier tests might be freed between the two measurements
    table = ModelTable(in_use=lambda loaded: False)
    loaded = table.load(checkpoint, LoadOptions(dtype), lambda: None)
    assert isinstance(loaded, LoadedModel)
    return loaded


def new_runner() -> BatchRunner:
    """Return a runner whose jobs end without a scheduler."""
    return BatchRunner(lambda job, outcome: job.events.put(outcome))


def admit(
    runner: BatchRunner,
    loaded: LoadedModel,
    request: SpeechRequest,
    references: References | None = None,
) -> Listener:
    """Admit a request as the scheduler does."""
    events = Listener()
    job = SpeechJob(request=request, events=events, submitted=0.0)
    voices = References() if references is None else references
    runner.admit(job, loaded, voices.resolve(loaded, request.utterance), time.perf_counter())
    return events


def finish(runner: BatchRunner) -> None:
    while runner.has_work:
        runner.advance()


def speech(events: Listener) -> tuple[np.ndarray, np.ndarray, str]:
    """Return codes, samples and finish reason of an utterance that has ended well."""
    chunks, end = events.heard()
    assert isinstance(end, SpeechResult), end
    codes = np.concatenate([chunk.codes for chunk in chunks])
    return codes, np.concatenate([chunk.samples for chunk in chunks]), end.figures.finish_reason


def alone(loaded: LoadedModel, request: SpeechRequest) -> tuple[np.ndarray, np.ndarray, str]:
    runner = new_runner()
    events = admit(runner, loaded, request)
    finish(runner)
    return speech(events)
