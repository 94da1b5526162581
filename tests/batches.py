"""The engine's rows without its thread: what a test needs to say when each step happens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from sidecar.engine.collector import Collector
from sidecar.engine.models import LoadedModel, ModelTable
from sidecar.engine.request import (
    AudioChunk,
    LoadOptions,
    SpeechJob,
    SynthesisRequest,
    SynthesisResult,
)
from sidecar.engine.running import Running
from sidecar.engine.sampling import CodeRules
from sidecar.errors import SidecarError
from sidecar.models import catalog, registry
from sidecar.models.catalog import Checkpoint
from sidecar.models.qwen3_tts import codec_layers, layers_gpu, linear, model


class Listener(Collector):
    """A sink that can stop reading, and keeps what it heard."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = True

    def ready(self) -> bool:
        return self.reads

    def heard(self) -> tuple[list[AudioChunk], SynthesisResult | SidecarError | None]:
        """The chunks, and the end if there was one; to be asked once."""
        chunks: list[AudioChunk] = []
        while not self.events.empty():
            event = self.events.get()
            if not isinstance(event, AudioChunk):
                return chunks, event
            chunks.append(event)
        return chunks, None


def load(path: str | Path, dtype: str = "float32") -> LoadedModel:
    """A model without its warm-up."""
    loaded = registry.load(catalog.resolve(str(path)), dtype)
    return LoadedModel(str(path), loaded, CodeRules(loaded.codes), 0, 0.0)


def load_warm(checkpoint: Checkpoint, dtype: str = "auto") -> LoadedModel:
    """A model as the engine loads it, with its memory measured."""
    table = ModelTable(in_use=lambda loaded: False)
    loaded = table.load(checkpoint, LoadOptions(dtype), lambda: None)
    assert isinstance(loaded, LoadedModel)
    return loaded


def admit(running: Running, loaded: LoadedModel, request: SynthesisRequest) -> Listener:
    sink = Listener()
    running.admit(SpeechJob(request, sink, 0.0), loaded)
    return sink


def finish(running: Running) -> None:
    while running.has_work:
        running.advance()


def speech(sink: Listener) -> tuple[np.ndarray, np.ndarray, str]:
    """Codes, samples and finish reason of an utterance that has ended well."""
    chunks, end = sink.heard()
    assert isinstance(end, SynthesisResult), end
    codes = np.concatenate([chunk.codes for chunk in chunks])
    return codes, np.concatenate([chunk.samples for chunk in chunks]), end.finish_reason


def alone(loaded: LoadedModel, request: SynthesisRequest) -> tuple[np.ndarray, np.ndarray, str]:
    running = Running()
    sink = admit(running, loaded, request)
    finish(running)
    return speech(sink)


@contextmanager
def as_on_a_gpu() -> Iterator[None]:
    """Models loaded and run inside go a GPU's way: slab, fast kernels, MLX's convolutions, stacked
    rows, whole chunks, quantised products; only mx.compile is off."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model, "arrangement", lambda: layers_gpu)
        for module in (model, linear, codec_layers):
            patch.setattr(module, "on_cpu", lambda: False)
        yield
