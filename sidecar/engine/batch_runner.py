"""The runner of models that batch: sequences are admitted, prefilled, stepped, and leave.

Every piece of work is guarded: a failure ends the sequences that it belongs to, and no others.
"""

from __future__ import annotations

from functools import partial

from sidecar.engine.commands import AppendText
from sidecar.engine.decode import Batch
from sidecar.engine.events import Done, Failed
from sidecar.engine.failures import as_sidecar_error
from sidecar.engine.loaded import Loaded, LoadedModel
from sidecar.engine.request import PRIORITIES, Finish, SpeechJob
from sidecar.engine.sequence import Sequence
from sidecar.errors import OutOfMemory, SidecarError
from sidecar.models.base import Utterance, VoicePrompt


class BatchRunner:
    """All sequences of all models that batch; a `Runner`. Engine thread only.

    Args:
        finish: ends the job of a sequence that has left.
    """

    def __init__(self, finish: Finish) -> None:
        self.active: list[Sequence] = []
        self._finish = finish
        self._batches: dict[LoadedModel, Batch] = {}

    @property
    def has_work(self) -> bool:
        return (
            any(batch.flights for batch in self._batches.values())
            or any(not sequence.prefilled for sequence in self.active)
            or any(sequence.can_step for sequence in self.active)
        )

    def can_run(self, loaded: Loaded) -> bool:
        return isinstance(loaded, LoadedModel)

    def admit(self, job: SpeechJob, loaded: Loaded, utterance: Utterance, admitted: float) -> None:
        assert isinstance(loaded, LoadedModel)
        voice = utterance.reference
        notices = voice.notices if isinstance(voice, VoicePrompt) else ()
        prompt = loaded.model.prepare(utterance)
        self.active.append(Sequence(job, loaded, prompt, admitted, notices))

    def find(self, job: SpeechJob) -> Sequence | None:
        return next((sequence for sequence in self.active if sequence.job is job), None)

    def append_text(self, command: AppendText) -> bool:
        sequence = self.find(command.job)
        if sequence is None:
            return False
        try:
            sequence.append_text(command)
        except Exception as error:
            self._fail(sequence, error, "adding text")
        return True

    def cancel(self, job: SpeechJob, error: SidecarError) -> bool:
        """End an active request after the frame in progress; `error` is its outcome."""
        sequence = self.find(job)
        if sequence is None:
            return False
        self._leave(sequence)
        self._finish(job, Failed(error))
        return True

    def advance(self, more_to_come: bool = False) -> None:
        """Run one round: a piece of a newcomer's prompt, then a frame of every sequence.

        The frame is left out while no listener is short of audio and no other sequence is about
        to speak for the first time. Newcomers that are one piece away from their first frame are
        waited for: they then speak together, in the time of one. Where rows share their cost,
        their prompts run together, too, so that those that arrive together are admitted first.
        """
        newcomers = [sequence for sequence in self.active if not sequence.prefilled]
        if newcomers:
            together = newcomers[0].loaded.model.rows_share_cost
            if more_to_come and together and not self._is_pressed():
                return
            self._prefill(sorted(newcomers, key=_prefill_order))
            nearly = more_to_come or any(_pieces_left(newcomer) == 1 for newcomer in newcomers)
            if not self._is_pressed() and (nearly or not self._is_about_to_speak()):
                return
        for loaded in {sequence.loaded for sequence in self.active}:
            self._step(loaded)

    def _is_about_to_speak(self) -> bool:
        return any(seq.can_step and not seq.has_spoken for seq in self.active)

    def _is_pressed(self) -> bool:
        """Return whether a listener might soon have no audio left to play."""
        return any(seq.has_spoken and seq.can_step and not seq.is_ahead for seq in self.active)

    def _prefill(self, newcomers: list[Sequence]) -> None:
        """Run a piece of the first one's prompt, and of what its model takes along."""
        first = newcomers[0]
        among = [sequence for sequence in newcomers if sequence.loaded is first.loaded]
        try:
            ready = first.loaded.model.prefill([sequence.state for sequence in among])
            for sequence in among:
                sequence.prefilled = sequence.state in ready
                if sequence.prefilled:
                    sequence.note_text()
        except Exception as error:
            if len(among) > 1:
                self._prefill([first])  # if it fails again, it was the cause
            else:
                self._fail(first, error, "reading the prompt")

    def _step(self, loaded: LoadedModel) -> None:
        batch = self._batches.get(loaded)
        if batch is None:
            batch = Batch(loaded, partial(self._choose, loaded), self._fail)
            self._batches[loaded] = batch
        try:
            batch.step()
        except Exception as error:  # any of its sequences may have been the cause
            self._batches.pop(loaded, None)
            # Paused sequences are not in the batch, but on a GPU may still be in its KV cache.
            among = [] if loaded.model.rows_share_cost else batch.find_affected()
            among = among or self.active
            for sequence in [s for s in among if s.loaded is loaded and s.prefilled]:
                self._fail(sequence, error)
        for sequence in [sequence for sequence in self.active if sequence.is_done]:
            self._leave(sequence)
            self._finish(sequence.job, Done(sequence.result()))

    def _choose(self, loaded: LoadedModel) -> list[Sequence]:
        """Return the sequences that get the next frame.

        Where each sequence costs time, those that have not spoken yet come first, and those with
        plenty of audio ahead wait.
        """
        ready = [seq for seq in self.active if seq.loaded is loaded and seq.can_step]
        if loaded.model.rows_share_cost:
            return ready
        pressing = [sequence for sequence in ready if not sequence.is_ahead]
        if any(not sequence.has_spoken for sequence in pressing):
            return pressing
        normal = [sequence for sequence in ready if sequence.job.request.priority != "low"]
        return normal if pressing else ready

    def _fail(self, sequence: Sequence, error: Exception, doing: str = "generating") -> None:
        if sequence.gone:
            return
        failure = as_sidecar_error(error, doing)
        if isinstance(failure, OutOfMemory):
            sequence.loaded.model.forget_prompts()
        self.cancel(sequence.job, failure)

    def _leave(self, sequence: Sequence) -> None:
        self.active.remove(sequence)
        sequence.close()
        if not any(other.loaded is sequence.loaded for other in self.active):
            self._batches.pop(sequence.loaded, None)  # it refers to the model's memory


def _prefill_order(sequence: Sequence) -> tuple[int, int]:
    return PRIORITIES.index(sequence.job.request.priority), _pieces_left(sequence)


def _pieces_left(sequence: Sequence) -> int:
    if sequence.gone or sequence.prefilled:
        return 0
    return sequence.loaded.model.pieces_left(sequence.state)
