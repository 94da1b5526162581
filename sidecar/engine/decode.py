"""The body of the decode loop: one frame of every sequence, then the chunks that are due.

The next frame is started before the host looks at the present one, so that the device computes
while the host works. When the present frame fills a chunk, the chunk is started first where a frame
takes long, so that audio does not wait for it; where the host takes longer to build the chunk than
the device to compute a frame, several frames are started first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import mlx.core as mx
import numpy as np
from numpy.typing import NDArray

from sidecar.engine.failures import not_finite
from sidecar.engine.loaded import LoadedModel
from sidecar.engine.sampling import BatchSampler
from sidecar.engine.sequence import Sequence

# Of a row's codes, which are far smaller: a number of the row is infinite or not a number.
_NOT_FINITE = 1 << 31

Failed = Callable[[Sequence, Exception], None]


@dataclass(frozen=True)
class Flight:
    """A frame that is being computed.

    Attributes:
        codes: uint32 [rows, codebooks], plus `_NOT_FINITE`; row i belongs to sequence i.
    """

    sequences: list[Sequence]
    codes: mx.array

    @property
    def completes_chunk(self) -> bool:
        return any(sequence.completes_chunk for sequence in self.sequences)


@dataclass(frozen=True)
class Chunks:
    """Audio that is being computed, of several sequences in one array, so that it is read at once.

    Attributes:
        codes: of each sequence, uint32 [frames, codebooks].
        samples: float32 [samples of all].
    """

    sequences: list[Sequence]
    codes: list[NDArray[np.uint32]]
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
        # Frames that are being computed, the oldest first.
        self.flights: deque[Flight] = deque()

    def step(self) -> None:
        """Take one frame of every sequence, and hand out the chunks that are due with it."""
        if not self._fill(1):
            return
        flight = self.flights.popleft()
        self._taken = flight.sequences
        ahead = self._loaded.model.frames_ahead if flight.completes_chunk else 1
        self._fill(ahead)
        self._take(flight)
        chunks = self._start_chunks(self._find_due(flight.sequences))
        self._fill(1)
        if chunks is not None:
            self._deliver(chunks)

    def _fill(self, count: int) -> bool:
        """Start frames until so many are being computed; return whether any are."""
        while len(self.flights) < count:
            flight = self._start()
            if flight is None:
                break
            self.flights.append(flight)
        return bool(self.flights)

    def find_affected(self) -> list[Sequence]:
        """Return the sequences that a failed step may have harmed."""
        flying = (sequence for flight in self.flights for sequence in flight.sequences)
        return list({*self._sampled, *self._taken, *flying})

    def _start(self) -> Flight | None:
        sequences = list(self._choose())
        if not sequences:
            return None
        try:
            flight = self._build(sequences)
        except Exception:
            flight = self._build_apart(sequences)
        if flight is not None:
            mx.async_eval(flight.codes)  # pyright: ignore[reportUnknownMemberType]  # MLX does not type its arguments
        return flight

    def _build(self, sequences: list[Sequence]) -> Flight:
        """Build the next frame of these sequences, without computing it.

        If it raises, no sequence has moved.
        """
        if self._sampler is None or sequences != self._sampled:
            self._sampled = sequences
            self._sampler = BatchSampler(self._loaded.mask, [s.sampling for s in sequences])
        codes = self._loaded.model.frame([s.state for s in sequences], self._sampler)
        codes = _marked(codes, self._sampler.finite)
        self._sampler.advance()
        for sequence in sequences:
            sequence.started += 1
        return Flight(sequences, codes)

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
        return Flight(alive, mx.concatenate([flight.codes for flight in flights]))

    def _take(self, flight: Flight) -> None:
        drawn = np.array(flight.codes, dtype=np.uint32)
        broken = (drawn[:, 0] & _NOT_FINITE).tolist()
        codes = drawn & (_NOT_FINITE - 1)
        for sequence, row, is_broken in zip(flight.sequences, codes, broken, strict=True):
            if sequence.finish_reason is not None or sequence.gone:
                continue  # it ended, or was cancelled, while this was computed
            if is_broken:
                self._failed(sequence, not_finite("output"))
            else:
                sequence.take(row, ended=bool(row[0] == self._loaded.model.codes.eos))

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
        chunks = Chunks(due, codes, _join(samples))
        # Evaluation starts here, before the next frame is queued; reading starts nothing more.
        mx.async_eval(chunks.samples)  # pyright: ignore[reportUnknownMemberType]  # MLX does not type its arguments
        return chunks

    def _deliver(self, chunks: Chunks) -> None:
        samples = np.array(chunks.samples, dtype=np.float32)
        per_frame = len(samples) // sum(len(codes) for codes in chunks.codes)
        at = 0
        for sequence, codes in zip(chunks.sequences, chunks.codes, strict=True):
            start, at = at, at + len(codes) * per_frame
            try:
                sequence.deliver(codes.astype(np.int32), samples[start:at])
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


@partial(mx.compile, shapeless=True)
def _marked(codes: mx.array, finite: mx.array) -> mx.array:
    return mx.where(finite[:, None], codes, codes | _NOT_FINITE)


def _join(parts: list[mx.array]) -> mx.array:
    return mx.concatenate(parts) if len(parts) > 1 else parts[0]
