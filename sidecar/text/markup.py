"""Remove Markdown, HTML and emoji from one sentence, so that only its words are left.

`markdown-it` parses what is inside a line, a sentence at a time. Marks at the beginning of a line
are removed here, since the block may have begun in an earlier sentence. A pair of marks may have
begun there, too, so single marks are also removed.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from sidecar.text.lines import LineKind, classify_line

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

# A text without one of these is not parsed.
_MARKS = re.compile(r"[`*_\[\]<>~|\\&#!]")
_PREFIX = re.compile(r"[ \t]*(?:>[ \t]?)*")
_BULLET = re.compile(r"[ \t]*(?:[-*+•][ \t]+(?:\[[ xX]\][ \t]+)?)")
_HEADING = re.compile(r"[ \t]*#{1,6}(?:[ \t]+|$)|[ \t]+#+[ \t]*$")
_DELIMITERS = re.compile(r"[\s|:=-]*")
_CELLS = re.compile(r"(?<!\\)\|")
# "2*3*4" multiplies.
_BETWEEN_DIGITS = re.compile(r"(?<=\d)\*+(?=\d)")
# Single marks that touch a word, but not those inside one, as in snake_case and 2*x.
_LEFT = re.compile(r"`+|~~|(?<!\w)[*_]+(?=\S)|(?<=\S)[*_]+(?!\w)")
# Formulas are left whole: their backslashes are not Markdown's.
_TEX = re.compile(r"(\\\(.+?\\\)|\\\[.+?\\\])", re.DOTALL)
# Marks of footnotes; citations after a mark, or several of them.
_NOTES = re.compile(
    r"\[\^[\w-]{1,20}\]:?|(?<=[.,;:!?)\]”’\"'])(?:\[\d{1,3}(?:\s?[,–-]\s?\d{1,3})*\])+"
    r"|\s?(?:\[\d{1,3}\]){2,}"
)
# Blanks and letters that only look different, and characters without a width.
BLANKS = re.compile(r"[\u00a0\u2000-\u200a\u202f\u205f]")
_INVISIBLE = re.compile(r"[\u00ad\u200b\u2060\ufeff]")
_COMPATIBLE = re.compile(r"[\ufb00-\ufb06\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]+")
_SYMBOLS = re.compile(r"[©®™★☆✓✔✗✘]+")
_COMMAS = re.compile(r",(?:\s*,)+")
_KEYCAP = re.compile("(?<=[0-9#*])\ufe0f?\u20e3")
_GONE = re.compile(r"(\s*)\0[\s\0]*")
# Marks that have no white space before them.
TIGHT = ",.;:!?)]}…，。；：！？、）」』"


@cache
def _make_parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable("strikethrough")


def strip_markup(text: str, *, is_line_start: bool = True) -> str:
    """Return the text without its marks; unchanged, to the byte, if there are none.

    Args:
        is_line_start: whether it is the beginning of a line.
    """
    first, *others = text.split("\n")
    if _MARKS.search(text) or any(map(_is_block_start, [first, *others])):
        text = "\n".join(
            [_strip_line(first) if is_line_start else first, *map(_strip_line, others)]
        )
        if _MARKS.search(text):
            text = _strip_inline(text)
    return text if text.isascii() else _strip_emoji(_plain(text))


def _plain(text: str) -> str:
    """Return the text with plain letters and blanks."""
    text = _INVISIBLE.sub("", BLANKS.sub(" ", text))
    return _COMPATIBLE.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)


def _is_block_start(line: str) -> bool:
    return classify_line(line + "\n") in (LineKind.ITEM, LineKind.RULE)


def _strip_line(line: str) -> str:
    """Return a line without what makes it a heading, an item, a quotation or a row."""
    match = _PREFIX.match(line)
    line = line[match.end() :] if match and ">" in match[0] else line
    match classify_line(line + "\n"):
        case LineKind.RULE | LineKind.FENCED:
            return ""
        case LineKind.HEADING:
            return _HEADING.sub("", line)
        case LineKind.ITEM:
            return _BULLET.sub("", line, count=1)
        case LineKind.ROW:
            return _join_cells(line)
        case _:
            return line


def _join_cells(line: str) -> str:
    if _DELIMITERS.fullmatch(line):
        return ""
    cells = [cell.strip() for cell in _CELLS.split(line)]
    return ", ".join(cell for cell in cells if cell)


def _strip_inline(text: str) -> str:
    """Return the text without Markdown's marks inside its lines, and with formulas as they are."""
    text = _BETWEEN_DIGITS.sub(lambda match: "\\*" * len(match[0]), _NOTES.sub("", text))
    return "".join(
        # Every other part is a formula.
        part if i % 2 else "".join(map(_strip_token, _parse(part)))
        for i, part in enumerate(_TEX.split(text))
    )


def _parse(text: str) -> list[Token]:
    """Parse a text, whose white space at both ends the parser would drop."""
    head, tail = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    if not text.strip():
        return [_make_text(text)] if text else []
    parsed = _make_parser().parseInline(text.strip())[0].children or []
    return [_make_text(head), *parsed, _make_text(tail)]


def _make_text(text: str) -> Token:
    from markdown_it.token import Token

    return Token("text", "", 0, content=text)


def _strip_token(token: Token) -> str:
    match token.type:
        case "text":
            return _LEFT.sub("", token.content)
        case "softbreak" | "hardbreak":
            return "\n"
        case "image":
            return "".join(map(_strip_token, token.children or []))
        case _:
            return token.content


def _strip_emoji(text: str) -> str:
    """Return the text without emoji: their names would break up the sentence."""
    import emoji

    text = _KEYCAP.sub("", text)
    bare = emoji.replace_emoji(text, lambda found, _: "\0" if _is_picture(found) else found)
    bare = _SYMBOLS.sub("\0", bare)
    if bare == text:
        return text
    return _COMMAS.sub(",", _GONE.sub(lambda match: _fill_gap(bare, match), bare))


def _is_picture(found: str) -> bool:
    """Return whether it is a picture, and not a letter or mark with an emoji form, as ℹ and ‼."""
    return len(found) > 1 or unicodedata.category(found) in ("So", "Sk")


def _fill_gap(text: str, match: re.Match[str]) -> str:
    before, after = text[: match.start()], text[match.end() :]
    if not before or not after or after[0] in TIGHT:
        return ""
    if "\n" in match[0]:
        return "\n"
    wide = all(unicodedata.east_asian_width(c) in "WF" for c in (before[-1], after[0]))
    return "" if wide and not match[0].strip("\0") else " "
