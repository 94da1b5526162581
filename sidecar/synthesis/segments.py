"""Text → passages: what is spoken as one utterance, and where it stands in the original."""

from __future__ import annotations

from collections import deque
from typing import Literal

import msgspec

from sidecar.text.html import without_html
from sidecar.text.languages import TextLanguage
from sidecar.text.sentences import Sentence, SentenceSplitter
from sidecar.text.settled import SettledText
from sidecar.text.speakable import speakable
from sidecar.text.stream import SpeakableStream

Break = Literal["clause", "sentence", "paragraph"]

# The splitter sees that much at a time: the first sentence of a book must not wait for its last.
_BLOCK_CHARS = 1000
# A passage that is fed token by token ends at the first sentence that ends behind this.
_DICTATED_CHARS = 240

_TERMINALS = frozenset(".!?…。！？｡")
_CLOSING = " \t\r\n\"'”’»)]）】」』*_"


class Passage(msgspec.Struct, frozen=True):
    """One utterance.

    Attributes:
        start, end: in the original text, in code points.
        text: what the model is given; empty if nothing in it can be spoken.
        break_after: what ends with it.
    """

    start: int
    end: int
    text: str
    break_after: Break = "sentence"


class Fragment(msgspec.Struct, frozen=True):
    """A piece of a passage that is fed while it is written; `passage` is there with the last."""

    text: str
    passage: Passage | None = None


class Script:
    """A text that comes in pieces of any size and leaves sentence by sentence.

    Args:
        language: as the request names it, or None: then it is guessed.
        split: False makes one passage of all.
    """

    def __init__(self, language: str | None, split: bool, normalize: bool) -> None:
        self._language = TextLanguage(language)
        self._split = split
        self._normalize = normalize
        self._text = Span()
        self._seen = 0  # by the splitter
        self._splitter = SentenceSplitter(language, html=normalize)
        self._sentences: deque[Sentence] = deque()
        self._ready: deque[Passage] = deque()
        self._ended = False
        self._finished = False

    def feed(self, text: str) -> None:
        self._text.add(text)

    def end(self) -> None:
        """There is no more text."""
        self._ended = True

    @property
    def is_over(self) -> bool:
        """Whether no passage will come any more."""
        return self._finished and self.peek() is None

    @property
    def has_next(self) -> bool:
        """Whether there may be one more passage, without making it."""
        return bool(self._ready or self._sentences) or (self._ended and not self._finished)

    def peek(self) -> Passage | None:
        """The next passage; None while there is no whole one."""
        while not self._ready and self._advance():
            pass
        return self._ready[0] if self._ready else None

    def next(self) -> Passage | None:
        """Takes it."""
        passage = self.peek()
        if passage is not None:
            self._ready.popleft()
        return passage

    def _advance(self) -> bool:
        """One step towards the next passage; False if that needs more text."""
        if self._sentences:
            self._ready.append(self._passage(self._sentences.popleft()))
        elif self._seen < self._text.end and self._split:
            block = self._text.between(self._seen, self._seen + _BLOCK_CHARS)
            self._seen += len(block)
            self._sentences.extend(self._splitter.feed(block))
        elif self._ended and not self._finished:
            self._finished = True
            self._sentences.extend(self._last())
        else:
            return False
        return True

    def _last(self) -> list[Sentence]:
        if self._split:
            return self._splitter.finish()
        length = self._text.end
        return [Sentence(0, length, ends_paragraph=True, silent=False)] if length else []

    def _passage(self, sentence: Sentence) -> Passage:
        original = self._text.between(sentence.start, sentence.end)
        self._text.forget(sentence.end)
        text = ""
        if not sentence.silent:
            self._language.read(without_html(original) if self._normalize else original)
            text = speakable(original, self._language, self._normalize)
        return Passage(sentence.start, sentence.end, text, _break_after(sentence, original))


class Dictation:
    """A text that leaves while it is written: passages in fragments, cut where words end.

    Attributes:
        gather: from the next passage on, hand out whole sentences only.
    """

    def __init__(self, language: str | None, normalize: bool) -> None:
        self._language = TextLanguage(language)
        self._normalize = normalize
        self._text = Span()
        self._splitter = SentenceSplitter(language, html=normalize)
        self._ends: deque[Sentence] = deque()
        self._start = self._taken = 0
        self._stream: SpeakableStream | None = None
        self._settled = SettledText()
        self._carried = ""
        self._ended = False
        self.gather = False

    @property
    def is_over(self) -> bool:
        return self._ended and self._start == self._text.end and not self._carried

    def feed(self, text: str) -> None:
        self._text.add(text)
        self._ends.extend(self._splitter.feed(text))

    def end(self) -> None:
        self._ended = True
        self._ends.extend(self._splitter.finish())

    def take(self) -> Fragment | None:
        """The next piece; None if that needs more text."""
        if self._ended and self._start == self._text.end:
            return self._left_over()
        close_from = max(self._taken, self._start + (1 if self.gather else _DICTATED_CHARS))
        while self._ends and self._ends[0].end < close_from and not self._is_last(self._ends[0]):
            self._ends.popleft()
        if self._ends:
            return self._close(self._ends.popleft())
        most = min(self._text.end, self._taken if self.gather else self._start + _DICTATED_CHARS)
        if most <= self._taken:
            return None
        text = self._words(self._text.between(self._taken, most))
        self._taken = most
        self._text.forget(self._taken)
        return Fragment(text)

    def _left_over(self) -> Fragment | None:
        """Words that the voice had not been told when it ended, and the text has ended as well."""
        text, self._carried = self._carried, ""
        return Fragment(text, Passage(self._start, self._start, "")) if text else None

    def cut(self) -> Passage:
        """Ends the passage here, because the voice has: what it was not told begins the next."""
        rest = self._stream.cut() if self._stream else ""
        self._carried = self._settled.feed(rest, spaced=False) + self._settled.finish()
        passage = Passage(self._start, self._taken, "")
        self._start = self._taken
        return passage

    def _is_last(self, sentence: Sentence) -> bool:
        return self._ended and sentence.end == self._text.end

    def _close(self, sentence: Sentence) -> Fragment:
        rest = self._text.between(self._taken, sentence.end)
        text = self._words(rest) + self._end_words()
        passage = Passage(self._start, sentence.end, "", _break_after(sentence, rest))
        self._start = self._taken = sentence.end
        self._text.forget(sentence.end)
        return Fragment(text, passage)

    def _words(self, text: str) -> str:
        if self._stream is None:
            self._stream = SpeakableStream(self._language, self._normalize)
        carried, self._carried = self._carried, ""
        words = self._stream.feed(text)
        return carried + self._settled.feed(words, spaced=self._stream.spaced)

    def _end_words(self) -> str:
        """What both still hold back."""
        stream, self._stream = self._stream, None
        rest = stream.finish() if stream else ""
        return self._settled.feed(rest, spaced=False) + self._settled.finish()


class Span:
    """The part of a growing text that is still needed."""

    def __init__(self) -> None:
        self._kept = ""
        self._pieces: list[str] = []
        self._start = 0
        self.end = 0

    def add(self, text: str) -> None:
        self._pieces.append(text)
        self.end += len(text)

    def between(self, start: int, end: int) -> str:
        if self._pieces:
            self._kept = "".join([self._kept, *self._pieces])
            self._pieces = []
        return self._kept[start - self._start : end - self._start]

    def forget(self, before: int) -> None:
        """Seldom enough that a long text is not copied for each of its sentences."""
        if before - self._start > max(_BLOCK_CHARS, len(self._kept) // 2):
            self._kept = self._kept[before - self._start :]
            self._start = before


def _break_after(sentence: Sentence, original: str) -> Break:
    """A sentence that was too long is cut behind a comma, or where nothing is."""
    if sentence.ends_paragraph:
        return "paragraph"
    return "sentence" if original.rstrip(_CLOSING)[-1:] in _TERMINALS else "clause"
