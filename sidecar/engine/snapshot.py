"""The engine's figures, taken by its thread."""

from __future__ import annotations

from collections.abc import Sequence

import mlx.core as mx

from sidecar.engine.models import ModelTable
from sidecar.engine.references import References
from sidecar.engine.row import Row
from sidecar.engine.speaking import Speech
from sidecar.engine.status import EngineStatus, ModelFigures, StreamFigures
from sidecar.models import backend


def snapshot(
    models: ModelTable, rows: Sequence[Row | Speech], references: References, queued: int
) -> EngineStatus:
    return EngineStatus(
        backend=backend.name(),
        active_bytes=mx.get_active_memory(),
        peak_bytes=mx.get_peak_memory(),
        cache_bytes=mx.get_cache_memory(),
        queued=queued,
        streams=tuple(
            StreamFigures(row.loaded.name, row.frames, row.audio_seconds, row.elapsed)
            for row in rows
        ),
        models=tuple(
            ModelFigures(
                loaded.name,
                tuple(models.names(loaded)),
                loaded.model.dtype,
                loaded.memory_bytes,
                sum(row.loaded is loaded for row in rows),
                loaded.bits,
            )
            for loaded in models
        ),
        references=len(references),
        reference_bytes=references.nbytes,
        reference_cache_bytes=sum(loaded.model.reference_cache_bytes for loaded in models),
        limit_bytes=models.limit,
        expires=models.next_expiry,
    )
