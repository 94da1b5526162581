"""A model in memory, and how it gets there: loaded, warmed up and measured."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

import mlx.core as mx

from sidecar.engine.request import LoadOptions
from sidecar.engine.sampling import BatchSampler, LogitsMask, SamplingState
from sidecar.models import backend, registry
from sidecar.models.checkpoint import Checkpoint
from sidecar.models.hub import lease
from sidecar.models.hub.lease import Lease
from sidecar.models.protocols import SpeechGenerator, TTSModel

if TYPE_CHECKING:
    from sidecar.models.aligners.qwen3.aligner import ForcedAligner


@dataclass(eq=False, kw_only=True)
class _Entry:
    """What is known of every loaded model.

    Attributes:
        bits: bits per weight if it is quantised; None if it is not.
        keep_alive: seconds that it stays in memory without work; negative is for ever.
        last_used: when it was last used, by time.monotonic.
        identity: a number that no other model in this process has had.
        lease: says to all processes that its files in the hub's cache are in use; `close` ends it.
    """

    bits: int | None = None
    keep_alive: float = -1.0
    last_used: float = field(default_factory=time.monotonic)
    identity: int = field(default_factory=count().__next__)
    lease: Lease | None = None

    def touch(self) -> None:
        """Note that the model is in use now."""
        self.last_used = time.monotonic()

    def close(self) -> None:
        """End the use of its files."""
        if self.lease is not None:
            self.lease.close()


@dataclass(eq=False)
class LoadedModel(_Entry):
    """A model that batches sequences, and the mask of the codes that it may draw."""

    name: str
    model: TTSModel
    mask: LogitsMask
    memory_bytes: int
    load_seconds: float


@dataclass(eq=False)
class LoadedGenerator(_Entry):
    """A model that generates a whole utterance by itself."""

    name: str
    model: SpeechGenerator
    memory_bytes: int
    load_seconds: float


@dataclass(eq=False)
class LoadedAligner(_Entry):
    """A model that finds words in speech."""

    name: str
    model: ForcedAligner
    memory_bytes: int
    load_seconds: float


Loaded = LoadedModel | LoadedGenerator | LoadedAligner


def load(checkpoint: Checkpoint, options: LoadOptions, go_on: Callable[[], None]) -> Loaded:
    """Load a model, warm it up, and measure the memory that it takes."""
    held = lease.of_folder(checkpoint.path)
    try:
        loaded = _load(checkpoint, options, go_on)
    except BaseException:
        if held is not None:
            held.close()
        raise
    loaded.lease = held
    return loaded


def _load(checkpoint: Checkpoint, options: LoadOptions, go_on: Callable[[], None]) -> Loaded:
    backend.claim_buffers()
    started, before = time.perf_counter(), mx.get_active_memory()
    bits = registry.stored_bits(checkpoint) or options.bits
    if registry.is_generator(checkpoint):
        generator = registry.generator(checkpoint, options.dtype, options.bits)
        go_on()
        generator.warm_up(go_on)
        loaded = LoadedGenerator(checkpoint.name, generator, 0, 0.0, bits=bits)
    elif registry.is_aligner(checkpoint):
        aligner = registry.aligner(checkpoint, options.dtype, options.bits)
        loaded = LoadedAligner(checkpoint.name, aligner, 0, 0.0, bits=bits)
    else:
        model = registry.load(checkpoint, options.dtype, options.bits)
        mask = LogitsMask(model.codes)
        if model.rows_share_cost or not options.is_awaited:
            _warm_up(model, mask, go_on)
        loaded = LoadedModel(checkpoint.name, model, mask, 0, 0.0, bits=bits)
    mx.clear_cache()
    loaded.memory_bytes = mx.get_active_memory() - before
    loaded.load_seconds = time.perf_counter() - started
    return loaded


def _warm_up(model: TTSModel, mask: LogitsMask, go_on: Callable[[], None]) -> None:
    sampling = _default_sampling(model)

    def sampler(rows: int) -> BatchSampler:
        go_on()
        return BatchSampler(mask, [sampling] * rows)

    model.warm_up(sampler)


def _default_sampling(model: TTSModel) -> SamplingState:
    """Return the sampling of a request without settings, so that its kernels are compiled."""
    defaults = model.defaults
    return SamplingState(
        defaults.talker, defaults.subtalker, defaults.repetition_penalty, defaults.min_frames, 0
    )
