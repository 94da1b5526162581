"""A text with Markdown and HTML, in any pieces → its words, each with its length in the original.

The text is read once, from left to right, and the sentences, the utterances and the words of a text
that is still being written are made of the result. So they cannot differ in what is markup. Only
the beginning of a line and an unfinished mark are held back.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from sidecar.text.marks import (
    APART,
    BLOCKS,
    GONE,
    HEADING,
    ROW,
    TAG,
    VOID,
    LineKind,
    load_lines,
    load_table,
)
from sidecar.text.runs import Run, merge_runs

# What is not spoken unless the request says otherwise.
SKIPPED = ("thinking",)

# A line's kind shows in its first characters. One whose mark is longer is plain text.
_LINE = 200
# Characters that were read already, but on which a mark may depend.
_CONTEXT = 16
# Without one of these, more text hardly completes a mark that is held back.
_TELLING = re.compile(r"[^\w+/=,.:;%&?#@-]")


_ALONE = (LineKind.HEADING, LineKind.ROW, LineKind.RULE, LineKind.FENCE)
_SILENT = (LineKind.RULE, LineKind.FENCE)
_THINKING_END = re.compile(r"</think(?:ing)?\s*>", re.IGNORECASE)
_NAMES: dict[LineKind | None, str] = {LineKind.ROW: ROW, LineKind.HEADING: HEADING}


class Markup:
    """Reads one text.

    Args:
        normalize: whether marks are removed; otherwise only paragraphs are found.
        skip: what is not spoken: "thinking" (the reasoning of a language model in `<think>`) and
            "directions" (stage directions in brackets or asterisks).
    """

    def __init__(self, normalize: bool = True, skip: Collection[str] = SKIPPED) -> None:
        self._normalize = normalize
        self._ignored = {LineKind.THINKING} if "thinking" not in skip else set[LineKind]()
        self._ignored |= set() if normalize else {LineKind.QUOTE, LineKind.THINKING}
        self._table = load_table(frozenset(skip))
        self._held = ""  # the text that was not read, after some that was
        self._at = 0  # where it begins
        self._late: list[str] = []  # more of it
        self._size = 0  # how much
        self._runs: list[Run] = []
        self._kind: LineKind | None = None  # of the current line, if it is known
        self._before: LineKind | None = None  # of the last line that was not blank
        self._fence = ""  # the mark of the open fence
        self._owes = False  # a paragraph has ended; the next word opens another
        self._begun = False  # the paragraph has words
        self._is_after_tag = False
        self._is_spaced = True  # the last output is white space
        self._end: Any = None  # the end of a comment or a script, which is looked for
        self._searched = 0
        self._missing: set[Any] = set()  # ends that are not in the rest of the text

    def feed(self, text: str) -> list[Run]:
        """Take the next piece; return the runs that no further text can change."""
        self._late.append(text)
        self._size += len(text)
        waiting = len(self._held) - self._at
        if self._end is not None:
            tail = self._held[-_CONTEXT:] + "".join(self._late[-_CONTEXT:])
            waits = not self._end.search(tail)
        else:
            waits = self._size < waiting > _CONTEXT and not _TELLING.search(text)
        return [] if waits else self._read(final=False)

    def finish(self) -> list[Run]:
        """Return the rest, since the text has ended."""
        self._late.append("\n")
        return self._read(final=True)

    def _read(self, *, final: bool) -> list[Run]:
        start = max(0, self._at - _CONTEXT)
        self._held = "".join([self._held[start:], *self._late])
        self._at, self._searched = self._at - start, max(0, self._searched - start)
        self._late, self._size, self._end = [], 0, None
        stop = len(self._held) - final
        while self._at < stop and self._step(stop, final=final):
            pass
        runs, self._runs = self._runs, []
        return list(merge_runs(runs))

    # --- each returns False while the result depends on more text ------------------------------

    def _step(self, stop: int, *, final: bool) -> bool:
        held, at = self._held, self._at
        if self._kind is None:
            return self._begin_line(final=final)
        if self._kind is LineKind.THINKING:
            return self._skip_thinking(stop)
        if held[at] == "\n":
            self._kind = None
        elif not self._normalize or self._kind in _SILENT:
            line = held.find("\n", at, stop)
            end = stop if line < 0 else line
            self._at = end
            self._put(held[at:end] if not self._normalize else "", end - at)
            return True
        else:
            match = self._table.special.search(held, at, stop)
            end = match.start() if match else stop
            if end == at:
                return self._read_mark(final=final)
            self._at = end
            self._put(held[at:end], end - at)
            return True
        self._at += 1
        self._put("\n", 1)
        return True

    def _begin_line(self, *, final: bool) -> bool:
        end = self._held.find("\n", self._at, self._at + _LINE)
        line = self._held[self._at : self._at + _LINE if end < 0 else end + 1]
        is_short = end < 0 and len(line) < _LINE
        lines = load_lines()
        for kind in (LineKind.FENCE,) if self._fence else LineKind:
            if kind in self._ignored:
                continue
            match = lines[kind].match(line, partial=is_short)
            if match and (match.partial or (is_short and match.end() == len(line))):
                return False
            if match:
                break
        else:
            kind, match = LineKind.TEXT, None
        if self._fence:
            self._kind = LineKind.FENCE
            closes = match and line.strip().startswith(self._fence) and not line.strip(" \t\r\n`~")
            self._fence = "" if closes else self._fence
            return True
        if kind is LineKind.BLANK:
            self._owes, self._kind = True, kind
            return True
        is_apart = kind not in (LineKind.TEXT, LineKind.QUOTE) or self._before in _ALONE
        self._owes, self._before = self._owes or is_apart, kind
        self._kind = None if kind is LineKind.QUOTE else kind
        if kind is LineKind.FENCE and match:
            self._fence = match["fence"]
        elif match and match.end() and kind not in _SILENT:
            prefix = "" if self._normalize else line[: match.end()]
            self._at += match.end()
            self._emit(prefix, match.end(), opens=self._take_border())
            self._begun = self._begun or bool(prefix)
        return True

    def _read_mark(self, *, final: bool) -> bool:
        held, at = self._held, self._at
        if held[at] == "<" and not self._skip_element(final=final):
            return False
        if self._at > at:
            return True
        for mark in self._table.marks.get(held[at], self._table.odd):
            if mark.line is not None and mark.line != _NAMES.get(self._kind):
                continue
            match = mark.pattern.match(held, at, partial=not final)
            if match is None:
                continue
            if match.partial or (match.end() == len(held) and not final and mark.said != TAG):
                return False
            if mark.said == TAG:
                self._put_tag(match.groupdict(), match.end())
                return True
            self._at = match.end()
            self._put(mark.said if isinstance(mark.said, str) else mark.said(match), self._at - at)
            return True
        self._at += 1
        self._put(held[at], 1)
        return True

    def _skip_element(self, *, final: bool) -> bool:
        """Leave out a comment, or an element without words; one that is never closed is text."""
        held, at = self._held, self._at
        head = self._table.silent.match(held, at, partial=not final)
        if head is None or head.partial:
            return head is None
        name = (head["name"] or "").lower()
        if name in self._missing:
            return True
        self._end = self._table.ends[name]
        found = self._end.search(held, max(head.end(), self._searched))
        if found is None and not final:
            self._searched = max(head.end(), len(held) - _CONTEXT)
            return False
        self._end, self._searched = None, 0
        if found is None:
            self._missing.add(name)
        else:
            self._put_tag(head.groupdict(), found.end())
        return True

    def _skip_thinking(self, stop: int) -> bool:
        """Leave out reasoning at once, up to its end or that of the text."""
        held, at = self._held, self._at
        match = _THINKING_END.search(held, at)
        end = match.end() if match else max(at, stop - _CONTEXT * (stop == len(held)))
        if match:
            self._kind, self._owes = None, True
        self._at = end
        self._put("", end - at)
        return end > at

    # --- the output ----------------------------------------------------------------------------

    def _put_tag(self, tag: dict[str, str | None], end: int) -> None:
        name, is_closing = (tag.get("name") or "").lower(), bool(tag.get("closes"))
        is_block = name in BLOCKS
        closes = name in VOID or (is_block and is_closing)
        self._owes = self._owes or (is_block and not closes)
        opens = bool(name) and not is_closing and self._take_border()
        # Links one after another are a list, which only a style sheet sets apart.
        is_list = name == "a" and self._held[: self._at].rstrip().lower().endswith("</a>")
        is_apart = name in APART or (is_list and not is_closing)
        self._emit(GONE if is_apart else "", end - self._at, opens=opens)
        self._at = end
        self._owes = self._owes or closes
        self._is_after_tag = True
        self._is_spaced = (self._is_spaced and not is_apart) or opens or closes

    def _put(self, text: str, span: int) -> None:
        """Put words, before which a paragraph may be owed, or white space be doubled."""
        if self._is_after_tag and self._is_spaced and span == len(text):
            kept = text.lstrip(" \t")
            if kept != text:
                self._emit("", span - len(kept))
            text, span = kept, len(kept)
        words = text.lstrip()
        white = len(text) - len(words)
        if words and white and self._owes and span == len(text):
            self._emit(text[:white], white)
            text, span = words, len(words)
        if words or (self._kind in _SILENT and span):
            opens = self._take_border()
            self._begun = True
        else:
            opens = False
        if text:
            self._is_after_tag, self._is_spaced = False, text[-1].isspace()
        if span:
            self._emit(text, span, opens=opens)

    def _take_border(self) -> bool:
        """Return whether a paragraph opens now."""
        opens = self._owes and self._begun
        self._owes = False
        if opens:
            self._begun, self._is_spaced = False, True
        return opens

    def _emit(self, text: str, span: int, *, opens: bool = False) -> None:
        self._runs.append(Run(text, span, opens, self._kind is LineKind.ROW))


def strip_markup(text: str, skip: Collection[str] = SKIPPED) -> str:
    """Return the words of a text; `gaps.close_gaps` and others finish them."""
    markup = Markup(skip=skip)
    parts = [""]
    for run in [*markup.feed(text), *markup.finish()]:
        if run.opens and parts[-1][-1:].strip():
            parts.append("\n")
        if run.text:
            parts.append(run.text)
    return "".join(parts)
