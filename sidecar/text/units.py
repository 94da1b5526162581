"""A text → its words, each with its place: as aligners count them, and as people write them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

import msgspec

from sidecar.text.marks import GONE, KEPT, TICK
from sidecar.text.silence import is_silent

_SEGMENT = re.compile(rf"[^\s{GONE}]+")
_HAN = re.compile(
    "[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002a6df\U0002a700-\U0002ceaf]"
)
_HIRAGANA = re.compile("[\u3041-\u309f]")
_KATAKANA = re.compile("[\u30a0-\u30ff\u31f0-\u31ff\uff66-\uff9f]")
# Punctuation that is said, as in 25% or R&D.
_SAID = "%‰°#&@/\\*"


class Unit(msgspec.Struct, frozen=True):
    """A word.

    Attributes:
        text: its letters, digits and apostrophes; or as it is written, if only signs are in it.
        start, end: its place in the text, without the punctuation around it.
    """

    text: str
    start: int
    end: int

    @property
    def key(self) -> str:
        """What is equal if the same word is written and spoken."""
        return unicodedata.normalize("NFKC", self.text).casefold()


def split_spoken(text: str, language: str) -> list[Unit]:
    """Split what is spoken as the official code of Qwen3-ForcedAligner does.

    A word is what is between white space, without all that is no letter, digit or apostrophe; and
    a Chinese character is a word of its own. In Japanese a word ends where the script changes,
    since the official code asks a dictionary (nagisa), which this package does without. In Korean
    it is what is between white space, where the official code has another dictionary.

    Args:
        language: as models name it.
    """
    units: list[Unit] = []
    for segment in _SEGMENT.finditer(text):
        start = segment.start()
        kept = [(start + i, char) for i, char in enumerate(segment[0]) if _is_kept(char)]
        for group in _group(kept, by_script=language == "japanese"):
            word = "".join(char for _, char in group)
            if not is_silent(word):
                units.append(Unit(word, group[0][0], group[-1][0] + 1))
    return units


def _is_kept(char: str) -> bool:
    return char == "'" or unicodedata.category(char)[0] in "LN"


def _group(kept: list[tuple[int, str]], *, by_script: bool) -> Iterator[list[tuple[int, str]]]:
    group: list[tuple[int, str]] = []
    last = ""
    for place, char in kept:
        script = _script(char) if by_script else "han" if _HAN.match(char) else ""
        if group and (script != last or (script == "han" and not by_script)):
            yield group
            group = []
        group.append((place, char))
        last = script
    if group:
        yield group


def _script(char: str) -> str:
    # The long vowel goes on in either kana, and the iteration mark is like a kanji.
    if char == "々" or _HAN.match(char):
        return "han"
    if _HIRAGANA.match(char):
        return "hiragana"
    return "katakana" if _KATAKANA.match(char) else ""


def split_written(text: str, language: str) -> list[Unit]:
    """Split what is written, as `runs.Run.text`, into the words that a listener follows.

    They are those of `split_spoken`, but a sign between white space is one, too, since it may be
    spoken, and a word ends at punctuation of Chinese and Japanese.
    """
    units: list[Unit] = []
    for segment in _SEGMENT.finditer(text):
        chars = list(enumerate(segment[0], segment.start()))
        for part in _part(chars, by_script=language == "japanese"):
            while part and _is_edge(part[0][1]):
                part.pop(0)
            while part and _is_edge(part[-1][1]):
                part.pop()
            if part:
                written = "".join(char for _, char in part)
                word = "".join(filter(_is_kept, written))
                text_of = written if is_silent(word) else word
                units.append(Unit(text_of, part[0][0], part[-1][0] + 1))
    return units


def _part(chars: list[tuple[int, str]], *, by_script: bool) -> Iterator[list[tuple[int, str]]]:
    part: list[tuple[int, str]] = []
    for place, char in chars:
        if _is_wide_mark(char):
            yield from _group(part, by_script=by_script)
            part = []
        else:
            part.append((place, char))
    yield from _group(part, by_script=by_script)


def _is_wide_mark(char: str) -> bool:
    is_mark = unicodedata.category(char)[0] == "P"
    return is_mark and unicodedata.east_asian_width(char) in "WF"


def _is_edge(char: str) -> bool:
    """Return whether a character is no part of a word that it begins or ends."""
    is_mark = unicodedata.category(char)[0] == "P"
    return char in (KEPT, TICK, "~", "^") or (is_mark and char not in _SAID)
