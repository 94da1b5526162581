"""What the engine says of itself, for `server/status`. Knows no MLX."""

from __future__ import annotations

import msgspec


class StreamFigures(msgspec.Struct, frozen=True):
    """A running row, for `server/status`."""

    model: str
    frames: int
    audio_seconds: float
    elapsed_seconds: float


class ModelFigures(msgspec.Struct, frozen=True):
    """A loaded model, for `server/status`; `names` are all it was asked for by."""

    model: str
    names: tuple[str, ...]
    dtype: str
    memory_bytes: int
    streams: int
    bits: int | None = None


class EngineStatus(msgspec.Struct, frozen=True):
    """A snapshot that the engine thread publishes and any thread may read.

    Attributes:
        references, reference_bytes: analysed recordings that are remembered.
        reference_cache_bytes: what the codecs remember of references.
        limit_bytes: what models may take together; None is no limit, or not known yet.
        expires: when to send `Expire`, by time.monotonic.
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
    reference_cache_bytes: int = 0
    limit_bytes: int | None = None
    expires: float | None = None
