"""A text in any pieces → the utterances in which it is spoken.

The punctuation gives candidates for the ends of sentences, and `sentencex` decides on each, from
left to right. For each the library sees the same bounded window of the text, whatever the pieces:
from the end of the last sentence to the end of the next word. So the pieces cannot change the
result, the cost is proportional to the text's length, and only that window is kept.
"""

from __future__ import annotations

from collections import deque

from sidecar.text import boundaries
from sidecar.text.html import HtmlFilter
from sidecar.text.languages import TextLanguage
from sidecar.text.lines import SILENT_KINDS, LineKind, LineParser, Run
from sidecar.text.offsets import OffsetMap, Sentence
from sidecar.text.silence import weigh

# Enough for the longest sentence of ordinary prose. The model's training had hardly longer ones.
LIMIT = 300
# "Thank you." is an utterance of its own, and "Yes." is joined to the next sentence.
LEAST = 8


class SentenceSplitter:
    """Splits one text that may arrive in pieces; any pieces give the same sentences.

    Args:
        language: one of the model's names in lower case, or a tag; any other value has it detected.
        limit: the most characters of a sentence with its white space. A longer one is cut after
            punctuation, else after white space, else between two grapheme clusters.
        least: the weight that a sentence should have (`silence.weigh`). A lighter one is joined
            with the next ones of its paragraph, because speech of a short text runs away more
            easily.
        html: whether HTML is removed first. Then all numbers of characters mean those that remain;
            only the offsets of the sentences count the HTML, too.
    """

    def __init__(
        self,
        language: str | None,
        limit: int = LIMIT,
        least: int = LEAST,
        *,
        html: bool = True,
    ) -> None:
        self._language = TextLanguage(language)
        self._limit = max(1, limit)
        self._least = least
        self._lines = LineParser()
        self._html = HtmlFilter(decode=True) if html else None
        self._original = OffsetMap()
        self._text = ""
        self._base = 0  # the offset of `_text` in the whole text
        self._at = 0  # where the next sentence starts in the whole text
        self._searched = 0  # no sentence ends before this offset
        self._borders: deque[int] = deque()  # of paragraphs
        self._kinds: deque[LineKind] = deque([LineKind.TEXT])  # of the paragraphs between them
        self._begun = False  # the paragraph has more than white space
        self._group: Sentence | None = None
        self._weight = 0

    def feed(self, text: str) -> list[Sentence]:
        """Take the next piece; return the sentences that no further text can change."""
        runs = self._lines.feed(text)
        self._take(self._html.feed(runs) if self._html else runs)
        return self._original.to_original(self._split(final=False))

    def finish(self) -> list[Sentence]:
        """Return the remaining sentences, since the text has ended."""
        runs = self._lines.finish()
        self._take(self._html.finish(runs) if self._html else runs)
        found = self._split(final=True)
        if self._group is not None:
            found.append(self._group)
            self._group = None
        return self._original.finish(found)

    def _take(self, runs: list[Run]) -> None:
        parts = [self._text]
        end = self._base + len(self._text)
        for run in runs:
            if run.opens_paragraph and self._begun:
                self._borders.append(end)
                self._original.add_border(end)
                self._kinds.append(run.kind)
                self._begun = False
            elif not self._begun and run.kind is not LineKind.BLANK:
                self._kinds[-1] = run.kind
            self._begun = self._begun or not (run.text.isspace() or not run.text)
            parts.append(run.text)
            end += len(run.text)
            self._original.add(run)
        self._text = "".join(parts)

    def _split(self, *, final: bool) -> list[Sentence]:
        found: list[Sentence] = []
        while self._base + len(self._text) > self._at:
            end = self._find_end(final=final)
            if end is None:
                break
            self._put(end, found, last=final and end == self._base + len(self._text))
        self._text = self._text[self._at - self._base :]
        self._base = self._at
        return found

    def _find_end(self, *, final: bool) -> int | None:
        """Return where the next sentence ends; None while that depends on more text."""
        text, base = self._text, self._base
        start = self._at - base
        most = start + self._limit
        border = self._borders[0] - base if self._borders else None
        if border is None and final:
            border = len(text)
        # A row of a table is spoken as one.
        if self._kinds[0] not in (*SILENT_KINDS, LineKind.ROW):
            at = max(start, self._searched - base)
            while True:
                step = boundaries.find_next_end(text, start, at, most, border, self._language)
                if step is boundaries.WAIT:
                    return None
                if step is None:
                    break
                at, ends = step
                self._searched = at + base
                if ends:
                    return at + base
        if border is not None and border <= most:
            return border + base
        if len(text) <= most:
            return None
        return boundaries.find_cut(text, start, most) + base

    def _put(self, end: int, found: list[Sentence], *, last: bool) -> None:
        """Add the text up to `end` to the group, and add complete groups to `found`."""
        start, self._at = self._at, end
        is_silent = self._kinds[0] in SILENT_KINDS
        said = "" if is_silent else self._text[start - self._base : end - self._base]
        self._language.read(said)
        hard = last
        if self._borders and self._borders[0] == end:
            self._borders.popleft()
            self._kinds.popleft()
            hard = True
        heavy = weigh(said)
        group = self._group
        if group is not None:
            if end - group.start <= self._limit:
                start, heavy = group.start, heavy + self._weight
            else:
                found.append(group)
        self._group, self._weight = Sentence(start, end, hard, is_silent=heavy == 0), heavy
        if hard or heavy >= self._least:
            found.append(self._group)
            self._group = None
