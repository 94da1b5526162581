"""How far a listener has come in a text whose speech was stopped."""

from __future__ import annotations

import math
import unicodedata
from bisect import bisect_right

from sidecar.errors import HeardSpeech
from sidecar.synthesis.request import Mark
from sidecar.text.tempo import count_letters

# Letters a second of a voice of which less than the second figure, in seconds, is known.
_RATE, _KNOWN_SECONDS = 15.0, 1.0


class Timeline:
    """Where in the audio the sentences of one text are, while it is spoken.

    Attributes:
        samples: how many have been handed out.
        sample_rate: of the audio that is handed out.
        written: seconds of audio that were handed out, or are held back by effects and encoder.
    """

    def __init__(self) -> None:
        self.samples = 0
        self.sample_rate = 0
        self.written = 0.0
        self._marks: list[Mark] = []
        self._ends: dict[int, float] = {}  # when the speech of sentences ended, before a pause
        self._begun = math.inf  # when the segment that is being spoken began

    def mark(self, mark: Mark) -> None:
        """Add the next sentence."""
        self._marks.append(mark)

    def begin(self, seconds: float) -> None:
        """Note when in the audio the next segment begins."""
        self._begun = seconds

    def end(self, seconds: float) -> None:
        """Note when in the audio the segment ends, which was the last one that was marked."""
        self._begun = math.inf
        self._ends[len(self._marks) - 1] = seconds

    def find(self, text: str, played: float | None = None) -> HeardSpeech | None:
        """Return what was heard; None if there is no audio.

        Args:
            text: all of the text that has arrived.
            played: seconds of audio that were played; None is all that was handed out.
        """
        if not self.samples:
            return None
        samples = self.samples
        if played is not None:
            samples = min(samples, round(played * self.sample_rate))
        is_all = samples == self.samples
        seconds = self.written if is_all else samples / self.sample_rate
        sentence, start, end, share = self._locate(text, seconds)
        place = start + int((end - start) * share + 1e-9)
        return HeardSpeech(samples, self.sample_rate, sentence, _to_word(text, start, place, end))

    def _locate(self, text: str, seconds: float) -> tuple[int, int, int, float]:
        """Return the sentence at a time, its place in the text, and how much of it was heard."""
        at = bisect_right([mark.start_seconds for mark in self._marks], seconds) - 1
        # The marks are rounded, so that the second condition may hold without the first.
        is_running = self._begun < math.inf
        if is_running and (seconds >= self._begun or at > max(self._ends, default=-1)):
            return self._estimate(text, max(0.0, seconds - self._begun))
        if at < 0:
            return 0, 0, 0, 1.0
        mark = self._marks[at]
        length = self._ends.get(at, mark.start_seconds) - mark.start_seconds
        share = min((seconds - mark.start_seconds) / length, 1.0) if length > 0 else 1.0
        return at, mark.start, mark.end, share

    def _estimate(self, text: str, seconds: float) -> tuple[int, int, int, float]:
        """Return how far the running segment is, by the rate of those that were spoken before it.

        In token mode it is not marked yet, and its end not known.
        """
        last = max(self._ends, default=-1)
        start = self._marks[last].end if last >= 0 else 0
        spoken = sum(self._ends[at] - self._marks[at].start_seconds for at in self._ends)
        rate = _RATE if spoken < _KNOWN_SECONDS else _letters(text[:start]) / spoken
        is_marked = len(self._marks) - 1 > last
        mark = self._marks[-1] if is_marked else None
        start, end = (mark.start, mark.end) if mark else (start, len(text))
        letters = _letters(text[start:end])
        share = seconds * rate / letters if letters else 0.0
        return len(self._marks) - is_marked, start, end, min(share, 1.0)


def _letters(text: str) -> float:
    return sum(count_letters(text)) / 2


def _to_word(text: str, start: int, place: int, end: int) -> int:
    """Move a place back to the beginning of the word that it is in, at most to `start`."""
    if place >= end:
        return end
    while place > start and not text[place - 1].isspace() and _is_narrow(text[place - 1]):
        place -= 1
    return place


def _is_narrow(char: str) -> bool:
    return unicodedata.east_asian_width(char) not in "WF"
