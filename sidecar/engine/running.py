"""The rows: how they come in, are prefilled, stepped, and leave.

Every piece of work is guarded: a failure ends the rows it belongs to, and nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial

import mlx.core as mx

from sidecar.engine.decode import Batch
from sidecar.engine.events import Done, Failed
from sidecar.engine.failures import as_sidecar_error
from sidecar.engine.models import Loaded, LoadedModel
from sidecar.engine.references import References
from sidecar.engine.request import (
    PRIORITIES,
    AppendText,
    Finish,
    Priority,
    SpeechJob,
    Stream,
    finish,
)
from sidecar.engine.row import Row
from sidecar.errors import SidecarError


class Running:
    """All requests that have a row. Engine thread only.

    Args:
        references: makes the voices that requests ask for.
        finish: ends a job that has left.
    """

    def __init__(self, references: References | None = None, finish: Finish = finish) -> None:
        self.rows: list[Row] = []
        self._finish = finish
        self._held: dict[Stream, tuple[Loaded, Priority]] = {}
        self._references = References() if references is None else references
        self._batches: dict[LoadedModel, Batch] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def places(self, priority: Priority) -> int:
        """How many are taken, to somebody of that priority. A row that waits for text has given up
        its own; one that is held between two passages is so for who is less urgent or the same."""
        rank = PRIORITIES.index(priority)
        held = sum(PRIORITIES.index(whose) <= rank for _, whose in self._held.values())
        return held + sum(not row.is_starved for row in self.rows)

    def holds(self, job: SpeechJob) -> bool:
        """Whether the place of its stream is held."""
        return job.stream in self._held

    def release(self, stream: Stream | None) -> None:
        if stream is not None:
            self._held.pop(stream, None)

    def hold(self, job: SpeechJob, loaded: Loaded) -> None:
        """Keeps the place of one that has ended for the next of its stream, if there is one."""
        if job.request.more_follows and job.stream is not None:
            self._held[job.stream] = loaded, job.request.priority

    def uses(self, loaded: Loaded) -> bool:
        held = any(whose is loaded for whose, _ in self._held.values())
        return held or any(row.loaded is loaded for row in self.rows)

    @property
    def has_work(self) -> bool:
        """Whether there is anything to compute before something else happens."""
        return (
            any(batch.flight for batch in self._batches.values())
            or any(not row.prefilled for row in self.rows)
            or any(row.can_step for row in self.rows)
        )

    def find(self, job: object) -> Row | None:
        return next((row for row in self.rows if row.job is job), None)

    def admit(self, job: SpeechJob, loaded: LoadedModel) -> None:
        """Gives a request a row; if its prompt cannot be built, that is its answer."""
        started = time.perf_counter()
        self.release(job.stream)
        try:
            utterance, notices = self._references.resolve(loaded, job.request.utterance)
            prompt = loaded.model.prepare(utterance)
            row = Row(job, loaded, prompt, started, notices)
            for more in job.more_text:
                row.append_text(more)
            self.rows.append(row)
        except Exception as error:
            self._finish(job, Failed(as_sidecar_error(error, "preparing the prompt")))

    def append_text(self, row: Row, more: AppendText) -> None:
        try:
            row.append_text(more)
        except Exception as error:
            self.fail(row, error, "adding text")

    def remove(self, row: Row, error: SidecarError) -> None:
        """Takes a row out of its batch, after the frame in progress; `error` is its answer."""
        self._leave(row)
        self._finish(row.job, Failed(error))

    def fail(self, row: Row, error: Exception, doing: str = "generating") -> None:
        if not row.gone:
            self.remove(row, as_sidecar_error(error, doing))

    def advance(self, more_to_come: bool = False) -> None:
        """One round: a piece of one newcomer's prompt, then a frame for everyone.

        The frame is left out while no listener is short of audio and nobody else is about to speak
        for the first time. Who is one piece away from that is waited for: newcomers then speak
        together, in the time of one.

        Args:
            more_to_come: the next request is admitted right after this.
        """
        newcomers = [row for row in self.rows if not row.prefilled]
        if newcomers:
            self._prefill(min(newcomers, key=_prefill_order))
            nearly = more_to_come or any(_pieces_left(row) == 1 for row in newcomers)
            if not self._pressed() and (nearly or not self._about_to_speak()):
                return
        for loaded in {row.loaded for row in self.rows}:
            self._step(loaded)

    def _about_to_speak(self) -> bool:
        return any(row.can_step and not row.has_spoken for row in self.rows)

    def _pressed(self) -> bool:
        """Whether somebody who is listening might soon have nothing to play."""
        return any(row.has_spoken and row.can_step and not row.is_ahead for row in self.rows)

    def _prefill(self, row: Row) -> None:
        try:
            row.prefilled = row.loaded.model.prefill(row.state)
            if row.prefilled:
                row.note_text()
        except Exception as error:
            self.fail(row, error, "reading the prompt")

    def _step(self, loaded: LoadedModel) -> None:
        batch = self._batches.get(loaded)
        if batch is None:
            batch = Batch(loaded, partial(self._choose, loaded), self.fail)
            self._batches[loaded] = batch
        try:
            batch.step()
        except Exception as error:  # which of those in it it was, nobody can say
            self._batches.pop(loaded, None)
            # Rows that pause are not in it, but a GPU's may still be in the batch's KV cache.
            among = [] if loaded.model.rows_share_cost else batch.involved()
            among = among or self.rows
            for row in [row for row in among if row.loaded is loaded and row.prefilled]:
                self.fail(row, error)
        for row in [row for row in self.rows if row.is_done]:
            self._leave(row)
            self.hold(row.job, row.loaded)
            self._finish(row.job, Done(row.result(mx.get_peak_memory())))

    def _choose(self, loaded: LoadedModel) -> Sequence[Row]:
        """Who gets the next frame: where rows cost time each, those without audio come first,
        and those with plenty of it ahead wait."""
        rows = [row for row in self.rows if row.loaded is loaded and row.can_step]
        if loaded.model.rows_share_cost:
            return rows
        pressing = [row for row in rows if not row.is_ahead]
        if any(not row.has_spoken for row in pressing):
            return pressing
        normal = [row for row in rows if row.job.request.priority != "low"]
        return normal if pressing else rows

    def _leave(self, row: Row) -> None:
        self.rows.remove(row)
        row.close()
        if not any(other.loaded is row.loaded for other in self.rows):
            self._batches.pop(row.loaded, None)  # it holds on to the model's memory


def _prefill_order(row: Row) -> tuple[int, int]:
    return PRIORITIES.index(row.job.request.priority), _pieces_left(row)


def _pieces_left(row: Row) -> int:
    return 0 if row.gone or row.prefilled else row.loaded.model.pieces_left(row.state)
