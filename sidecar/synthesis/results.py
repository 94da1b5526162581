"""What the engine has answered for the passages of a narration → its result."""

from __future__ import annotations

import time

from sidecar.engine.events import SpeechResult
from sidecar.errors import Notice
from sidecar.synthesis.output import Tape
from sidecar.synthesis.request import NarrationResult
from sidecar.text import tempo, unspoken


class Told:
    """The passages that have been spoken.

    Args:
        tempo: letters a second of the recording that the voice continues, if it does.
    """

    def __init__(self, tempo: float | None = None) -> None:
        self._tempo = tempo
        self._results: list[SpeechResult] = []
        self._cut: list[Notice] = []
        self._unspoken: dict[str, None] = {}
        self._rushed: list[tuple[int, float]] = []  # sentences, and how fast they were

    @property
    def passages(self) -> int:
        return len(self._results)

    @property
    def frames(self) -> int:
        return sum(result.frames for result in self._results)

    def add(self, result: SpeechResult, sentence: int, budget: int, text: str) -> None:
        """
        Args:
            budget: of frames, for all; the passage that uses it up was not cut for its own sake.
            text: what the model was given.
        """
        self._results.append(result)
        self._unspoken |= dict.fromkeys(result.unspoken)
        if result.finish_reason != "stop" and self.frames < budget:
            what = f"Sentence {sentence} did not end by itself and was cut."
            self._cut.append(Notice("runaway", what))
        if self._tempo is not None and result.finish_reason == "stop":
            said = "".join(char for char in text if char not in result.unspoken)
            rate = tempo.too_fast(said, result.audio_seconds, self._tempo)
            if rate is not None:
                self._rushed.append((sentence, rate))

    def skip(self, text: str) -> None:
        """Note a passage of which the model could speak nothing."""
        self._unspoken |= dict.fromkeys(unspoken.letters(text))

    def result(self, tape: Tape, seed: int, since: float) -> NarrationResult:
        """Of one or more passages, when all is on the tape; `since` is when it was asked for."""
        first, last = self._results[0], self._results[-1]
        patches = tape.close(last.sample_rate)
        ran_away = any(result.finish_reason == "runaway" for result in self._results)
        return NarrationResult(
            finish_reason="runaway" if ran_away else last.finish_reason,
            frames=self.frames,
            samples=tape.samples,
            sample_rate=tape.sample_rate,
            seed=seed,
            sentences=tape.sentences,
            queue_seconds=first.queue_seconds,
            first_audio_seconds=(tape.first_audio or time.perf_counter()) - since,
            generation_seconds=sum(result.generation_seconds for result in self._results),
            peak_memory_bytes=max(result.peak_memory_bytes for result in self._results),
            notices=(
                *first.notices,
                *(self._cut if self.passages > 1 else ()),
                *unspoken.notices(self._unspoken),
                *self._too_fast(),
            ),
            patches=patches,
        )

    def _too_fast(self) -> list[Notice]:
        """One for all sentences: they have one cause."""
        if not self._rushed:
            return []
        sentence, rate = max(self._rushed, key=lambda one: one[1])
        how_many = f"{len(self._rushed)} of {self.passages} sentences were"
        which = f"Sentence {sentence} was" if len(self._rushed) == 1 else how_many
        return [
            Notice(
                "speechTooFast",
                f"{which} spoken faster than this voice can speak, up to {rate:.0f} letters a "
                "second, so words are probably missing. The transcript of the recording may be "
                "of a part of it, or of another one: it must be exactly what is said there.",
            )
        ]
