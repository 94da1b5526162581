"""A text → tokens: its words, and its HTML tags, comments and entities."""

from __future__ import annotations

import re
from html import unescape

import msgspec

from sidecar.text import elements

# A code span that is not closed is held back up to this many characters.
_MAX_CODE = 200
_TICKS = re.compile("`+")
# Without one of these, more text cannot change what is known of an incomplete tag.
_TELLING = re.compile(r"[\s\"'<>]")


class Token(msgspec.Struct, frozen=True):
    """The next piece of a text.

    Attributes:
        length: the characters of the original.
        text: the characters that remain of it.
        tag: the element's name, or "" for a comment or a declaration; None for words.
        is_closing: whether it is a closing tag.
    """

    length: int
    text: str = ""
    tag: str | None = None
    is_closing: bool = False


class HtmlScanner:
    """Cuts a text that may arrive in pieces into tokens; any pieces give the same tokens.

    A tag is held back until it is complete or cannot be a tag, a code span likewise, and a comment
    or a script until it is closed. What is never closed is text. Markdown's code is text, too.

    Args:
        decode: also replace an entity by its character.

    Attributes:
        is_in_comment: what is held back is a comment or a script.
    """

    def __init__(self, *, decode: bool) -> None:
        self._special = re.compile(r"[<`\\&]" if decode else r"[<`\\]")
        self._held = ""
        self._late: list[str] = []  # more of it, which cannot complete a tag
        self._searched = 0  # up to where the end of a comment has been looked for
        self._missing: set[re.Pattern[str]] = set()  # ends that are not in the rest of the text
        self.is_in_comment = False

    @property
    def is_holding(self) -> bool:
        """Whether some of the text is held back."""
        return bool(self._held)

    def finds_html(self, text: str) -> bool:
        """Return whether there may be anything but words in a text."""
        return self._special.search(text) is not None

    def feed(self, text: str) -> list[Token]:
        """Take the next piece; return the tokens that no further text can change."""
        is_tag = self._held.startswith("<") and not self.is_in_comment
        self._late.append(text)
        if is_tag and not _TELLING.search(text):
            return []
        return self._scan(final=False)

    def finish(self) -> list[Token]:
        """Return the rest as tokens, since the text has ended, or the paragraph."""
        return self._scan(final=True)

    def _scan(self, *, final: bool) -> list[Token]:
        self._held = "".join([self._held, *self._late])
        self._late = []
        tokens: list[Token] = []
        at = 0
        while at < len(self._held):
            match = self._special.search(self._held, at)
            stop = match.start() if match else len(self._held)
            if stop > at:
                token = Token(stop - at, self._held[at:stop])
            else:
                self._searched = max(self._searched, at)
                token = self._scan_special(at, final=final)
            if token is None:
                break
            tokens.append(token)
            at += token.length
            self._searched = 0
        self._held = self._held[at:]
        self._searched = max(0, self._searched - at)
        self.is_in_comment = self.is_in_comment and bool(self._held)
        return tokens

    # --- each returns None while the token depends on more text ---------------------------------

    def _scan_special(self, at: int, *, final: bool) -> Token | None:
        self.is_in_comment = False
        match self._held[at]:
            case "\\":
                waits = at + 1 == len(self._held) and not final
                return None if waits else _make_words(self._held[at : at + 2])
            case "`":
                return self._scan_code(at, final=final)
            case "&":
                return self._scan_entity(at, final=final)
            case _:
                return self._scan_tag(at, final=final)

    def _scan_code(self, at: int, *, final: bool) -> Token | None:
        ticks = _TICKS.match(self._held, at)
        assert ticks is not None
        if ticks.end() == len(self._held) and not final:
            return None
        line = self._held.find("\n", at, at + _MAX_CODE)
        stop = min(len(self._held), at + _MAX_CODE) if line < 0 else line
        for match in _TICKS.finditer(self._held, ticks.end(), stop):
            if match.end() == len(self._held) and not final:
                return None
            if len(match[0]) == len(ticks[0]):
                return _make_words(self._held[at : match.end()])
        is_open = line < 0 and len(self._held) < at + _MAX_CODE
        return None if is_open and not final else _make_words(ticks[0])

    def _scan_entity(self, at: int, *, final: bool) -> Token | None:
        match = elements.ENTITY.match(self._held, at)
        if match:
            char = unescape(match[0])
            return Token(len(match[0]), char if len(char) == 1 else match[0])
        waits = not final and elements.ENTITY_START.match(self._held, at)
        return None if waits else _make_words("&")

    def _scan_tag(self, at: int, *, final: bool) -> Token | None:
        if self._held.startswith("<!--", at):
            end = self._find_end(elements.COMMENT_END, at + 4, final=final)
            return Token(end - at, tag="") if end else (_make_words("<") if end == 0 else None)
        head = elements.TAG_START.match(self._held, at)
        if head is None:
            return self._scan_declaration(at, final=final)
        name = head[1].lower()
        if head[2] is None:  # the name may go on
            is_possible = not final and any(known.startswith(name) for known in elements.NAMES)
            return None if is_possible else _make_words("<")
        if name not in elements.NAMES:
            return _make_words("<")
        match = elements.tag().match(self._held, at, partial=not final)
        if match is None:
            return _make_words("<")
        if match.partial:
            return None
        is_closing, end = bool(match["closes"]), match.end()
        if name in elements.SILENT and not is_closing and not match["empty"]:
            silent_end = self._find_end(elements.SILENT[name], end, final=final)
            if silent_end is None:
                return None
            end = silent_end or end
        return Token(end - at, tag=name, is_closing=is_closing)

    def _scan_declaration(self, at: int, *, final: bool) -> Token | None:
        """Scan `<!doctype html>` or `<?xml … ?>`; or the beginning of a tag or a comment."""
        match = elements.declaration().match(self._held, at, partial=not final)
        if match is not None:
            return None if match.partial else Token(match.end() - at, tag="")
        rest = self._held[at : at + 4]
        waits = not final and (rest in ("<", "</") or "<!--".startswith(rest))
        return None if waits else _make_words("<")

    def _find_end(self, end: re.Pattern[str], at: int, *, final: bool) -> int | None:
        """Return where an element that may be long ends; 0 if it never ends."""
        if end in self._missing:
            return 0
        match = end.search(self._held, max(at, self._searched))
        if match:
            return match.end()
        if final:
            self._missing.add(end)
            return 0
        # A part of the end mark may be there already.
        self._searched, self.is_in_comment = max(at, len(self._held) - 16), True
        return None


def _make_words(text: str) -> Token:
    return Token(len(text), text)
