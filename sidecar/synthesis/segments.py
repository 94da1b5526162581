"""Cuts a text into segments: each is spoken as one utterance, and has its place in the text."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping
from typing import Literal

import msgspec

from sidecar.errors import Notice
from sidecar.synthesis.span import Span
from sidecar.text.directives import Direction
from sidecar.text.languages import TextLanguage
from sidecar.text.markup import SKIPPED, Markup
from sidecar.text.places import Written
from sidecar.text.runs import Reader, Run
from sidecar.text.sentences import Sentence, SentenceSplitter, join_parts
from sidecar.text.silence import is_silent
from sidecar.text.speakable import finish_words

Break = Literal["clause", "sentence", "paragraph"]

# The splitter sees that much at a time: the first sentence of a book must not wait for its last.
_BLOCK_CHARS = 1000
_TERMINALS = frozenset(".!?…。！？｡")
_CLOSING = "\0 \t\r\n\"'”’»)]）】」』*_"


class Segment(msgspec.Struct, frozen=True):
    """One utterance.

    Attributes:
        start, end: its place in the original text, in code points.
        text: what the model is given; empty if nothing in it can be spoken. A TokenSource leaves
            it empty, since the text has been handed out in pieces.
        break_after: what ends with it.
        direction: what the text asks for at its beginning.
        written: what is written there; None if nothing of it is spoken.
    """

    start: int
    end: int
    text: str
    break_after: Break = "sentence"
    direction: Direction = Direction()
    written: Written | None = None


class SegmentSource:
    """Takes a text in pieces of any size, and hands it out sentence by sentence.

    Args:
        language: as the request names it; None if it has to be guessed.
        split: False makes one segment of the whole text, or of each part between two places where
            the text asks for something.
        normalize: leave out markup, and spell addresses.
        spell: with `normalize`, write numbers, dates, units, … as words, too.
        skip: with `normalize`, what is not spoken; see `markup.Markup`.
        reader: of the text, if it is no plain text.
        languages: of speakers, by their folded names, where they differ from that of the text.
    """

    def __init__(
        self,
        language: str | None,
        split: bool,
        normalize: bool,
        spell: bool = True,
        skip: Collection[str] = SKIPPED,
        reader: Reader | None = None,
        languages: Mapping[str, str] | None = None,
    ) -> None:
        self._text_language = TextLanguage(language)
        self._languages = {name: TextLanguage(one) for name, one in (languages or {}).items()}
        self._split = split
        self._normalize = normalize
        self._spell = spell
        self._text = Span()
        self._seen = 0  # how much of the text has been read
        self._reader = reader or Markup(normalize, skip)
        self._runs: list[Run] = []  # if the text is not split
        self._splitter = SentenceSplitter(language)
        self._sentences: deque[Sentence] = deque()
        self._direction = Direction()
        self._flushes: deque[int] = deque()  # where in the text
        self._ended = False
        self._finished = False

    def feed(self, text: str) -> None:
        """Add text."""
        self._text.add(text)

    def flush(self) -> None:
        """End a segment here: no more text is waited for."""
        self._flushes.append(self._text.end)

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

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What is wrong with the marks in the text."""
        return self._reader.faults.make_notices()

    def next(self) -> Segment | None:
        """Return the next segment; None while no whole one is there."""
        while not self._sentences and self._advance():
            pass
        return self._segment(self._sentences.popleft()) if self._sentences else None

    def _advance(self) -> bool:
        """Do one step towards the next sentence; return False if it needs more text."""
        known = self._flushes[0] if self._flushes else self._text.end
        if self._seen < known:
            block = self._text.between(self._seen, min(self._seen + _BLOCK_CHARS, known))
            self._seen += len(block)
            self._text.forget(self._seen)
            runs = self._reader.feed(block)
            if self._split:
                self._sentences.extend(self._splitter.feed(runs))
            else:
                self._runs.extend(runs)
        elif self._flushes:
            self._flushes.popleft()
            if self._split:
                self._sentences.extend(self._splitter.flush(self._reader.flush()))
        elif self._ended and not self._finished:
            self._finished = True
            runs = self._reader.finish()
            last = self._splitter.finish(runs) if self._split else join_parts([*self._runs, *runs])
            self._sentences.extend(last)
        else:
            return False
        return True

    def _segment(self, sentence: Sentence) -> Segment:
        self._direction = self._direction.follow(sentence.directives)
        text = ""
        if self._normalize and not sentence.is_silent:
            language = self._language
            language.read(sentence.text)
            text = finish_words(sentence.text, language, spell=self._spell)
        elif not sentence.is_silent:
            text = "" if is_silent(sentence.text) else sentence.text.strip()
        written = self._find_written(sentence) if text else None
        break_after = find_break(sentence)
        return Segment(sentence.start, sentence.end, text, break_after, self._direction, written)

    @property
    def _language(self) -> TextLanguage:
        """The language of the one who speaks."""
        speaker = self._direction.speaker
        name = (speaker and speaker.name) or ""
        return self._languages.get(name.casefold(), self._text_language)

    def _find_written(self, sentence: Sentence) -> Written:
        language = self._language.detect(sentence.text, ahead=sentence.text)[0]
        is_spelled = self._normalize and self._spell
        return Written(sentence.start, sentence.runs, language, is_spelled)


def find_break(sentence: Sentence) -> Break:
    """Return what ends with a sentence; one that was too long has been cut after a clause."""
    if sentence.ends_paragraph:
        return "paragraph"
    return (
        "sentence"
        if sentence.is_marked or sentence.text.rstrip(_CLOSING)[-1:] in _TERMINALS
        else "clause"
    )


def _load_what_any_text_needs() -> None:
    """Compile patterns and read tables now, beside a model's load, and not in the first request."""
    source = SegmentSource("english", split=True, normalize=True)
    source.feed("Hello.")
    source.end()
    source.next()


_load_what_any_text_needs()
