"""What the scheduler asks of those that generate speech: one runner for each kind of model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from sidecar.engine.active import ActiveSpeech
from sidecar.engine.commands import AppendText
from sidecar.engine.loaded import Loaded
from sidecar.engine.request import SpeechJob
from sidecar.errors import SidecarError
from sidecar.models.base import Utterance


class Runner(Protocol):
    """Generates the speech of all admitted requests for one kind of model. Engine thread only.

    A failure ends the requests that it belongs to, and no others. A request that has ended is
    reported by the runner's `finish` after the runner has dropped it.
    """

    @property
    def active(self) -> Sequence[ActiveSpeech[Any]]:
        """The requests that have been admitted and have not ended."""
        ...

    @property
    def has_work(self) -> bool:
        """Whether there is anything to compute before another command arrives."""
        ...

    def can_run(self, loaded: Loaded) -> bool:
        """Return whether this runner is the one for such a model."""
        ...

    def admit(self, job: SpeechJob, loaded: Loaded, utterance: Utterance, admitted: float) -> None:
        """Begin to speak a request.

        Args:
            utterance: the job's, with a reference that the model takes.
            admitted: when the preparation of the request began, by time.perf_counter.

        Raises:
            Exception: the model cannot speak it; it has not been admitted.
        """
        ...

    def append_text(self, command: AppendText) -> bool:
        """Add text to an active request. Return False if it is not one of this runner's."""
        ...

    def cancel(self, job: SpeechJob, error: SidecarError) -> bool:
        """End an active request with `error`. Return False if it is not one of this runner's."""
        ...

    def advance(self, more_to_come: bool) -> None:
        """Run one round of work.

        Args:
            more_to_come: another request is admitted right after this.
        """
        ...
