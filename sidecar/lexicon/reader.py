"""Runs of a text → the same with the words of a lexicon as they are said."""

from __future__ import annotations

from collections import deque

from sidecar.lexicon.entries import WAIT, Entry, Lexicon, find_starts
from sidecar.text.languages import TextLanguage
from sidecar.text.runs import Reader, Run, merge_runs

# Characters before a word by which its language is detected.
_NEAR = 100


class LexiconReader:
    """Puts a lexicon in force on what another reader returns.

    An entry is found across marks that leave no trace ("**New** York"), but not across the end of
    a sentence that the text marks, or in what the text says how to say.

    Args:
        reader: of the text.
        lexicons: of two entries of one length, that of the first one counts.
        language: that the request names; None if it has to be detected.
    """

    def __init__(self, reader: Reader, lexicons: tuple[Lexicon, ...], language: str | None) -> None:
        self._reader = reader
        self._lexicons = lexicons
        self._asked = language
        self._language = TextLanguage(language)
        self._runs: deque[Run] = deque()  # those that wait
        self._text = ""  # their words, after some that were written
        self._at = 0  # where they begin
        self._out: list[Run] = []
        self.faults = reader.faults

    def feed(self, text: str) -> list[Run]:
        """Take the next piece; return the runs that no further text can change."""
        return self._take(self._reader.feed(text), final=False)

    def finish(self) -> list[Run]:
        """Return the rest, since the text has ended."""
        return self._take(self._reader.finish(), final=True)

    def flush(self) -> list[Run]:
        """Return what can be spoken of the rest, since no more is waited for; more may follow."""
        return self._take(self._reader.flush(), final=True)

    def _take(self, runs: list[Run], *, final: bool) -> list[Run]:
        for run in runs:
            is_apart = run.opens or run.cuts or run.is_silent or run.directive is not None
            # What stands for another number of characters says already how it is said.
            is_said = len(run.text) > 1 and run.span != len(run.text)
            if is_apart or is_said:
                self._write(final=True)
                self._text, self._at = "", 0
            if is_said:
                self._out.append(run)
            else:
                self._runs.append(run)
                self._text += run.text
        self._write(final=final)
        out, self._out = self._out, []
        return list(merge_runs(out))

    def _write(self, *, final: bool) -> None:
        """Write the words up to the first one that more text may change."""
        text = self._text
        for at in find_starts(text, self._at):
            if at < self._at:
                continue
            found = self._find(text, at, final=final)
            if found == WAIT:
                self._pass(at)
                break
            if isinstance(found, tuple):
                self._pass(at)
                self._replace(*found)
        else:
            self._pass(len(text))
            if final:
                self._out.extend(self._runs)
                self._runs.clear()
        kept = max(0, self._at - _NEAR)
        self._text, self._at = self._text[kept:], self._at - kept

    def _find(self, text: str, at: int, *, final: bool) -> tuple[Entry, int] | str | None:
        """Return the longest entry at this place of all lexicons, as `Lexicon.find`."""
        known = [one for one in self._lexicons if one.may_begin(text[at])]
        if not known:
            return None
        language = self._detect(text, at)
        found = [one.find(text, at, language, final=final) for one in known]
        if WAIT in found:
            return WAIT
        ends = [one for one in found if isinstance(one, tuple)]
        return max(ends, key=lambda one: one[1]) if ends else None

    def _detect(self, text: str, at: int) -> tuple[str, ...]:
        names = self._language.detect(text[max(0, at - _NEAR) : at + 1], ahead=text[self._at : at])
        return (self._asked, *names) if self._asked and len(names) == 1 else names[:1]

    def _pass(self, end: int) -> None:
        """Write the text up to here as it is."""
        self._language.read(self._text[self._at : end])
        self._out.extend(self._cut(end))

    def _replace(self, entry: Entry, end: int) -> None:
        written = self._text[self._at : end]
        self._language.read(written)
        runs = self._cut(end)
        span = sum(run.span for run in runs)
        first = runs[0]
        self._out.append(Run(entry.spoken, span, first.opens, first.row, cuts=first.cuts))

    def _cut(self, end: int) -> list[Run]:
        """Take the runs up to here; of those without words, the ones before it."""
        found: list[Run] = []
        while self._runs and (self._at < end or not self._runs[0].text):
            run, left = self._runs[0], end - self._at
            if self._at == end and (run.opens or run.cuts):
                break
            if len(run.text) <= left:
                found.append(self._runs.popleft())
                self._at += len(run.text)
            else:
                one, self._runs[0] = run.cut(left, min(left, run.span))
                found.append(one)
                self._at = end
        return found
