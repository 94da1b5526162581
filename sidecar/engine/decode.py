"""The decode loop's body: one frame for every row, then the chunks that are due.

The next frame is started before this one is looked at, so that the device computes while the host
works. Only when this frame fills a chunk comes the chunk first: audio does not wait for a frame
behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import mlx.core as mx
import numpy as np
from numpy.typing import NDArray

from sidecar.engine.models import LoadedModel
from sidecar.engine.row import Row, not_finite
from sidecar.engine.sampling import BatchSampler
from sidecar.models.slots import slots

_ENDED, _NOT_FINITE = 1, 2

Failed = Callable[[Row, Exception], None]


@dataclass(frozen=True)
class Flight:
    """A frame being computed.

    Attributes:
        codes: uint32 [rows, codebooks].
        flags: uint8 [rows], all that the host must know now: a row's end, a row's failure.
    """

    rows: Sequence[Row]
    codes: mx.array
    flags: mx.array

    @property
    def completes_chunk(self) -> bool:
        return any(row.completes_chunk for row in self.rows)


class Batch:
    """The rows of one model that step together.

    Args:
        choose: which rows to start another frame of; asked once a frame.
        failed: takes a row that has failed alone.
    """

    def __init__(
        self, loaded: LoadedModel, choose: Callable[[], Sequence[Row]], failed: Failed
    ) -> None:
        self._loaded = loaded
        self._choose = choose
        self._failed = failed
        self._rows: Sequence[Row] = ()
        self._sampler: BatchSampler | None = None
        self.flight: Flight | None = None

    def step(self) -> None:
        """Takes one frame of every row, and hands out the chunks that are due with it."""
        flight = self.flight or self._start()
        if flight is None:
            return
        self.flight = None
        chunk_first = flight.completes_chunk
        if not chunk_first:
            self.flight = self._start()
        self._take(flight)
        due = self._due(flight.rows)
        chunks = [row.chunk_codes() for row in due]
        states = [row.state for row in due]
        audio = self._loaded.model.decode(states, chunks) if due else []
        if chunk_first:
            self.flight = self._start()
        for row, codes, samples in zip(due, chunks, audio, strict=True):
            try:
                row.deliver(_codes(codes), _samples(samples))
            except Exception as error:
                self._failed(row, error)

    def _start(self) -> Flight | None:
        rows = list(self._choose())
        if not rows:
            return None
        if self._sampler is None or rows != self._rows:
            self._rows = rows
            self._sampler = BatchSampler(self._loaded.rules, [row.sampling for row in rows])
        codes = self._loaded.model.frame([row.state for row in rows], self._sampler)
        flags = _flags(codes, self._sampler.finite, self._loaded.model.codes.eos)
        mx.async_eval(codes, flags)  # pyright: ignore[reportUnknownMemberType]
        for row in rows:
            row.started += 1
        return Flight(rows, codes, flags)

    def _take(self, flight: Flight) -> None:
        flags: list[int] = np.array(flight.flags, dtype=np.uint8).tolist()
        for row, codes, flag in zip(flight.rows, slots(flight.codes), flags, strict=True):
            if row.finish_reason is not None or row.gone:
                continue  # it ended, or was cancelled, while this was computed
            if flag & _NOT_FINITE:
                self._failed(row, not_finite("output"))
            else:
                row.take(codes, ended=bool(flag & _ENDED))

    def _due(self, rows: Sequence[Row]) -> list[Row]:
        """Where all rows cost as much as one, chunks that are half full come along."""
        rows = [row for row in rows if not row.gone]
        due = [row for row in rows if row.chunk_due]
        if due and self._loaded.model.together:
            due += [row for row in rows if row not in due and row.pending and row.chunk_half_full]
        return due


@mx.compile
def _flags(codes: mx.array, finite: mx.array, eos: int) -> mx.array:
    ended = (codes[:, 0] == eos).astype(mx.uint8) * _ENDED
    return ended + (~finite).astype(mx.uint8) * _NOT_FINITE


def _codes(array: mx.array) -> NDArray[np.int32]:
    return np.array(array, dtype=np.int32)


def _samples(array: mx.array) -> NDArray[np.float32]:
    return np.array(array, dtype=np.float32)
