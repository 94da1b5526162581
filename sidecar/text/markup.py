"""Markdown, HTML and emoji of one sentence → what a reader would see of it as words.

`markdown-it` reads what stands inside a line, a sentence at a time. What begins a line is taken
off here, since the beginning of the block may be sentences ago; so may be a mark's counterpart,
which is why single marks go, too.
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

# Where there is none of these, nothing is parsed.
_MARKS = re.compile(r"[`*_\[\]<>~|\\&#!]")
_PREFIX = re.compile(r"[ \t]*(?:>[ \t]?)*")
_BULLET = re.compile(r"[ \t]*(?:[-*+•][ \t]+(?:\[[ xX]\][ \t]+)?)")
_HEADING = re.compile(r"[ \t]*#{1,6}(?:[ \t]+|$)|[ \t]+#+[ \t]*$")
_DELIMITERS = re.compile(r"[\s|:=-]*")
_CELLS = re.compile(r"(?<!\\)\|")
# "2*3*4" multiplies.
_BETWEEN_DIGITS = re.compile(r"(?<=\d)\*+(?=\d)")
# Left over: those that touch a word, but not inside of one, as in snake_case and 2*x.
_LEFT = re.compile(r"`+|~~|(?<!\w)[*_]+(?=\S)|(?<=\S)[*_]+(?!\w)")
# "a < b and c > d" would be one, too.
_TAG = re.compile(
    r"""</?[A-Za-z][\w-]*(?:\s+[\w:-]+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'>]+))*\s*/?>|<[!?].*""",
    re.DOTALL,
)
_KEYCAP = re.compile("(?<=[0-9#*])\ufe0f?\u20e3")
_GONE = re.compile(r"(\s*)\0[\s\0]*")
# Marks without white space before them.
TIGHT = ",.;:!?)]}…，。；：！？、）」』"


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable("strikethrough")


def strip_markup(text: str, *, begins: bool = True) -> str:
    """The text without its marks; unchanged, to the byte, where there is none.

    Args:
        begins: it is the beginning of a line.
    """
    first, *others = text.split("\n")
    if _MARKS.search(text) or any(map(_begins_block, [first, *others])):
        text = "\n".join([_line(first) if begins else first, *map(_line, others)])
        if _MARKS.search(text):
            text = _inline(text)
    return text if text.isascii() else _without_emoji(text)


def _begins_block(line: str) -> bool:
    return classify_line(line + "\n") in (LineKind.ITEM, LineKind.RULE)


def _line(line: str) -> str:
    """A line without what makes it a heading, an item, a quotation or a row."""
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
            return _row(line)
        case _:
            return line


def _row(line: str) -> str:
    if _DELIMITERS.fullmatch(line):
        return ""
    cells = [cell.strip() for cell in _CELLS.split(line)]
    return ", ".join(cell for cell in cells if cell)


def _inline(text: str) -> str:
    text = _BETWEEN_DIGITS.sub(lambda match: "\\*" * len(match[0]), text)
    return "".join(map(_spoken, _markdown().parseInline(text)[0].children or []))


def _spoken(token: Token) -> str:
    match token.type:
        case "text":
            return _LEFT.sub("", token.content)
        case "softbreak" | "hardbreak":
            return "\n"
        case "html_inline":
            if not _TAG.fullmatch(token.content):
                return token.content
            return " " if token.content.lower().startswith("<br") else ""
        case "image":
            return "".join(map(_spoken, token.children or []))
        case _:
            return token.content


def _without_emoji(text: str) -> str:
    """Most readers leave emoji out, and a name in between would break up the sentence."""
    import emoji

    text = _KEYCAP.sub("", text)
    bare = emoji.replace_emoji(text, lambda found, _: "\0" if _is_picture(found) else found)
    if bare == text:
        return text
    return _GONE.sub(lambda match: _gap(bare, match), bare)


def _is_picture(found: str) -> bool:
    """Not one of the letters and marks that are emoji only by their looks, as ℹ and ‼."""
    return len(found) > 1 or unicodedata.category(found) in ("So", "Sk")


def _gap(text: str, match: re.Match[str]) -> str:
    before, behind = text[: match.start()], text[match.end() :]
    if not before or not behind or behind[0] in TIGHT:
        return ""
    if "\n" in match[0]:
        return "\n"
    wide = all(unicodedata.east_asian_width(c) in "WF" for c in (before[-1], behind[0]))
    return "" if wide and not match[0].strip("\0") else " "
