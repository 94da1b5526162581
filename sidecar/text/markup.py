"""A text with Markdown and HTML, in any pieces → its words, each with its length in the original.

The text is read once, from left to right, and the sentences, the utterances and the words of a text
that is still being written are made of the result. So they cannot differ in what is markup. Only
the beginning of a line and an unfinished mark are held back. A long part that is not spoken becomes
paragraphs of its own, so that the reader goes on while it arrives.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from sidecar.text.directives import Speaker
from sidecar.text.faults import Fault, Faults
from sidecar.text.marks import (
    HEADING,
    ROW,
    TAG,
    THINKING,
    LineKind,
    Said,
    load_directives,
    load_lines,
    load_table,
)
from sidecar.text.run_writer import LONG, SILENT, RunWriter
from sidecar.text.runs import Run, join_runs, merge_runs

# What is not spoken unless the request says otherwise.
SKIPPED = ("thinking",)

# A line's kind shows in its first characters. One whose mark is longer is plain text.
_LINE = 200
# Characters that were read already, but on which a mark may depend.
_CONTEXT = 16
# Without one of these, more text hardly completes a mark that is held back.
_TELLING = re.compile(r"[^\w+/=,.:;%&?#@-]")


_ALONE = (LineKind.HEADING, LineKind.ROW, LineKind.RULE, LineKind.FENCE)
_THINKING_END = re.compile(r"</think(?:ing)?\s{0,4}>", re.IGNORECASE)
_TAG_END = {"<": re.compile(r">|(?=<)"), "]": re.compile(r"\)|(?=\s)")}
_NAMES: dict[LineKind | None, str] = {LineKind.ROW: ROW, LineKind.HEADING: HEADING}


class Markup:
    """Reads one text.

    Args:
        normalize: whether marks are removed; otherwise only paragraphs, and what the text asks
            for, are found.
        skip: what is not spoken: "thinking" (the reasoning of a language model in `<think>`) and
            "directions" (stage directions in brackets or asterisks).
        speakers: names, folded, of those who may speak. If there are any, a name in brackets is a
            directive. Whether it is one of them is for the reader of the runs to check; but where
            stage directions are not spoken, what is no speaker is such a direction.

    Attributes:
        faults: what is wrong with the marks.
    """

    def __init__(
        self,
        normalize: bool = True,
        skip: Collection[str] = SKIPPED,
        speakers: Collection[str] = (),
    ) -> None:
        self._normalize = normalize
        self._speakers = frozenset(speakers)
        self._asks_directions = "directions" in skip
        self._ignored = {LineKind.THINKING} if "thinking" not in skip else set[LineKind]()
        self._ignored |= set() if normalize else {LineKind.QUOTE, LineKind.THINKING}
        has_speakers = bool(self._speakers)
        self._table = (
            load_table(frozenset(skip), has_speakers)
            if normalize
            else load_directives(has_speakers)
        )
        self.faults = Faults()
        self._origin = 0  # the offset of `_held` in the whole text
        self._held = ""  # the text that was not read, after some that was
        self._at = 0  # where it begins
        self._late: list[str] = []  # more of it
        self._size = 0  # how much
        self._out = RunWriter()
        self._before: LineKind | None = None  # of the last line that was not blank
        self._fence = ""  # the mark of the open fence
        self._end: Any = None  # the end of a comment or a script, which is looked for
        self._searched = 0
        self._silence: Any = None  # the end of the part that is passed over
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
        return [] if waits and waiting + self._size < LONG else self._read(final=False)

    def finish(self) -> list[Run]:
        """Return the rest, since the text has ended."""
        self._late.append("\n")
        return self._read(final=True)

    def flush(self) -> list[Run]:
        """Return the rest as if the text had ended, except within a part that is passed over.

        More text may follow. Reasoning that has no end yet is no text: it will have one.
        """
        runs = self._read(final=False)
        thinks = self._end is not None and self._end in [self._table.ends.get(n) for n in THINKING]
        if self._silence is None and not thinks:
            runs += self.finish()
            self._held = self._held[:-1]  # without the line break that `finish` has added
        return runs

    def _read(self, *, final: bool) -> list[Run]:
        start = max(0, self._at - _CONTEXT)
        self._origin += start
        self._held = "".join([self._held[start:], *self._late])
        self._at, self._searched = self._at - start, max(0, self._searched - start)
        self._late, self._size, self._end = [], 0, None
        stop = len(self._held) - final
        while self._at < stop and self._step(stop, final=final):
            pass
        return list(merge_runs(self._out.take()))

    # --- each returns False while the result depends on more text ------------------------------

    def _step(self, stop: int, *, final: bool) -> bool:
        held, at = self._held, self._at
        if self._out.kind is None:
            return self._begin_line(final=final)
        if self._silence is not None:
            return self._skip(stop)
        if self._out.kind is LineKind.FENCE and self._normalize:
            line = held.find("\n", at, stop)
            self._pass(stop if line < 0 else line + 1)
            self._out.kind = self._out.kind if line < 0 else None
            return True
        if held[at] == "\n":
            self._out.kind = None
        elif self._out.kind in SILENT:
            line = held.find("\n", at, stop)
            end = stop if line < 0 else line
            self._at = end
            self._out.put(held[at:end] if not self._normalize else "", end - at)
            return True
        else:
            match = self._table.special.search(held, at, stop)
            end = match.start() if match else stop
            if end == at:
                return self._read_mark(stop, final=final)
            self._at = end
            self._out.put(held[at:end], end - at)
            return True
        self._at += 1
        self._out.put("\n", 1)
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
            self._out.kind = LineKind.FENCE
            closes = match and line.strip().startswith(self._fence) and not line.strip(" \t\r\n`~")
            self._fence = "" if closes else self._fence
            return True
        if kind is LineKind.BLANK:
            self._out.owes, self._out.kind = True, kind
            return True
        is_apart = kind not in (LineKind.TEXT, LineKind.QUOTE) or self._before in _ALONE
        self._out.owes, self._before = self._out.owes or is_apart, kind
        self._out.kind = None if kind is LineKind.QUOTE else kind
        if kind is LineKind.FENCE and match:
            self._fence = match["fence"]
        elif kind is LineKind.THINKING:
            self._silence = _THINKING_END
        elif match and match.end() and kind not in SILENT:
            prefix = "" if self._normalize else line[: match.end()]
            self._at += match.end()
            self._out.emit(prefix, match.end(), opens=self._out.take_border())
            self._out.begun = self._out.begun or bool(prefix)
        return True

    def _read_mark(self, stop: int, *, final: bool) -> bool:
        held, at, is_full = self._held, self._at, stop - self._at >= LONG
        final = final and not is_full
        if held[at] == "<" and not self._skip_element(is_full, final=final):
            return False
        if self._at > at:
            return True
        for mark in self._table.marks.get(held[at], self._table.odd):
            if mark.line is not None and mark.line != _NAMES.get(self._out.kind):
                continue
            match = self._match(mark.pattern, final=final)
            if match is None:
                continue
            if match.partial or (match.end() == match.endpos and not final and mark.said != TAG):
                if is_full and mark.said != TAG:
                    continue
                if is_full:
                    self._begin_silence(at + 1, _TAG_END[held[at]])
                return is_full
            if mark.said == TAG:
                self._put_tag(match.groupdict(), match.end())
                return True
            said = mark.said if isinstance(mark.said, str) else mark.said(match)
            if isinstance(said, Speaker):
                said = Speaker(said.name, self._origin + at)
                known = (said.name or "").casefold() in self._speakers
                if self._asks_directions and not known:
                    continue
            self._put_mark(said, match[0])
            return True
        self._at += 1
        self._out.put(held[at], 1)
        return True

    def _put_mark(self, said: Said | None, source: str) -> None:
        at, self._at = self._at, self._at + len(source)
        if isinstance(said, Fault):
            self.faults.add(said.kind, source, self._origin + at)
            said = said.instead
        if said is None:
            self._out.leave_out(len(source))
        elif isinstance(said, str):
            self._out.put(said, len(source))
        else:
            self._out.put_directive(said, len(source))

    def _match(self, pattern: Any, *, final: bool) -> Any:
        return pattern.match(self._held, self._at, self._at + LONG, partial=not final)

    def _skip_element(self, is_full: bool, *, final: bool) -> bool:
        """Leave out a comment, or an element without words; a short one without an end is text."""
        held, at = self._held, self._at
        head = self._match(self._table.silent, final=final)
        if head is None or head.partial:
            return head is None or is_full
        name = (head["name"] or "").lower()
        if name in self._missing:
            return True
        self._end = self._table.ends[name]
        found = self._end.search(held, max(head.end(), self._searched), at + LONG)
        if found is None and not final and not is_full:
            self._searched = max(head.end(), len(held) - _CONTEXT)
            return False
        end, self._end, self._searched = self._end, None, 0
        if found is not None:
            self._put_tag(head.groupdict(), found.end())
        elif not is_full:
            self._missing.add(name)
        elif name in ("", *THINKING) or not self._is_mention(head):
            self._begin_silence(head.end(), end)
        return True

    def _is_mention(self, head: Any) -> bool:
        """Return whether a text speaks of an element: "the <style> of the page"."""
        is_bare = head.end() - head.start() == len(f"<{head['name']}>")
        return is_bare and self._held[: self._at].rstrip(" \t")[-1:].isalnum()

    # --- what is silent ------------------------------------------------------------------------

    def _begin_silence(self, begin: int, end: Any) -> None:
        self._silence, self._out.owes = end, True
        self._pass(begin)

    def _skip(self, stop: int) -> bool:
        """Leave out text at once, up to its end or that of the whole text."""
        held, at = self._held, self._at
        match = self._silence.search(held, at)
        end = match.end() if match else max(at, stop - _CONTEXT * (stop == len(held)))
        self._pass(end)
        if match:
            self._silence, self._out.owes = None, True
            self._out.kind = None if self._out.kind is LineKind.THINKING else self._out.kind
        return match is not None or end > at

    def _pass(self, end: int) -> None:
        self._out.pass_over(end - self._at)
        self._at = end

    def _put_tag(self, tag: dict[str, str | None], end: int) -> None:
        self._out.put_tag(tag, end - self._at, self._held[max(0, self._at - _CONTEXT) : self._at])
        self._at = end


def strip_markup(text: str, skip: Collection[str] = SKIPPED, speakers: Collection[str] = ()) -> str:
    """Return the words of a text; `gaps.close_gaps` and others finish them."""
    markup = Markup(skip=skip, speakers=speakers)
    return join_runs([*markup.feed(text), *markup.finish()])
