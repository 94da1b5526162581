"""The marks of Markdown and HTML, and the characters, that are not spoken as they are written.

A mark is known by its first character. Each pattern is matched where that character is, and may
look at a few characters before it.
"""

from __future__ import annotations

import enum
import tomllib
import unicodedata
from collections.abc import Callable, Collection
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any

import msgspec

from sidecar.text.directives import Directive, Speaker
from sidecar.text.faults import Fault
from sidecar.text.pauses import read_break_tag, read_pause

# Something that is not spoken was here; `gaps` joins what is on both sides.
GONE = "\0"
# Around a formula, which stays as it is.
KEPT = "\x01"
# Code stays between these. It is spoken, but says nothing about the language of the text.
TICK = "`"

# Instead of words: a tag of HTML.
TAG = "\x02"
ROW, HEADING = "row", "heading"

_FILE = Path(__file__).with_name("elements.toml")
_ELEMENTS = {
    name: frozenset(names.split())
    for name, names in tomllib.loads(_FILE.read_text("utf-8")).items()
}
BLOCKS, VOID, APART = (_ELEMENTS[name] for name in ("blocks", "void", "apart"))
NAMES = BLOCKS | APART | _ELEMENTS["inline"]
THINKING = ("think", "thinking")
# A picture in a `data:` URI may have any length. A value has no "<", so that no character is
# searched for more than one tag.
_ATTRIBUTES = (
    r"(?:\s{1,200}+(?:[A-Za-z_:@][\w:.@-]{0,60}+\s{0,20}+=\s{0,20}+(?:\"data:[^\s\"'<>]*+\""
    r"|'data:[^\s\"'<>]*+'|\"[^\"<]{0,2000}+\"|'[^'<]{0,2000}+'|[^\s\"'=<>`]{1,2000}+)"
    rf"|(?:{'|'.join(sorted(_ELEMENTS['attributes']))}|data-[a-z0-9-]{{1,50}})\b(?!-))){{0,60}}\s{{0,200}}+"
)

_PUNCTUATION = r"[!-/:-@\[-`{-~]"
_TARGET = r"\]\((?:[^()\s]|\([^()\n]*\)){0,1000}(?:\s{1,3}\"[^\"\n]{0,200}\")?\)"
# A picture that is in the text itself may be longer than what is held back.
_DATA = r"\]\(data:[\w-]+/"
_TEXT = r"(?:[^\[\]]|\[[^\[\]]{0,100}\](?:\([^()\s]{0,300}\))?){0,200}"
_NUMBERS = r"\[\d{1,3}(?:\s?[,–-]\s?\d{1,3}){0,9}\]"
_EMOJI = r"[[\p{Emoji}&&[\p{So}\p{Sk}]]\p{RI}]"
_HAN = r"[\u4e00-\u9fff々]"
_WORDS = r"[^\W\d_]+(?:[ '’-][^\W\d_]+){0,5}"


class LineKind(enum.Enum):
    """The kind of a line. Before any but text a paragraph ends, and after most kinds, too."""

    BLANK = r"[^\S\n]*\n"
    QUOTE = r"[ \t]*>[ \t]?"
    THINKING = r"[ \t]*<think(?:ing)?[ \t]*>"
    FENCE = r"[ \t]*(?<fence>`{3,}|~{3,})[^`\n]*\n"
    RULE = (
        r"[ \t]*(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,}|={3,}[ \t]*|\|[ |:=\t-]*)\r?\n"
    )
    HEADING = r"[ \t]*#{1,6}(?:[ \t]+|(?=\r?\n))"
    TASK = r"[ \t]*[-*+•][ \t]+\[[ xX]\][ \t]+"
    ITEM = r"[ \t]*[-*+•][ \t]+"
    NUMBER = r"[ \t]*(?=\d{1,9}[.)][ \t])"
    ROW = r"[ \t]*\|[ \t|]*"
    TEXT = r"(?!)"


@cache
def load_lines() -> dict[LineKind, Any]:
    """Compile the patterns of the beginnings of lines, in the order in which they are tried."""
    import regex

    return {kind: regex.compile(kind.value, regex.V1 | regex.IGNORECASE) for kind in LineKind}


Said = str | Directive | Fault


class Mark(msgspec.Struct, frozen=True):
    """A pattern, and what it becomes.

    Attributes:
        said: the text instead of it; or a function that returns that, what the text asks for, or
            why it cannot be done.
        line: the kind of line in which it is a mark; in any line if None.
    """

    pattern: Any
    said: str | Callable[[Any], Said]
    line: str | None = None


def _keep(match: Any) -> str:
    return f"{KEPT}{match[0]}{KEPT}"


def _decode(match: Any) -> str:
    char = unescape(match[0])
    return char if len(char) == 1 else match[0]


def _emphasize(match: Any) -> str:
    """Remove asterisks and underscores at a word; "2*3", "x*y", snake_case and " * " keep them."""
    text, start, end = match.string, match.start(), match.end()
    before, after = text[start - 1 : start] if start else "", text[end : end + 1]
    if before.isalnum() and after.isalnum():
        strong = match[0] != "_" * len(match[0]) and len(match[0]) > 1
        goes = "*" in match[0] and not (before + after).isascii()
        return "" if goes or (strong and not (before + after).isdigit()) else match[0]
    return match[0] if not before.strip() and not after.strip() else ""


# What the text asks for. These are marks even where no others are: see `Markup`.
_DIRECTIVES: list[tuple[str, str, str | Callable[[Any], Said], str | None]] = [
    ("[", r"\[[ \t]?pause\b(?<value>[^\[\]\n]{0,80})\](?!\()",
     lambda match: read_pause(match["value"]), None),
    ("[", r"\[[ \t]?pause[ \t]{0,3}[:=]?[ \t]{0,3}[\d.,]{1,12}[ \t]?[a-z]{0,12}\b"
     r"(?![^\[\]\n]{0,80}\])",
     lambda match: Fault("pauseNotUnderstood"), None),
    ("<", r"<break(?<attributes>(?:[\s/][^<>]{0,200})?)>",
     lambda match: read_break_tag(match["attributes"]), None),
    ("<", r"</break\s{0,4}>", "", None),
    ("<", r"<break\s{1,4}(?:time|strength)\s{0,4}=\s{0,4}(?:\"[^\"<>\n]{0,20}\"|'[^'<>\n]{0,20}'|"
     r"[^\s<>]{1,20})", lambda match: Fault("pauseNotUnderstood"), None),
]  # fmt: skip
# The name of who speaks from here on; a link or a footnote is none.
_SPEAKER: tuple[str, str, str | Callable[[Any], Said], str | None] = (
    "[", r"\[[ \t]{0,3}(?<speaker>[\p{L}][^\[\]()\n]{0,47}?)[ \t]{0,3}\](?![(\[:])",
    lambda match: Speaker(match["speaker"], 0), None,
)  # fmt: skip
# First characters → the pattern → what it becomes. Of several patterns the first one that matches
# is used.
_MARKS: list[tuple[str, str, str | Callable[[Any], Said], str | None]] = [
    ("`", r"(?<ticks>`{1,50}+)(?<code>(?:[^`\n]{1,200}+(?!(?P=ticks)(?!`))`++){0,9}+[^`\n]{1,200}+)"
     r"(?P=ticks)(?!`)",
     lambda match: TICK + match["code"].replace(TICK, "") + TICK, None),
    ("`", r"`{1,200}", "", None),
    ("\\", r"\\\((?:(?!\n\s*\n).){1,300}?\\\)|\\\[(?:(?!\n\s*\n).){1,300}?\\\]", _keep, None),
    ("\\", rf"\\(?<char>{_PUNCTUATION})", lambda match: match["char"].replace(TICK, ""), None),
    # A formula has a sign of one, or is a single word. One that begins with a figure has no blanks.
    ("$", r"\$\$[^$]{1,300}\$\$|\$\d[^\s$]{0,80}[\\^_={}+*<>][^\s$]{0,80}\$(?![\d\p{Sc}])",
     _keep, None),
    ("$", r"\$(?=[^\s\d$])(?=[^$\n]{0,120}[\\^_={}+*<>]|\w{1,20}\$)"
     r"[^$\n]{0,120}[^\s$]\$(?![\d\p{Sc}])", _keep, None),
    ("<", r"<\|[^<>|\n]{0,80}\|>", lambda match: match[0], None),
    ("<", r"<(?<said>https?://[^\s<>]{1,1000})>", lambda match: match["said"], None),
    ("<", r"<[!?][A-Za-z][^<>]{0,500}+>", TAG, None),
    ("<", rf"<(?<closes>/?)(?<name>{'|'.join(sorted(NAMES))}){_ATTRIBUTES}/?>", TAG, None),
    ("&", r"&(?:[A-Za-z][A-Za-z0-9]{1,31}|\#[0-9]{1,7}|\#[xX][0-9A-Fa-f]{1,6});", _decode, None),
    # Marks of footnotes; citations after a mark, several of them, or one at the end of a clause.
    ("[", r"\[\^[\w-]{1,20}\]:?", GONE, None),
    ("[", rf"(?<=[.,;:!?)\]”’\"'。，；：！？）])(?:{_NUMBERS})+(?!\()|(?:{_NUMBERS}){{2,}}(?!\()"
     rf"|(?<=\w\s?){_NUMBERS}(?=[ \t]{{0,3}}[.,;:!?。，、；：！？\n])"
     rf"|(?<=[^\W\d_]{{3}}){_NUMBERS}(?=[ \t]\w)", GONE, None),
    ("[", rf"\[(?={_TEXT}(?:{_TARGET}|{_DATA}))", "", None),
    ("!", rf"!(?=\[{_TEXT}(?:{_TARGET}|{_DATA}))", "", None),
    ("]", rf"{_DATA}[^()\s]*+\)", TAG, None),
    ("]", _TARGET, "", None),
    ("*_", r"\*{1,200}|_{1,200}", _emphasize, None),
    ("~", r"~{2,200}", "", None),
    ("|", r"\|[ \t|]{0,200}(?=\r?\n)", GONE, ROW),
    ("|", r"\|[ \t|]{0,200}", f"{GONE}, ", ROW),
    ("#", r"(?<=\s)\#+[ \t]*(?=\r?\n)", "", HEADING),
    # Kanji with their reading, but not with a particle.
    ("(（", rf"(?<={_HAN})[（(](?!だけ|など|から|まで|のみ|です|ほか|より)"
     r"[\u3041-\u309f]{1,12}[)）]",
     "", None),
    # Blanks and letters that only look different, and characters without a width.
    ("", r"[\xa0\u2000-\u200a\u202f\u205f]", " ", None),
    ("", r"[\ufb00-\ufb06\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]",
     lambda match: unicodedata.normalize("NFKC", match[0]), None),
    # Pictures, and signs that a screen reader leaves out, too. ℹ and ‼ are letters and marks.
    ("", rf"{_EMOJI}|[©®™★☆✓✔✗✘→←⇒⇐↔⇔➔➜\x00\x01]|[\p{{Emoji}}--[\x00-\x7f]]\ufe0f", GONE, None),
    ("", rf"(?<=[{_EMOJI}\ufe0f\p{{EMod}}\U000e0020-\U000e007f])[\u200d\U000e0020-\U000e007f]"
     r"|[\u00ad\u200b\u2060\ufeff\ufe0f]|(?<=[0-9#*]\ufe0f?)\u20e3", "", None),
]  # fmt: skip
_ODD = (
    rf"[{_EMOJI}\x00\x01\xa0\xad\u2000-\u200b\u202f\u205f\u2060\ufeff\ufe0f\u20e3\u200d©®™★☆✓✔✗✘"
    r"→←⇒⇐↔⇔➔➜\ufb00-\ufb06\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\U000e0020-\U000e007f"
    r"[\p{Emoji}--[\x00-\x7f]]]"
)
# Stage directions, when they are to be skipped.
_DIRECTIONS = [
    ("[", r"\[[^\[\]\n]{1,80}\](?!\()", GONE, None),
    ("【［", r"[【［][^【】［］\n]{1,40}[】］]", GONE, None),
    ("*", r"(?<![\w*])\*(?=[^\s*])[^*\n]{1,80}(?<=[^\s*])\*(?![\w*])", GONE, None),
    ("(（", rf"\({_WORDS}\)|（{_WORDS}）", GONE, None),
]


class Table(msgspec.Struct, frozen=True):
    """The marks by their first characters, and a pattern that finds where one may be.

    Attributes:
        silent: the beginning of a comment (without a name), or of an element without words.
        ends: the ends of these, by their names.
    """

    special: Any
    marks: dict[str, list[Mark]]
    odd: list[Mark]
    silent: Any
    ends: dict[str, Any]


@cache
def load_directives(has_speakers: bool = False) -> Table:
    """Compile the marks of a text that otherwise stays as it is; see `load_table`."""
    import regex

    flags = regex.V1 | regex.IGNORECASE
    marks: dict[str, list[Mark]] = {}
    for chars, pattern, said, line in [*_DIRECTIVES, *([_SPEAKER] if has_speakers else [])]:
        marks.setdefault(chars, []).append(Mark(regex.compile(pattern, flags), said, line))
    return Table(regex.compile(r"[\n\[<]"), marks, [], regex.compile(r"(?!)"), {})


@cache
def load_odd() -> tuple[Any, list[Mark]]:
    """Compile the marks that are characters, and a pattern that finds where one may be."""
    import regex

    return regex.compile(f"{_ODD}|{TICK}", regex.V1), load_table(frozenset[str]()).odd


@cache
def load_table(skip: Collection[str], has_speakers: bool = False) -> Table:
    """Compile the marks.

    With "directions" in `skip`, stage directions are marks as well; with speakers, so are the names
    in brackets.
    """
    import regex

    asked = "directions" in skip
    # A link is none, and neither is what the first marks of a bracket are.
    table = [*_DIRECTIVES, *([_SPEAKER] if has_speakers else [])]
    table += [row for row in _MARKS if row[0] != "*_"]
    emphasis = [row for row in _MARKS if row[0] == "*_"]
    table += [*(_DIRECTIONS if asked else []), *emphasis]
    flags = regex.V1 | regex.DOTALL | regex.IGNORECASE
    marks: dict[str, list[Mark]] = {}
    odd: list[Mark] = []
    for chars, pattern, said, line in table:
        mark = Mark(regex.compile(pattern, flags), said, line)
        odd += [] if chars else [mark]
        for char in chars:
            marks.setdefault(char, []).append(mark)
    brackets = r"|[(（【［]" if asked else rf"|(?<={_HAN})[(（]"
    special = regex.compile(rf"[\n`\\$<&\[\]!*_~|\#]|{_ODD}{brackets}", regex.V1)
    names = [*_ELEMENTS["silent"], *(THINKING if "thinking" in skip else ())]
    ends = {name: rf"</{name}\s{{0,4}}>" for name in names} | {"": "-->"}
    ends |= dict.fromkeys(("rt", "rp"), r"(?=</?(?:rt|rp|rtc|rb|ruby)[\s/>])")
    return Table(
        special,
        marks,
        odd,
        regex.compile(rf"<(?:!--|(?<name>{'|'.join(sorted(names))}){_ATTRIBUTES}>)", flags),
        {name: regex.compile(pattern, flags) for name, pattern in ends.items()},
    )
