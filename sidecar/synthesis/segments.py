"""Cuts a text into segments: each is spoken as one utterance, and has its place in the text."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from typing import Literal

import msgspec

from sidecar.synthesis.span import Span
from sidecar.text.languages import TextLanguage
from sidecar.text.markup import SKIPPED, Markup
from sidecar.text.runs import Run
from sidecar.text.sentences import Sentence, SentenceSplitter
from sidecar.text.speakable import finish_words, make_speakable
from sidecar.text.stream import SpeakableStream
from sidecar.text.token_boundaries import TokenBoundaryBuffer

Break = Literal["clause", "sentence", "paragraph"]

# The splitter sees that much at a time: the first sentence of a book must not wait for its last.
_BLOCK_CHARS = 1000
# A segment that is fed token by token ends with the first sentence that ends after this.
_TOKEN_SEGMENT_CHARS = 240

_TERMINALS = frozenset(".!?…。！？｡")
_CLOSING = "\0 \t\r\n\"'”’»)]）】」』*_"


class Segment(msgspec.Struct, frozen=True):
    """One utterance.

    Attributes:
        start, end: its place in the original text, in code points.
        text: what the model is given; empty if nothing in it can be spoken. A TokenSource leaves
            it empty, since the text has been handed out in pieces.
        break_after: what ends with it.
    """

    start: int
    end: int
    text: str
    break_after: Break = "sentence"


class TextPiece(msgspec.Struct, frozen=True):
    """A part of a segment's text; the last part brings the segment."""

    text: str
    segment: Segment | None = None


class SegmentSource:
    """Takes a text in pieces of any size, and hands it out sentence by sentence.

    Args:
        language: as the request names it; None if it has to be guessed.
        split: False makes one segment of the whole text.
        normalize: leave out markup, and spell addresses.
        spell: with `normalize`, write numbers, dates, units, … as words, too.
        skip: with `normalize`, what is not spoken; see `markup.Markup`.
    """

    def __init__(
        self,
        language: str | None,
        split: bool,
        normalize: bool,
        spell: bool = True,
        skip: Collection[str] = SKIPPED,
    ) -> None:
        self._language = TextLanguage(language)
        self._split = split
        self._normalize = normalize
        self._spell = spell
        self._text = Span()
        self._seen = 0  # how much of the text the splitter has
        self._skip = skip
        self._markup = Markup(normalize, skip)
        self._splitter = SentenceSplitter(language)
        self._sentences: deque[Sentence] = deque()
        self._ended = False
        self._finished = False

    def feed(self, text: str) -> None:
        """Add text."""
        self._text.add(text)

    def end(self) -> None:
        """Note that the text is complete."""
        self._ended = True

    @property
    def is_over(self) -> bool:
        """Whether no segment will come any more."""
        return self._finished and not self._sentences

    @property
    def has_next(self) -> bool:
        """Whether one more segment is likely, which is known without making it."""
        return bool(self._sentences) or (self._ended and not self._finished)

    def next(self) -> Segment | None:
        """Return the next segment; None while no whole one is there."""
        while not self._sentences and self._advance():
            pass
        return self._segment(self._sentences.popleft()) if self._sentences else None

    def _advance(self) -> bool:
        """Do one step towards the next sentence; return False if it needs more text."""
        if self._split and self._seen < self._text.end:
            block = self._text.between(self._seen, self._seen + _BLOCK_CHARS)
            self._seen += len(block)
            self._sentences.extend(self._splitter.feed(self._markup.feed(block)))
        elif self._ended and not self._finished:
            self._finished = True
            self._sentences.extend(self._last())
        else:
            return False
        return True

    def _last(self) -> list[Sentence]:
        if self._split:
            return self._splitter.finish(self._markup.finish())
        length = self._text.end
        return [Sentence(0, length, ends_paragraph=True, is_silent=False)] if length else []

    def _segment(self, sentence: Sentence) -> Segment:
        original = self._text.between(sentence.start, sentence.end)
        self._text.forget(sentence.end)
        text = ""
        if self._normalize and self._split and not sentence.is_silent:
            self._language.read(sentence.text)
            text = finish_words(sentence.text, self._language, spell=self._spell)
        elif not sentence.is_silent:
            text = make_speakable(
                original, self._language, self._normalize, spell=self._spell, skip=self._skip
            )
        return Segment(sentence.start, sentence.end, text, _break_after(sentence))


class TokenSource:
    """Takes a text in pieces of any size, and hands it out as soon as each word has ended.

    Attributes:
        gathers: from the next segment on, hand out whole sentences only.

    Args:
        language: as the request names it; None if it has to be guessed.
        normalize: leave out markup, and spell addresses.
        spell: with `normalize`, write numbers, dates, units, … as words, too.
        skip: with `normalize`, what is not spoken; see `markup.Markup`.
    """

    def __init__(
        self,
        language: str | None,
        normalize: bool,
        spell: bool = True,
        skip: Collection[str] = SKIPPED,
    ) -> None:
        self._language = TextLanguage(language)
        self._normalize = normalize
        self._spell = spell
        self._markup = Markup(normalize, skip)
        self._splitter = SentenceSplitter(language)
        self._runs: deque[Run] = deque()  # those that the stream has not taken
        self._read = 0  # where they end in the original
        self._stops: set[int] = set()  # where a segment ends since its text, or the next, is silent
        self._is_silent = False  # the paragraph that was read last
        self._ends: deque[Sentence] = deque()
        self._start = self._taken = 0
        self._stream: SpeakableStream | None = None
        self._settled = TokenBoundaryBuffer()
        self._carried = ""
        self._ended = False
        self.gathers = False

    def feed(self, text: str) -> None:
        """Add text."""
        if text:
            runs = self._markup.feed(text)
            self._add(runs)
            self._ends.extend(self._splitter.feed(runs))

    def end(self) -> None:
        """Note that the text is complete."""
        if not self._ended:
            self._ended = True
            runs = self._markup.finish()
            self._add(runs)
            self._ends.extend(self._splitter.finish(runs))

    def _add(self, runs: list[Run]) -> None:
        self._runs.extend(runs)
        for run in runs:
            if run.opens and (run.is_silent or self._is_silent):
                self._stops.add(self._read)
            self._is_silent = run.is_silent or (self._is_silent and not run.opens)
            self._read += run.span

    @property
    def is_over(self) -> bool:
        """Whether no piece will come any more."""
        return self._ended and self._start == self._read and not self._carried

    def take(self) -> TextPiece | None:
        """Return the next piece; None if it needs more text."""
        if self._ended and self._start == self._read:
            return self._take_carried()
        close_from = max(self._taken, self._start + (1 if self.gathers else _TOKEN_SEGMENT_CHARS))
        while self._ends and self._ends[0].end < close_from and not self._must_end(self._ends[0]):
            self._ends.popleft()
        if self._ends:
            return self._close(self._ends.popleft())
        limit = self._taken if self.gathers else self._start + _TOKEN_SEGMENT_CHARS
        end = min(self._read, limit)
        if end <= self._taken:
            return None
        return TextPiece(self._words(end))

    def cut(self) -> Segment:
        """End the segment here, because its speech has ended.

        Text that was taken from the source but not handed out begins the next segment.
        """
        rest = self._stream.finish(has_more=True) if self._stream else ""
        self._carried = self._settled.feed(rest, is_spaced=False) + self._settled.finish()
        segment = Segment(self._start, self._taken, "")
        self._start = self._taken
        return segment

    def _take_carried(self) -> TextPiece | None:
        """Return the words that were left over when both the last segment and the text ended."""
        text, self._carried = self._carried, ""
        return TextPiece(text, Segment(self._start, self._start, "")) if text else None

    def _must_end(self, sentence: Sentence) -> bool:
        """Return whether a segment ends with it, even a short one."""
        return sentence.end in self._stops or (self._ended and sentence.end == self._read)

    def _close(self, sentence: Sentence) -> TextPiece:
        text = self._words(sentence.end) + self._end_words()
        segment = Segment(self._start, sentence.end, "", _break_after(sentence))
        self._start = sentence.end
        self._stops.discard(sentence.end)
        return TextPiece(text, segment)

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
            runs.append(run)
        carried, self._carried = self._carried, ""
        words = self._stream.feed(runs)
        return carried + self._settled.feed(words, is_spaced=self._stream.is_spaced)

    def _end_words(self) -> str:
        """Return what the stream and the settled text still hold back."""
        stream, self._stream = self._stream, None
        rest = stream.finish() if stream else ""
        return self._settled.feed(rest, is_spaced=False) + self._settled.finish()


def _break_after(sentence: Sentence) -> Break:
    """Return what ends with a sentence; one that was too long has been cut after a clause."""
    if sentence.ends_paragraph:
        return "paragraph"
    return "sentence" if sentence.text.rstrip(_CLOSING)[-1:] in _TERMINALS else "clause"


def _load_what_any_text_needs() -> None:
    """Compile patterns and read tables now, beside a model's load, and not in the first request."""
    source = SegmentSource("english", split=True, normalize=True)
    source.feed("Hello.")
    source.end()
    source.next()


_load_what_any_text_needs()
