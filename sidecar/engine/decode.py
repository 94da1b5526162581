"""The body of the decode loop: one frame of every sequence, then the chunks that are due.

The next frame is started before the host looks at the present one, so that the device computes
while the host works. Only when the present frame fills a chunk, the chunk is started first: audio
does not wait for the next frame.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import mlx.core as mx
import numpy as np

from sidecar.engine.failures import not_finite
from sidecar.engine.loaded import LoadedModel
from sidecar.engine.sampling import BatchSampler
from sidecar.engine.sequence import Sequence
from sidecar.models.slots import slots

_ENDED, _NOT_FINITE = 1, 2

Failed = Callable[[Sequence, Exception], None]


@dataclass(frozen=True)
class Flight:
    """A frame that is being computed; row i of its arrays belongs to sequence i.

    Attributes:
        codes: uint32 [rows, codebooks].
        flags: uint8 [rows], all that the host must know now: whether the row has ended, and
            whether a number of it is infinite or not a number.
    """

    sequences: list[Sequence]
    codes: mx.array
    flags: mx.array

    @property
    def completes_chunk(self) -> bool:
        return any(sequence.completes_chunk for sequence in self.sequences)


@dataclass(frozen=True)
class Chunks:
    """Audio that is being computed, of several sequences in one array, so that it is read at once.

    Attributes:
        sizes: frames of each sequence.
        codes: uint32 [frames of all, codebooks].
        samples: float32 [samples of all].
    """

    sequences: list[Sequence]
    sizes: list[int]
    codes: mx.array
    samples: mx.array


class Batch:
    """The sequences of one model that step together.

    Args:
        choose: returns the sequences that get another frame; called once a frame.
        failed: called with a sequence that has failed alone.
    """

    def __init__(
        self, loaded: LoadedModel, choose: Callable[[], list[Sequence]], failed: Failed
    ) -> None:
        self._loaded = loaded
        self._choose = choose
        self._failed = failed
        self._sampled: list[Sequence] = []  # the sequences that the sampler was made for
        self._taken: list[Sequence] = []
        self._sampler: BatchSampler | None = None
        self.flight: Flight | None = None

    def step(self) -> None:
        """Take one frame of every sequence, and hand out the chunks that are due with it."""
        flight = self.flight or self._start()
        if flight is None:
            return
        self.flight, self._taken = None, flight.sequences
        chunk_first = flight.completes_chunk
        if not chunk_first:
            self.flight = self._start()
        self._take(flight)
        chunks = self._start_chunks(self._find_due(flight.sequences))
        if chunk_first:
            self.flight = self._start()
        if chunks is not None:
            self._deliver(chunks)

    def find_affected(self) -> list[Sequence]:
        """Return the sequences that a failed step may have harmed."""
        return list({*self._sampled, *self._taken})

    def _start(self) -> Flight | None:
        sequences = list(self._choose())
        if not sequences:
            return None
        try:
            flight = self._build(sequences)
        except Exception:
            flight = self._build_apart(sequences)
        if flight is not None:
            mx.async_eval(flight.codes, flight.flags)  # pyright: ignore[reportUnknownMemberType]  # MLX does not type its arguments
        return flight

    def _build(self, sequences: list[Sequence]) -> Flight:
        """Build the next frame of these sequences, without computing it.

        If it raises, no sequence has moved.
        """
        if self._sampler is None or sequences != self._sampled:
            self._sampled = sequences
            self._sampler = BatchSampler(self._loaded.mask, [s.sampling for s in sequences])
        codes = self._loaded.model.frame([s.state for s in sequences], self._sampler)
        flags = _flags(codes, self._sampler.finite, self._loaded.model.codes.eos)
        self._sampler.advance()
        for sequence in sequences:
            sequence.started += 1
        return Flight(sequences, codes, flags)

    def _build_apart(self, sequences: list[Sequence]) -> Flight | None:
        """Build the frame of each sequence alone, after one of all could not be built.

        A sequence that fails again was the cause, and is ended with the error.
        """
        flights: list[Flight] = []
        for sequence in sequences:
            try:
                flights.append(self._build([sequence]))
            except Exception as error:
                self._failed(sequence, error)
        if not flights:
            return None
        alive = [sequence for flight in flights for sequence in flight.sequences]
        codes = mx.concatenate([flight.codes for flight in flights])
        return Flight(alive, codes, mx.concatenate([flight.flags for flight in flights]))

    def _take(self, flight: Flight) -> None:
        flags: list[int] = np.array(flight.flags, dtype=np.uint8).tolist()
        frame = zip(flight.sequences, slots(flight.codes), flags, strict=True)
        for sequence, codes, flag in frame:
            if sequence.finish_reason is not None or sequence.gone:
                continue  # it ended, or was cancelled, while this was computed
            if flag & _NOT_FINITE:
                self._failed(sequence, not_finite("output"))
            else:
                sequence.take(codes, ended=bool(flag & _ENDED))

    def _start_chunks(self, due: list[Sequence]) -> Chunks | None:
        if not due:
            return None
        try:
            return self._decode(due)
        except Exception as error:  # the codec has taken a part of them, so none can go on
            for sequence in due:
                self._failed(sequence, error)
            return None

    def _decode(self, due: list[Sequence]) -> Chunks:
        codes = [sequence.chunk_codes() for sequence in due]
        samples = self._loaded.model.decode([sequence.state for sequence in due], codes)
        chunks = Chunks(due, [len(c) for c in codes], _join(codes), _join(samples))
        # Evaluation starts here, before the next frame is queued; reading starts nothing more.
        mx.async_eval(chunks.codes, chunks.samples)  # pyright: ignore[reportUnknownMemberType]  # MLX does not type its arguments
        return chunks

    def _deliver(self, chunks: Chunks) -> None:
        codes = np.array(chunks.codes, dtype=np.int32)
        samples = np.array(chunks.samples, dtype=np.float32).reshape(len(codes), -1)
        at = 0
        for sequence, size in zip(chunks.sequences, chunks.sizes, strict=True):
            span = slice(at, at + size)
            at += size
            try:
                sequence.deliver(codes[span], samples[span].reshape(-1))
            except Exception as error:
                self._failed(sequence, error)

    def _find_due(self, sequences: list[Sequence]) -> list[Sequence]:
        """Return the sequences whose chunk is to be decoded now.

        These have a full chunk, or wait for text with frames pending. Where a batch costs about
        as much as one sequence, sequences with half a chunk come along.
        """
        alive = [sequence for sequence in sequences if not sequence.gone]
        due = [s for s in alive if s.chunk_due or (s.pending and s.is_waiting_for_text)]
        if due and self._loaded.model.rows_share_cost:
            due += [s for s in alive if s not in due and s.pending and s.chunk_half_full]
        return due


@mx.compile
def _flags(codes: mx.array, finite: mx.array, eos: int) -> mx.array:
    ended = (codes[:, 0] == eos).astype(mx.uint8) * _ENDED
    return ended + (~finite).astype(mx.uint8) * _NOT_FINITE


def _join(parts: list[mx.array]) -> mx.array:
    return mx.concatenate(parts) if len(parts) > 1 else parts[0]
