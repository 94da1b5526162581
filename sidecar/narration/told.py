"""What the engine has answered for the passages of a narration → its result."""

from __future__ import annotations

import time

from sidecar.engine.request import SynthesisResult
from sidecar.errors import Notice
from sidecar.narration.request import NarrationResult
from sidecar.narration.tape import Tape
from sidecar.text import unspoken


class Told:
    """The passages that have been spoken."""

    def __init__(self) -> None:
        self._results: list[SynthesisResult] = []
        self._cut: list[Notice] = []
        self._unspoken: dict[str, None] = {}

    @property
    def passages(self) -> int:
        return len(self._results)

    @property
    def frames(self) -> int:
        return sum(result.frames for result in self._results)

    def add(self, result: SynthesisResult, sentence: int, budget: int) -> None:
        """
        Args:
            budget: of frames, for all; the passage that uses it up was not cut for its own sake.
        """
        self._results.append(result)
        self._unspoken |= dict.fromkeys(result.unspoken)
        if result.finish_reason != "stop" and self.frames < budget:
            what = f"Sentence {sentence} did not end by itself and was cut."
            self._cut.append(Notice("runaway", what))

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
            ),
            patches=patches,
        )
