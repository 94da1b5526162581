"""A text in any pieces → the utterances in which it is spoken.

The punctuation gives candidates for the ends of sentences, and `sentencex` decides on each, from
left to right. For each the library sees the same bounded window of the text, whatever the pieces:
from the end of the last sentence to the end of the next word. So the pieces cannot change the
result, the cost is proportional to the text's length, and only that window is kept.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Literal

import msgspec
from msgspec.structs import replace

from sidecar.text import boundaries
from sidecar.text.directives import Directive
from sidecar.text.languages import TextLanguage
from sidecar.text.runs import Run, condense_runs, join_runs
from sidecar.text.silence import weigh

# Enough for the longest sentence of ordinary prose. The model's training had hardly longer ones.
LIMIT = 300
# "Thank you." is an utterance of its own, and "Yes." is joined to the next sentence.
LEAST = 8

Ends = Literal["paragraph", "sentence"] | None


class Sentence(msgspec.Struct, frozen=True):
    """One utterance, as offsets in code points of the whole text.

    Consecutive sentences cover the text exactly: white space belongs to the sentence before it.

    Attributes:
        ends_paragraph: whether a paragraph ends with it: a blank line, a heading, an item of a list
            or a row of a table follows, or it is a heading or a row itself, or the text ends.
        is_silent: whether nothing in it is spoken: it is fenced code, a horizontal rule, or only
            punctuation.
        text: its words, as `runs.Run.text`.
        directives: what the text asks for before it.
        is_marked: whether the text marks its end, so that it needs no full stop.
        runs: those of its text, from `start` on.
    """

    start: int
    end: int
    ends_paragraph: bool
    is_silent: bool
    text: str = ""
    directives: tuple[Directive, ...] = ()
    is_marked: bool = False
    runs: tuple[Run, ...] = ()


class SentenceSplitter:
    """Splits the runs of one text into sentences.

    Args:
        language: one of the model's names in lower case, or a tag; any other value has it detected.
        limit: the most characters of a sentence with its white space, without markup. A longer one
            is cut after punctuation, else after white space, else between two grapheme clusters.
        least: the weight that a sentence should have (`silence.weigh`). A lighter one is joined
            with the next ones of its paragraph, because speech of a short text runs away more
            easily.
    """

    def __init__(self, language: str | None, limit: int = LIMIT, least: int = LEAST) -> None:
        self._language = TextLanguage(language)
        self._limit = max(1, limit)
        self._least = least
        self._text = ""
        self._base = 0  # the offset of `_text` in the whole text without its markup
        self._searched = 0  # no sentence ends before this offset
        # Where the text says that a paragraph or a sentence ends, or asks for something.
        self._borders: deque[tuple[int, Ends]] = deque()
        self._rows: deque[bool] = deque([False])  # whether each part is in a row of a table
        self._runs: deque[Run] = deque()  # those that no sentence has used up
        self._used = self._start = 0  # offsets of the first of them, and of the group's original
        self._original = 0
        self._located: list[Run] = []  # those of the group that `_put` makes
        self._group: Sentence | None = None
        self._weight = 0
        self._is_fresh = True  # nothing since the last border is in a sentence
        self._directives: list[Directive] = []

    def feed(self, runs: Iterable[Run]) -> list[Sentence]:
        """Take the next runs; return the sentences that no further text can change."""
        parts = [self._text]
        end = self._base + len(self._text)
        for run in runs:
            if run.opens or run.cuts:
                ends = "sentence" if run.directive is None else None
                self._borders.append((end, "paragraph" if run.opens else ends))
                self._rows.append(False)
            self._rows[-1] |= run.row
            parts.append(run.text)
            end += len(run.text)
            self._runs.append(run)
        self._text = "".join(parts)
        return self._split(final=False)

    def finish(self, runs: Iterable[Run] = ()) -> list[Sentence]:
        """Take the last runs; return the remaining sentences, which cover the rest of the text."""
        return self._finish(runs, has_more=False)

    def flush(self, runs: Iterable[Run] = ()) -> list[Sentence]:
        """Do as `finish` does, but more text may follow, perhaps in the same paragraph."""
        found = self._finish(runs, has_more=True)
        self._group = None
        self._original += sum(run.span for run in self._runs)
        self._start = self._original
        self._runs.clear()
        return found

    def _finish(self, runs: Iterable[Run], *, has_more: bool) -> list[Sentence]:
        found = [*self.feed(runs), *self._split(final=True, has_more=has_more)]
        if self._group is not None:
            found.append(self._group)
        rest = sum(run.span for run in self._runs)
        if rest and found and not self._is_fresh:
            found[-1] = replace(found[-1], end=found[-1].end + rest)
        elif rest:
            directives = tuple(run.directive for run in self._runs if run.directive is not None)
            end = self._start + rest
            found.append(Sentence(self._start, end, not has_more, True, directives=directives))
        return found

    def _split(self, *, final: bool, has_more: bool = True) -> list[Sentence]:
        found: list[Sentence] = []
        while self._text or self._borders:  # a paragraph that is silent may have no text
            end = self._find_end(final=final)
            if end is None:
                break
            self._put(end, found, last=not has_more and end == len(self._text))
            self._text = self._text[end:]
            self._base += end
        return found

    def _find_end(self, *, final: bool) -> int | None:
        """Return where the next sentence ends; None while that depends on more text."""
        text, base, most = self._text, self._base, self._limit
        border = self._borders[0][0] - base if self._borders else len(text) if final else None
        at = max(0, self._searched - base)
        while not self._rows[0]:  # a row of a table is spoken as one
            step = boundaries.find_next_end(text, at, most, border, self._language)
            if step is boundaries.WAIT:
                return None
            if step is None:
                break
            at, ends = step
            self._searched = at + base
            if ends:
                return at
        if border is not None and border <= most:
            return border
        return None if len(text) <= most else boundaries.find_cut(text, most)

    def _put(self, end: int, found: list[Sentence], *, last: bool) -> None:
        """Add the text up to `end` to the group, and add complete groups to `found`."""
        said = self._text[:end]
        self._language.read(said)
        is_border = bool(self._borders) and self._borders[0][0] == self._base + end
        ends: Ends = None
        if is_border:
            ends = self._borders.popleft()[1]
            self._rows.popleft()
        self._is_fresh = is_border
        start, self._start = self._start, self._locate(self._base + end, is_border=is_border)
        runs, self._located = condense_runs(self._located), []
        heavy = weigh(said)
        directives, self._directives = tuple(self._directives), []
        group = self._group
        if group is not None:
            if len(group.text) + end <= self._limit:
                start, said, heavy = group.start, group.text + said, heavy + self._weight
                runs = condense_runs([*group.runs, *runs])
                directives = group.directives + directives
            else:
                found.append(group)
        is_paragraph = last or ends == "paragraph"
        is_silent, is_marked = heavy == 0, ends == "sentence"
        self._group = Sentence(
            start, self._start, is_paragraph, is_silent, said, directives, is_marked, runs
        )
        self._weight = heavy
        if is_border or last or heavy >= self._least:
            found.append(self._group)
            self._group = None

    def _locate(self, end: int, *, is_border: bool) -> int:
        """Return where a sentence ends in the original: right after its last character.

        The markup before a border belongs to it, too.
        """
        while self._runs:
            run, left = self._runs[0], end - self._used
            if left == 0 and (run.opens or run.cuts or not is_border):
                self._runs[0] = replace(run, opens=False, cuts=False)  # it has opened now
                break
            if len(run.text) <= left:
                self._located.append(self._runs.popleft())
                if run.directive is not None:
                    self._directives.append(run.directive)
                self._used, self._original = self._used + len(run.text), self._original + run.span
            else:
                one, self._runs[0] = run.cut(left, min(left, run.span))
                self._located.append(one)
                self._used, self._original = end, self._original + one.span
        return self._original


def join_parts(runs: list[Run]) -> list[Sentence]:
    """Return the parts of a text between the places where it asks for something."""
    found: list[Sentence] = []
    start = begun = 0
    for at in range(1, len(runs) + 1):
        is_last = at == len(runs)
        if not is_last and (runs[at].directive is None or not (runs[at].opens or runs[at].cuts)):
            continue
        part, begun = runs[begun:at], at
        end = start + sum(run.span for run in part)
        asked = tuple(run.directive for run in part if run.directive is not None)
        own = condense_runs(part)
        found.append(Sentence(start, end, is_last, False, join_runs(part), asked, runs=own))
        start = end
    return found
