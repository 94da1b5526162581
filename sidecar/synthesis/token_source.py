"""Cuts a text that goes into a running sequence piece by piece."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection

import msgspec

from sidecar.errors import Notice
from sidecar.synthesis.segments import Segment, find_break
from sidecar.text.directives import Direction, Directive, Pause
from sidecar.text.languages import TextLanguage
from sidecar.text.markup import SKIPPED, Markup
from sidecar.text.places import Written, divide
from sidecar.text.runs import Reader, Run, condense_runs
from sidecar.text.sentences import Sentence, SentenceSplitter
from sidecar.text.stream import SpeakableStream
from sidecar.text.token_boundaries import TokenBoundaryBuffer

# A segment that is fed token by token ends with the first sentence that ends after this.
_TOKEN_SEGMENT_CHARS = 240


class TextPiece(msgspec.Struct, frozen=True):
    """A part of a segment's text; the last part brings the segment.

    Attributes:
        direction: that of the segment.
    """

    text: str
    segment: Segment | None = None
    direction: Direction = Direction()


class TokenSource:
    """Takes a text in pieces of any size, and hands it out as soon as each word has ended.

    Attributes:
        gathers: from the next segment on, hand out whole sentences only.

    Args:
        language: as the request names it; None if it has to be guessed.
        normalize: leave out markup, and spell addresses.
        spell: with `normalize`, write numbers, dates, units, … as words, too.
        skip: with `normalize`, what is not spoken; see `markup.Markup`.
        reader: of the text, if it is no plain text.
    """

    def __init__(
        self,
        language: str | None,
        normalize: bool,
        spell: bool = True,
        skip: Collection[str] = SKIPPED,
        reader: Reader | None = None,
    ) -> None:
        self._language = TextLanguage(language)
        self._normalize = normalize
        self._spell = spell
        self._reader = reader or Markup(normalize, skip)
        self._splitter = SentenceSplitter(language)
        self._runs: deque[Run] = deque()  # those that the stream has not taken
        self._read = 0  # where they end in the original
        # Where a segment ends: its text or the next is silent, or the text asks for something.
        self._stops: set[int] = set()
        self._is_silent = False  # the paragraph that was read last
        self._ends: deque[Sentence] = deque()
        self._start = self._taken = 0
        self._written: list[Run] = []  # those of the segment that the stream has taken
        self._written_from = 0
        self._said = ""  # what was handed out of the segment
        self._stream: SpeakableStream | None = None
        self._settled = TokenBoundaryBuffer()
        self._flushed = 0  # where the last flush was
        self._ended = False
        self._direction = Direction()
        self.gathers = False

    def feed(self, text: str) -> None:
        """Add text."""
        if text:
            runs = self._reader.feed(text)
            self._add(runs)
            self._ends.extend(self._splitter.feed(runs))

    def flush(self) -> None:
        """End a segment here: no more text is waited for."""
        runs = self._reader.flush()
        self._add(runs)
        self._ends.extend(self._splitter.flush(runs))
        self._flushed = self._read
        if self._read > self._start:
            self._stops.add(self._read)
            if not self._ends or self._ends[-1].end < self._read:  # that sentence was taken already
                self._ends.append(Sentence(self._start, self._read, False, is_silent=False))

    def end(self) -> None:
        """Note that the text is complete."""
        if not self._ended:
            self._ended = True
            runs = self._reader.finish()
            self._add(runs)
            self._ends.extend(self._splitter.finish(runs))

    def _add(self, runs: list[Run]) -> None:
        self._runs.extend(runs)
        for run in runs:
            is_asking = run.directive is not None and (run.opens or run.cuts)
            if is_asking or (run.opens and (run.is_silent or self._is_silent)):
                self._stops.add(self._read)
            self._is_silent = run.is_silent or (self._is_silent and not run.opens)
            self._read += run.span

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What is wrong with the marks in the text."""
        return self._reader.faults.make_notices()

    @property
    def is_over(self) -> bool:
        """Whether no piece will come any more."""
        return self._ended and self._start == self._read and self._stream is None

    def take(self) -> TextPiece | None:
        """Return the next piece; None if it needs more text."""
        if self._start == self._read and (self._ended or self._flushed == self._read):
            return self._take_held()
        close_from = max(self._taken, self._start + (1 if self.gathers else _TOKEN_SEGMENT_CHARS))
        while self._ends and self._ends[0].end < close_from and not self._must_end(self._ends[0]):
            self._ends.popleft()
        if self._ends:
            return self._close(self._ends.popleft())
        limit = self._taken if self.gathers else self._start + _TOKEN_SEGMENT_CHARS
        end = min(self._read, limit)
        if end <= self._taken:
            return None
        text = self._words(end)
        self._said += text
        return TextPiece(text, None, self._direction)

    def cut(self) -> Segment:
        """End the segment here, because its speech has ended.

        Text that was taken from the source but not handed out begins the next segment.
        """
        said = self._said
        written, rest = divide(self._take_written(), said)
        self._written, self._written_from = list(rest.runs), rest.start
        segment = Segment(self._start, self._taken, "", direction=self._direction, written=written)
        self._start = self._taken
        self._direction = self._direction.follow(())
        while self._ends and self._ends[0].end <= self._start:
            self._stops.discard(self._ends.popleft().end)
        return segment

    def _take_held(self) -> TextPiece | None:
        """Return the words that were left over when the last segment ended with the text so far."""
        text = self._end_words()
        written = self._take_written()
        if not text:
            return None
        segment = Segment(self._start, self._start, "", direction=self._direction, written=written)
        return TextPiece(text, segment, self._direction)

    def _take_written(self) -> Written:
        """Return what is written in the segment that ends here."""
        runs = condense_runs(self._written)
        text = "".join(run.text for run in runs)
        language = self._language.detect(text)[0]
        written = Written(self._written_from, runs, language, self._normalize and self._spell)
        self._written, self._written_from, self._said = [], self._taken, ""
        return written

    def _must_end(self, sentence: Sentence) -> bool:
        """Return whether a segment ends with it, even a short one."""
        return sentence.end in self._stops or (self._ended and sentence.end == self._read)

    def _close(self, sentence: Sentence) -> TextPiece:
        text = self._words(sentence.end) + self._end_words()
        direction, self._direction = self._direction, self._direction.follow(())
        segment = Segment(
            self._start, sentence.end, "", find_break(sentence), direction, self._take_written()
        )
        self._start = sentence.end
        self._stops.discard(sentence.end)
        return TextPiece(text, segment, direction)

    def _words(self, end: int) -> str:
        """Return the words that the stream returns for the text up to this offset."""
        if self._stream is None:
            self._stream = SpeakableStream(self._language, self._normalize, spell=self._spell)
        runs: list[Run] = []
        while self._runs and self._taken < end:
            run = self._runs.popleft()
            if run.span > end - self._taken:
                size = end - self._taken
                run, rest = run.cut(min(size, len(run.text)), size)
                self._runs.appendleft(rest)
            self._taken += run.span
            if run.directive is not None:
                self._direct(run.directive)
            runs.append(run)
        self._written += runs
        words = self._stream.feed(runs)
        return self._settled.feed(words, is_spaced=self._stream.is_spaced)

    def _direct(self, directive: Directive) -> None:
        pause = self._direction.pause
        earlier = () if pause is None else (Pause(pause),)
        self._direction = self._direction.follow((*earlier, directive))

    def _end_words(self) -> str:
        """Return what the stream and the settled text still hold back."""
        stream, self._stream = self._stream, None
        rest = stream.finish() if stream else ""
        return self._settled.feed(rest, is_spaced=False) + self._settled.finish()
