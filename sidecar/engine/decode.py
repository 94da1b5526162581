"""The decode loop's body: one frame for every row, then the chunks that are due.

The next frame is started before this one is looked at, so that the device computes while the host
works. Only when this frame fills a chunk comes the chunk first: audio does not wait for a frame
behind it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import mlx.core as mx
import numpy as np

from sidecar.engine.failures import not_finite
from sidecar.engine.models import LoadedModel
from sidecar.engine.sampling import BatchSampler
from sidecar.engine.sequence import Sequence
from sidecar.models.slots import slots

_ENDED, _NOT_FINITE = 1, 2

Failed = Callable[[Sequence, Exception], None]


@dataclass(frozen=True)
class Flight:
    """A frame being computed.

    Attributes:
        codes: uint32 [rows, codebooks].
        flags: uint8 [rows], all that the host must know now: a row's end, a row's failure.
    """

    rows: list[Sequence]
    codes: mx.array
    flags: mx.array

    @property
    def completes_chunk(self) -> bool:
        return any(row.completes_chunk for row in self.rows)


@dataclass(frozen=True)
class Chunks:
    """Audio being computed, of several rows in one array, so that it is read at once.

    Attributes:
        sizes: frames, per row.
        codes: uint32 [frames of all, codebooks].
        samples: float32 [samples of all].
    """

    rows: list[Sequence]
    sizes: list[int]
    codes: mx.array
    samples: mx.array


class Batch:
    """The rows of one model that step together.

    Args:
        choose: which rows to start another frame of; asked once a frame.
        failed: takes a row that has failed alone.
    """

    def __init__(
        self, loaded: LoadedModel, choose: Callable[[], list[Sequence]], failed: Failed
    ) -> None:
        self._loaded = loaded
        self._choose = choose
        self._failed = failed
        self._rows: list[Sequence] = []  # that the sampler was made for
        self._taken: list[Sequence] = []
        self._sampler: BatchSampler | None = None
        self.flight: Flight | None = None

    def step(self) -> None:
        """Takes one frame of every row, and hands out the chunks that are due with it."""
        flight = self.flight or self._start()
        if flight is None:
            return
        self.flight, self._taken = None, flight.rows
        chunk_first = flight.completes_chunk
        if not chunk_first:
            self.flight = self._start()
        self._take(flight)
        chunks = self._chunks(self._due(flight.rows))
        if chunk_first:
            self.flight = self._start()
        if chunks is not None:
            self._deliver(chunks)

    def involved(self) -> list[Sequence]:
        """Whom a failed step may have harmed."""
        return list({*self._rows, *self._taken})

    def _start(self) -> Flight | None:
        rows = list(self._choose())
        if not rows:
            return None
        try:
            flight = self._built(rows)
        except Exception:
            flight = self._built_apart(rows)
        if flight is not None:
            mx.async_eval(flight.codes, flight.flags)  # pyright: ignore[reportUnknownMemberType]
        return flight

    def _built(self, rows: list[Sequence]) -> Flight:
        """The next frame of these rows, not yet being computed; if it raises, none has moved."""
        if self._sampler is None or rows != self._rows:
            self._rows = rows
            self._sampler = BatchSampler(self._loaded.mask, [row.sampling for row in rows])
        codes = self._loaded.model.frame([row.state for row in rows], self._sampler)
        flags = _flags(codes, self._sampler.finite, self._loaded.model.codes.eos)
        self._sampler.advance()
        for row in rows:
            row.started += 1
        return Flight(rows, codes, flags)

    def _built_apart(self, rows: list[Sequence]) -> Flight | None:
        """Each row alone, when a frame of all could not be built: who fails again was the cause."""
        flights: list[Flight] = []
        for row in rows:
            try:
                flights.append(self._built([row]))
            except Exception as error:
                self._failed(row, error)
        if not flights:
            return None
        alive = [row for flight in flights for row in flight.rows]
        codes = mx.concatenate([flight.codes for flight in flights])
        return Flight(alive, codes, mx.concatenate([flight.flags for flight in flights]))

    def _take(self, flight: Flight) -> None:
        flags: list[int] = np.array(flight.flags, dtype=np.uint8).tolist()
        for row, codes, flag in zip(flight.rows, slots(flight.codes), flags, strict=True):
            if row.finish_reason is not None or row.gone:
                continue  # it ended, or was cancelled, while this was computed
            if flag & _NOT_FINITE:
                self._failed(row, not_finite("output"))
            else:
                row.take(codes, ended=bool(flag & _ENDED))

    def _chunks(self, due: list[Sequence]) -> Chunks | None:
        if not due:
            return None
        try:
            return self._decode(due)
        except Exception as error:  # the codec has taken a part of them: none can go on
            for row in due:
                self._failed(row, error)
            return None

    def _decode(self, due: list[Sequence]) -> Chunks:
        codes = [row.chunk_codes() for row in due]
        samples = self._loaded.model.decode([row.state for row in due], codes)
        chunks = Chunks(due, [len(c) for c in codes], _joined(codes), _joined(samples))
        # Before the next frame is queued behind it; reading starts nothing any more.
        mx.async_eval(chunks.codes, chunks.samples)  # pyright: ignore[reportUnknownMemberType]
        return chunks

    def _deliver(self, chunks: Chunks) -> None:
        codes = np.array(chunks.codes, dtype=np.int32)
        samples = np.array(chunks.samples, dtype=np.float32).reshape(len(codes), -1)
        at = 0
        for row, size in zip(chunks.rows, chunks.sizes, strict=True):
            span = slice(at, at + size)
            at += size
            try:
                row.deliver(codes[span], samples[span].reshape(-1))
            except Exception as error:
                self._failed(row, error)

    def _due(self, rows: list[Sequence]) -> list[Sequence]:
        """Full chunks, and what a row that waits for text can say until then. Where all rows cost
        as much as one, chunks that are half full come along."""
        rows = [row for row in rows if not row.gone]
        is_waiting = self._loaded.model.is_waiting_for_text
        due = [row for row in rows if row.chunk_due or (row.pending and is_waiting(row.state))]
        if due and self._loaded.model.rows_share_cost:
            due += [row for row in rows if row not in due and row.pending and row.chunk_half_full]
        return due


@mx.compile
def _flags(codes: mx.array, finite: mx.array, eos: int) -> mx.array:
    ended = (codes[:, 0] == eos).astype(mx.uint8) * _ENDED
    return ended + (~finite).astype(mx.uint8) * _NOT_FINITE


def _joined(parts: list[mx.array]) -> mx.array:
    return mx.concatenate(parts) if len(parts) > 1 else parts[0]
