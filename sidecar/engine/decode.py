"""The decode loop's body: one frame for every row, then the chunks that are due."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sidecar.engine.models import LoadedModel
from sidecar.engine.request import AudioChunk
from sidecar.engine.row import Row
from sidecar.engine.sampling import BatchSampler


def step(loaded: LoadedModel, rows: Sequence[Row]) -> None:
    """Advances every row by one frame; all rows belong to `loaded`."""
    model = loaded.model
    sampler = BatchSampler(model.codes, loaded.suppressed, [row.sampling for row in rows])
    codes = model.frame([row.state for row in rows], sampler)
    for row, frame in zip(rows, np.array(codes, dtype=np.int32), strict=True):
        row.take(frame)


def deliver(row: Row) -> None:
    """Decodes and hands out the row's chunk, if one is due."""
    if not row.chunk_due:
        return
    codes = np.stack(row.pending)
    samples = row.loaded.model.decode(row.codec, codes)
    row.delivered(len(samples))
    row.job.sink.audio(AudioChunk(samples, codes, row.loaded.model.info.sample_rate))
