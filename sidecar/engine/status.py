"""What the engine reports about itself, for `server/status`. Imported without MLX."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from sidecar.engine.window import WaitsFor
from sidecar.models import backend
from sidecar.models.base import ModelInfo

if TYPE_CHECKING:
    from sidecar.engine.active import ActiveSpeech
    from sidecar.engine.model_table import ModelTable
    from sidecar.engine.references import References


class StreamFigures(msgspec.Struct, frozen=True):
    """A request that is being spoken.

    Attributes:
        waits_for: what the client has to send before it goes on; None if it goes on by itself.
    """

    model: str
    frames: int
    audio_seconds: float
    elapsed_seconds: float
    waits_for: WaitsFor | None


class ModelFigures(msgspec.Struct, frozen=True):
    """A loaded model; `names` are all names by which it was asked for."""

    model: str
    names: tuple[str, ...]
    dtype: str
    info: ModelInfo
    memory_bytes: int
    streams: int
    bits: int | None = None


class EngineStatus(msgspec.Struct, frozen=True):
    """A snapshot that the engine thread publishes and any thread may read.

    Attributes:
        queued: jobs that wait to begin.
        references, reference_bytes: encoded recordings that are remembered, and their size.
        prompt_cache_bytes: size of what models keep of the beginnings of prompts.
        limit_bytes: how much memory models may use together; None is no limit, or not known yet.
    """

    backend: str = "starting"
    active_bytes: int = 0
    peak_bytes: int = 0
    cache_bytes: int = 0
    queued: int = 0
    streams: tuple[StreamFigures, ...] = ()
    models: tuple[ModelFigures, ...] = ()
    references: int = 0
    reference_bytes: int = 0
    prompt_cache_bytes: int = 0
    limit_bytes: int | None = None


def take_snapshot(
    models: ModelTable, active: Sequence[ActiveSpeech[Any]], references: References, queued: int
) -> EngineStatus:
    """Return the figures as they are now. Engine thread only."""
    import mlx.core as mx  # the rest of the module is needed before MLX is imported

    return EngineStatus(
        backend=backend.name(),
        active_bytes=mx.get_active_memory(),
        peak_bytes=mx.get_peak_memory(),
        cache_bytes=mx.get_cache_memory(),
        queued=queued,
        streams=tuple(
            StreamFigures(
                speech.loaded.name,
                speech.frames,
                speech.audio_seconds,
                speech.elapsed,
                speech.waits_for,
            )
            for speech in active
        ),
        models=tuple(
            ModelFigures(
                loaded.name,
                tuple(models.names(loaded)),
                loaded.model.dtype,
                loaded.model.info,
                loaded.memory_bytes,
                sum(speech.loaded is loaded for speech in active),
                loaded.bits,
            )
            for loaded in models
        ),
        references=len(references),
        reference_bytes=references.nbytes,
        prompt_cache_bytes=sum(loaded.model.prompt_cache_bytes for loaded in models),
        limit_bytes=models.limit,
    )
