"""HTML in a text: tags go, blocks end paragraphs, scripts and comments are silent.

Only the names of HTML's own elements make a tag; `<your name>` and `a < b` are text. Markdown's
code spans and fences are left alone.
"""

from __future__ import annotations

import re
from collections import deque
from html import unescape

import msgspec
from msgspec.structs import replace

from sidecar.text import elements
from sidecar.text.lines import Kind, Lines, Run

# What is held back of a code span that is not closed.
_CODE = 200
_TICKS = re.compile("`+")
# Nothing else changes what is known of a tag that is not complete.
_TELLING = re.compile(r"[\s\"'<>]")
_UNREAD = (Kind.FENCED, Kind.RULE)


class _Token(msgspec.Struct, frozen=True):
    """What begins a text.

    Attributes:
        length: of it, in characters.
        text: what is left of it.
        opens, closes: a paragraph ends before it, or behind it.
        tag: it is one, and no text.
        begins: an element does, which belongs to what follows.
    """

    length: int
    text: str = ""
    opens: bool = False
    closes: bool = False
    tag: bool = True
    begins: bool = False


class Html:
    """Runs of a text → the runs without HTML; how the text was cut does not matter.

    Held back is a tag until it is complete or cannot be one, a code span likewise, and a comment
    or a script until it is closed. What is never closed is no comment: it is text, at the end.

    Args:
        decode: also put the character in place of an entity.
    """

    def __init__(self, *, decode: bool = False) -> None:
        self._special = re.compile(r"[<`\\&]" if decode else r"[<`\\]")
        self._decode = decode
        self._held = ""
        self._late: list[str] = []  # more of it, which tells nothing new
        self._runs: deque[Run] = deque()  # those that it is of
        self._cut = 0  # what of the first of them has come out
        self._from = 0  # up to where the end of a comment has been looked for
        self._never: set[re.Pattern[str]] = set()  # ends that do not come any more
        self._endless = False  # what is held is a comment or a script
        self._owed = False  # a paragraph has ended; the next word opens another
        self._spaced = True  # what came out last is white space
        self._behind_tag = False
        self._link = False  # a link has just ended

    def feed(self, run: Run) -> list[Run]:
        """Take the next run of the text; return what is known by now."""
        found: list[Run] = []
        if self._held and not self._endless and (run.opens or run.kind in _UNREAD):
            found += self._scan(final=True)
        if not self._held:
            plain = run.kind in _UNREAD or not self._special.search(run.text)
            if plain and not self._owed and not self._behind_tag:
                self._spaced = run.text[-1:].isspace()
                self._link = False
                return [*found, run]
            if run.kind in _UNREAD:
                self._owed = self._behind_tag = False
                return [*found, run]
        self._runs.append(run)
        if (
            self._held
            and not self._endless
            and self._held[0] == "<"
            and not _TELLING.search(run.text)
        ):
            self._late.append(run.text)
            return found
        self._held = "".join([self._held, *self._late, run.text])
        self._late = []
        return found + self._scan(final=False)

    def finish(self) -> list[Run]:
        """The text has ended: return the rest."""
        self._held = "".join([self._held, *self._late])
        self._late = []
        return self._scan(final=True)

    def _scan(self, *, final: bool) -> list[Run]:
        found: list[Run] = []
        at = 0
        while at < len(self._held):
            match = self._special.search(self._held, at)
            stop = match.start() if match else len(self._held)
            token = _Token(stop - at, self._held[at:stop], tag=False) if stop > at else None
            if token is None:
                self._from = max(self._from, at)
                token = self._token(at, final=final)
            if token is None:
                break
            self._put(token, found)
            at += token.length
            self._from = 0
        self._held = self._held[at:]
        self._from = max(0, self._from - at)
        if not self._held:
            self._endless = False
        return found

    # --- tokens: None while that depends on more text -----------------------------------------

    def _token(self, at: int, *, final: bool) -> _Token | None:
        self._endless = False
        sign = self._held[at]
        if sign == "\\":
            return self._escaped(at, final=final)
        if sign == "`":
            return self._code(at, final=final)
        if sign == "&":
            return self._entity(at, final=final)
        if self._held.startswith("<!--", at):
            end = self._search(elements.COMMENT_END, at + 4, final=final)
            return _Token(end - at) if end else (_text("<") if end == 0 else None)
        return self._tag(at, final=final)

    def _escaped(self, at: int, *, final: bool) -> _Token | None:
        if at + 1 == len(self._held) and not final:
            return None
        return _text(self._held[at : at + 2])

    def _code(self, at: int, *, final: bool) -> _Token | None:
        """Markdown's code is text, whatever is in it."""
        ticks = _TICKS.match(self._held, at)
        assert ticks is not None
        if ticks.end() == len(self._held) and not final:
            return None
        line = self._held.find("\n", at, at + _CODE)
        stop = min(len(self._held), at + _CODE) if line < 0 else line
        for match in _TICKS.finditer(self._held, ticks.end(), stop):
            if match.end() == len(self._held) and not final:
                return None
            if len(match[0]) == len(ticks[0]):
                return _text(self._held[at : match.end()])
        open_ended = line < 0 and len(self._held) < at + _CODE
        return None if open_ended and not final else _text(ticks[0])

    def _entity(self, at: int, *, final: bool) -> _Token | None:
        match = elements.ENTITY.match(self._held, at)
        if match:
            char = unescape(match[0])
            text = char if len(char) == 1 else match[0]
            return _Token(len(match[0]), text, tag=False)
        waits = not final and elements.ENTITY_START.match(self._held, at)
        return None if waits else _text("&")

    def _tag(self, at: int, *, final: bool) -> _Token | None:
        head = elements.TAG_START.match(self._held, at)
        if head is None:
            return self._declared(at, final=final)
        name = head[1].lower()
        if head[2] is None:  # the name may go on
            possible = not final and any(known.startswith(name) for known in elements.NAMES)
            return None if possible else _text("<")
        if name not in elements.NAMES:
            return _text("<")
        match = elements.tag().match(self._held, at, partial=not final)
        if match is None:
            return _text("<")
        if match.partial:
            return None
        closes, length = bool(match["closes"]), match.end() - at
        if name in elements.SILENT and not closes and not match["empty"]:
            end = self._search(elements.SILENT[name], match.end(), final=final)
            if end is None:
                return None
            length = (end or match.end()) - at
        return self._element(name, length, closes=closes)

    def _declared(self, at: int, *, final: bool) -> _Token | None:
        """`<!doctype html>`, `<?xml … ?>`; or the beginning of a tag or a comment."""
        match = elements.declaration().match(self._held, at, partial=not final)
        if match is not None:
            return None if match.partial else _Token(match.end() - at)
        rest = self._held[at : at + 4]
        return (
            None if not final and (rest in ("<", "</") or "<!--".startswith(rest)) else _text("<")
        )

    def _element(self, name: str, length: int, *, closes: bool) -> _Token:
        link, self._link = self._link, name == "a" and closes
        if name in elements.BLOCKS:
            void = name in elements.VOID
            return _Token(
                length, opens=not closes and not void, closes=closes or void, begins=not closes
            )
        # Links one after another are a list, which only a style sheet sets apart.
        apart = name in elements.APART or (name == "a" and link)
        return _Token(length, " " if apart and not self._spaced else "", begins=not closes)

    def _search(self, end: re.Pattern[str], at: int, *, final: bool) -> int | None:
        """Where an element that may be long has ended; 0 if it never does."""
        if end in self._never:
            return 0
        match = end.search(self._held, max(at, self._from))
        if match:
            return match.end()
        if final:
            self._never.add(end)
            return 0
        # The mark itself may be there in part.
        self._from, self._endless = max(at, len(self._held) - 16), True
        return None

    # --- runs ---------------------------------------------------------------------------------

    def _put(self, token: _Token, found: list[Run]) -> None:
        """Take a token out of the runs that it is of."""
        if token.tag:
            whole = self._taken(token.length)[0]
            # What ends an element belongs to the paragraph before it, also on a line of its own.
            owed = self._owed or whole.opens
            opens = token.opens or (owed and token.begins)
            self._owed = (owed and not opens) or token.closes
            found.append(replace(whole, text=token.text, opens=opens, span=token.length))
            self._spaced = self._spaced or bool(token.text) or opens or token.closes
            self._behind_tag = True
            return
        if len(token.text) != token.length:  # an entity
            run = replace(self._taken(token.length)[0], text=token.text, span=token.length)
            self._text(run, found)
            return
        for run in self._taken(token.length):
            self._text(run, found)

    def _text(self, run: Run, found: list[Run]) -> None:
        """Text, before which a paragraph may be owed, or white space be doubled."""
        words = run.text.lstrip()
        if self._behind_tag and self._spaced and run.length == len(run.text):
            kept = run.text.lstrip(" \t")
            gone = len(run.text) - len(kept)
            if gone:
                found.append(replace(run, text="", span=gone))
                run = replace(run, text=kept, opens=False, starts=False)
        if not run.text:
            return
        self._link = self._link and not words
        self._behind_tag = self._behind_tag and not words and run.text[-1] in " \t"
        self._spaced = run.text[-1].isspace()
        if self._owed and words:
            white = len(run.text) - len(words)
            if white:
                found.append(replace(run, text=run.text[:white]))
                run = replace(run, text=words, opens=False, starts=False)
            run = replace(run, opens=True)
            self._owed = False
        self._owed = self._owed and not run.opens
        last = found[-1] if found else None
        # In one piece what was in one piece: whoever reads on looks at a word again for each.
        if last and last.span is run.span is None and not (run.opens or run.starts):
            found[-1] = replace(last, text=last.text + run.text)
        else:
            found.append(run)

    def _taken(self, length: int) -> list[Run]:
        """The next characters, as runs; only the first part of a run begins a line."""
        parts: list[Run] = []
        while length:
            run, cut = self._runs[0], self._cut
            size = min(length, len(run.text) - cut)
            flags = {} if cut == 0 else {"opens": False, "starts": False}
            parts.append(replace(run, text=run.text[cut : cut + size], **flags))
            length -= size
            self._cut += size
            if self._cut == len(run.text):
                self._runs.popleft()
                self._cut = 0
        return parts


def _text(text: str) -> _Token:
    return _Token(len(text), text, tag=False)


def without_html(text: str) -> str:
    """Return the text without its HTML, a line for each block; unchanged where there is none."""
    if "<" not in text:
        return text
    lines, html = Lines(), Html()
    runs = [found for run in [*lines.feed(text), *lines.finish()] for found in html.feed(run)]
    parts = [""]
    for run in runs + html.finish():
        if run.opens and not run.starts and parts[-1] and not parts[-1][-1].isspace():
            parts.append("\n")
        if run.text:
            parts.append(run.text)
    return "".join(parts)
