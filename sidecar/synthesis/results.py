"""Adds up what the engine has answered for the segments of a synthesis."""

from __future__ import annotations

import time

from msgspec.structs import replace

from sidecar.engine.events import SpeechFigures, SpeechResult
from sidecar.errors import Notice
from sidecar.synthesis.output import OutputStream
from sidecar.synthesis.request import SynthesisResult
from sidecar.text import tempo, unspoken

# The sentences whose reasons are in a notice.
_MOST_REASONS = 10


class SegmentResults:
    """The results of the segments that have been spoken.

    Attributes:
        count: how many there are.
    """

    def __init__(self) -> None:
        self._total: SpeechFigures | None = None
        self._notices: tuple[Notice, ...] = ()  # of the first segment; the others have the same
        self._cut: list[Notice] = []
        self._unspoken: dict[str, None] = {}
        self._rushed: list[tuple[int, float]] = []  # sentences, and letters per second
        self._untimed: list[tuple[int, str]] = []  # sentences, and why
        self.count = 0

    @property
    def frames(self) -> int:
        return 0 if self._total is None else self._total.frames

    def add(
        self,
        result: SpeechResult,
        sentence: int,
        max_frames: int,
        text: str,
        reference: float | None = None,
    ) -> None:
        """Add the result of a segment.

        Args:
            sentence: the segment's index.
            max_frames: of all segments; the segment that reaches it did not run away.
            text: what the model was given.
            reference: letters per second of the recording that the voice continues; None if it
                does not continue one.
        """
        if self._total is None:
            self._total, self._notices = result.figures, result.notices
        else:
            self._total += result.figures
        self.count += 1
        self._unspoken |= dict.fromkeys(result.unspoken)
        if result.figures.finish_reason != "stop":
            if self.frames < max_frames:
                message = f"Sentence {sentence} did not end by itself and was cut."
                self._cut.append(Notice("runaway", message))
        elif reference is not None:
            spoken = "".join(char for char in text if char not in result.unspoken)
            rate = tempo.find_rushed_rate(spoken, result.figures.audio_seconds, reference)
            if rate is not None:
                self._rushed.append((sentence, rate))

    def skip(self, text: str) -> None:
        """Note the text of a segment that the model could not speak at all."""
        self._unspoken |= dict.fromkeys(unspoken.list_letters(text))

    def note_untimed(self, sentence: int, why: str) -> None:
        """Note that the words of a sentence have no times; `why` is a clause."""
        self._untimed.append((sentence, why))

    def result(
        self, output: OutputStream, since: float, notices: tuple[Notice, ...]
    ) -> SynthesisResult:
        """Return the result of one or more segments, and close the output.

        Args:
            since: when the speech was asked for, by time.perf_counter.
            notices: about the text.
        """
        assert self._total is not None
        patches = output.close(self._total.sample_rate)
        first_audio = output.first_audio or time.perf_counter()
        return SynthesisResult(
            # What the listener gets: with pauses, and at the speed and the rate of the output.
            figures=replace(
                self._total,
                samples=output.samples,
                sample_rate=output.sample_rate,
                first_audio_seconds=first_audio - since,
            ),
            sentences=output.sentences,
            notices=(
                *self._notices,
                *notices,
                *(self._cut if self.count > 1 else ()),
                *unspoken.make_notices(self._unspoken),
                *self._too_fast(),
                *self._without_times(),
            ),
            patches=patches,
        )

    def _without_times(self) -> list[Notice]:
        """Return one notice for all sentences without word times."""
        if not self._untimed:
            return []
        which = f"sentence {self._untimed[0][0]}"
        if len(self._untimed) > 1:
            which = f"{len(self._untimed)} sentences, the first of which is {which}"
        reasons = "; ".join(dict.fromkeys(why for _, why in self._untimed[:_MOST_REASONS]))
        return [Notice("wordTimesMissing", f"There are no word times for {which}: {reasons}.")]

    def _too_fast(self) -> list[Notice]:
        """Return one notice for all sentences, since they have one cause."""
        if not self._rushed:
            return []
        sentence, rate = max(self._rushed, key=lambda one: one[1])
        how_many = f"{len(self._rushed)} of {self.count} sentences were"
        which = f"Sentence {sentence} was" if len(self._rushed) == 1 else how_many
        return [
            Notice(
                "speechTooFast",
                f"{which} spoken faster than this voice can speak, up to {rate:.0f} letters a "
                "second, so words are probably missing. The transcript of the recording may be "
                "of a part of it, or of another one: it must be exactly what is said there.",
            )
        ]
