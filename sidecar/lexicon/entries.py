"""The words of a lexicon, and the longest one at a place of a text."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import Any, Final

import msgspec

from sidecar.errors import InvalidParams
from sidecar.text import tags

MAX_WRITTEN, MAX_SPOKEN = 100, 300
# White space between two words of an entry, in the text.
_MAX_BLANKS = 4
# Letters of scripts that are written without blanks, where a word has no borders.
_FREE = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_WORD = r"\p{L}\p{N}\p{M}_"
_APOSTROPHES = dict.fromkeys("’ʼ＇", "'")

WAIT: Final = "wait"


class Entry(msgspec.Struct, frozen=True):
    """A word or phrase, and how it is said.

    Attributes:
        written: in the text, as a whole word.
        spoken: what is said instead.
        language: the entry is for texts in this language only; None is for all.
        case_sensitive: whether upper and lower case must be as in `written`.
    """

    written: str
    spoken: str
    language: str | None = None
    case_sensitive: bool = False


class Lexicon:
    """Finds entries in a text, in time that is proportional to its length.

    Args:
        entries: of two with the same `written`, the first one counts that is for the language and
            the case.
        notice: see below.

    Attributes:
        notice: a sentence about what the file has and the lexicon has not; None if it has all.

    Raises:
        InvalidParams: an entry cannot be used; the field says which one.
    """

    def __init__(self, entries: Iterable[Entry], notice: str | None = None) -> None:
        self.notice = notice
        self._root: dict[str, Any] = {}
        self.is_empty = True
        for index, entry in enumerate(entries):
            _check(entry, index)
            node = self._root
            for part in _fold(" ".join(entry.written.split())):
                node = node.setdefault(part, {})
            node.setdefault("", []).append(entry)
            self.is_empty = False

    def find(
        self, text: str, at: int, language: tuple[str, ...], *, final: bool
    ) -> tuple[Entry, int] | str | None:
        """Return the longest entry at a place where a word begins, and where it ends.

        Args:
            language: of the place, as `TextLanguage.detect`.
            final: whether nothing follows the text.

        Returns:
            None if there is none; `WAIT` if that depends on more text.
        """
        node, found, blanks = self._root, None, 0
        for end in range(at, len(text)):
            blanks = blanks + 1 if text[end].isspace() else 0
            if blanks > _MAX_BLANKS:
                break
            if blanks <= 1:
                following = _walk(node, text[end])
                if following is None:
                    break
                node = following
            entries = node.get("")
            if entries and not blanks:
                if end + 1 == len(text) and not final:
                    return WAIT
                if end + 1 == len(text) or not _is_glued(text[end], text[end + 1]):
                    fits = (one for one in entries if _fits(one, text[at : end + 1], language))
                    entry = next(fits, None)
                    found = found if entry is None else (entry, end + 1)
        else:
            return found if final else WAIT
        return found

    def may_begin(self, char: str) -> bool:
        """Return whether an entry begins with this character."""
        return _walk(self._root, char) is not None


def find_starts(text: str, at: int) -> Iterable[int]:
    """Yield the places where a word or a sign begins."""
    return (match.start() for match in _compile().starts.finditer(text, at))


class _Patterns(msgspec.Struct, frozen=True):
    starts: Any
    glued: Any


@cache
def _compile() -> _Patterns:
    import regex

    return _Patterns(
        starts=regex.compile(
            rf"(?<![{_WORD}])[^\s\p{{M}}]|[{_FREE}]|(?<=[{_FREE}])[{_WORD}--\p{{M}}]", regex.V1
        ),
        # A word goes on here; in Korean, a particle follows it.
        glued=regex.compile(
            rf"[[{_WORD}]--[{_FREE}]][[{_WORD}]--[{_FREE}\p{{Hangul}}]]|.\p{{M}}", regex.V1
        ),
    )


def _is_glued(char: str, following: str) -> bool:
    return _compile().glued.fullmatch(char + following) is not None


def _fold(text: str) -> str:
    """Return a text as entries and texts are compared: without case, decomposed."""
    return unicodedata.normalize("NFD", text.translate(_TABLE)).casefold()


_TABLE = str.maketrans(_APOSTROPHES)


def _walk(node: dict[str, Any], char: str) -> dict[str, Any] | None:
    for part in " " if char.isspace() else _fold(char):
        following = node.get(part)
        if following is None:
            return None
        node = following
    return node


def _fits(entry: Entry, text: str, language: tuple[str, ...]) -> bool:
    if entry.case_sensitive and _compose(entry.written) != _compose(text):
        return False
    return entry.language is None or tags.find(entry.language, language) is not None


def _compose(text: str) -> str:
    return unicodedata.normalize("NFC", " ".join(text.translate(_TABLE).split()))


def _check(entry: Entry, index: int) -> None:
    where = f"lexicon[{index}]"
    if not entry.written.strip() or len(entry.written) > MAX_WRITTEN:
        raise InvalidParams(
            f"`written` of entry {index} must have 1 to {MAX_WRITTEN} characters.",
            field=f"{where}.written",
        )
    if not entry.spoken.strip() or len(entry.spoken) > MAX_SPOKEN:
        raise InvalidParams(
            f"`spoken` of entry {index} must have 1 to {MAX_SPOKEN} characters.",
            field=f"{where}.spoken",
        )
    if entry.language is not None and not tags.is_known(entry.language):
        raise InvalidParams(
            f"`language` of entry {index} is {entry.language!r}, which is no known language.",
            hint="Use a name such as english, or a tag such as en.",
            field=f"{where}.language",
        )
