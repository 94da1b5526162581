"""HTML in a text: tags are dropped, blocks end paragraphs, scripts and comments are silent.

Only the names of HTML's own elements make a tag; `<your name>` and `a < b` are text. A parser for
HTML documents would take these for tags, and cannot say how many characters of the original a piece
of its output stands for.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from msgspec.structs import replace

from sidecar.text import elements
from sidecar.text.html_scanner import HtmlScanner, Token
from sidecar.text.lines import SILENT_KINDS, LineParser, Run


class HtmlFilter:
    """Runs of a text → the runs without HTML; wherever the text is cut, these are the same.

    Args:
        decode: also replace an entity by its character.
    """

    def __init__(self, *, decode: bool = False) -> None:
        self._scanner = HtmlScanner(decode=decode)
        self._runs: deque[Run] = deque()  # those whose text the scanner has not returned yet
        self._taken = 0  # characters of the first of them that it has returned
        self._owes_paragraph = False  # a paragraph has ended; the next word opens another
        self._is_spaced = True  # the last output is white space
        self._is_after_tag = False
        self._is_after_link = False

    def feed(self, runs: Iterable[Run]) -> list[Run]:
        """Take the next runs of the text; return those that no further text can change."""
        found: list[Run] = []
        for run in runs:
            self._feed(run, found)
        return found

    def finish(self, runs: Iterable[Run] = ()) -> list[Run]:
        """Take the last runs; return the rest."""
        found = self.feed(runs)
        self._put_all(self._scanner.finish(), found)
        return found

    def _feed(self, run: Run, found: list[Run]) -> None:
        scanner = self._scanner
        is_silent = run.kind in SILENT_KINDS
        if scanner.is_holding and not scanner.is_in_comment and (run.opens_paragraph or is_silent):
            self._put_all(scanner.finish(), found)
        if not scanner.is_holding:
            is_settled = not self._owes_paragraph and not self._is_after_tag
            if is_settled and (is_silent or not scanner.finds_html(run.text)):
                self._is_spaced = run.text[-1:].isspace()
                self._is_after_link = False
                found.append(run)
                return
            if is_silent:
                self._owes_paragraph = self._is_after_tag = False
                found.append(run)
                return
        self._runs.append(run)
        self._put_all(scanner.feed(run.text), found)

    def _put_all(self, tokens: list[Token], found: list[Run]) -> None:
        for token in tokens:
            if token.tag is not None:
                self._put_tag(token, token.tag, found)
            elif len(token.text) != token.length:  # an entity
                run = replace(self._take(token.length)[0], text=token.text, span=token.length)
                self._put_text(run, found)
            else:
                for run in self._take(token.length):
                    self._put_text(run, found)

    def _put_tag(self, token: Token, name: str, found: list[Run]) -> None:
        is_opening = bool(name) and not token.is_closing
        is_block = name in elements.BLOCKS or name in elements.THINKING
        is_void = name in elements.VOID
        closes = is_void or (is_block and token.is_closing)
        opens = is_block and not closes
        # Links one after another are a list, which only a style sheet sets apart.
        is_apart = name in elements.APART or (name == "a" and self._is_after_link)
        if name:
            self._is_after_link = name == "a" and token.is_closing
        text = " " if is_apart and not self._is_spaced else ""
        whole = self._take(token.length)[0]
        # What ends an element belongs to the paragraph before it, also on a line of its own.
        owes = self._owes_paragraph or whole.opens_paragraph
        opens = opens or (owes and is_opening)
        self._owes_paragraph = (owes and not opens) or closes
        found.append(replace(whole, text=text, opens_paragraph=opens, span=token.length))
        self._is_spaced = self._is_spaced or bool(text) or opens or closes
        self._is_after_tag = True

    def _put_text(self, run: Run, found: list[Run]) -> None:
        """Put text, before which a paragraph may be owed, or white space be doubled."""
        words = run.text.lstrip()
        if self._is_after_tag and self._is_spaced and run.length == len(run.text):
            kept = run.text.lstrip(" \t")
            dropped = len(run.text) - len(kept)
            if dropped:
                found.append(replace(run, text="", span=dropped))
                run = replace(run, text=kept, opens_paragraph=False, starts_line=False)
        if not run.text:
            return
        self._is_after_link = self._is_after_link and not words
        self._is_after_tag = self._is_after_tag and not words and run.text[-1] in " \t"
        self._is_spaced = run.text[-1].isspace()
        if self._owes_paragraph and words:
            white = len(run.text) - len(words)
            if white:
                found.append(replace(run, text=run.text[:white]))
                run = replace(run, text=words, opens_paragraph=False, starts_line=False)
            run = replace(run, opens_paragraph=True)
            self._owes_paragraph = False
        self._owes_paragraph = self._owes_paragraph and not run.opens_paragraph
        last = found[-1] if found else None
        begins = run.opens_paragraph or run.starts_line
        # Text that came in one piece stays in one: readers look at a word again for each piece.
        if last and last.span is run.span is None and not begins:
            found[-1] = replace(last, text=last.text + run.text)
        else:
            found.append(run)

    def _take(self, length: int) -> list[Run]:
        """Return the next characters as runs; only the first part of a run begins a line."""
        parts: list[Run] = []
        while length:
            run, cut = self._runs[0], self._taken
            size = min(length, len(run.text) - cut)
            part = replace(run, text=run.text[cut : cut + size])
            if cut:
                part = replace(part, opens_paragraph=False, starts_line=False)
            parts.append(part)
            length -= size
            self._taken += size
            if self._taken == len(run.text):
                self._runs.popleft()
                self._taken = 0
        return parts


def strip_html(text: str) -> str:
    """Return the text without its HTML, with a line for each block; unchanged without any."""
    if "<" not in text:
        return text
    lines, html = LineParser(), HtmlFilter()
    parts = [""]
    for run in html.finish([*lines.feed(text), *lines.finish()]):
        if run.opens_paragraph and not run.starts_line and parts[-1][-1:].strip():
            parts.append("\n")
        if run.text:
            parts.append(run.text)
    return "".join(parts)
