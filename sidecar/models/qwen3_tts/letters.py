"""Finds the letters of a text that are missing in its tokens.

Qwen3-TTS's tokenizer consists of bytes and loses none. A small one, such as the bundled voice's,
knows one alphabet and silently drops all other letters.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import islice
from typing import Protocol

from sidecar.errors import EmptyText
from sidecar.text import unspoken
from sidecar.text.silence import is_silent


class TextTokenizer(Protocol):
    @property
    def special_tokens(self) -> Sequence[str]: ...

    def encode(self, text: str) -> list[int]: ...

    def decode(self, ids: list[int]) -> str: ...


class Letters:
    """The letters that one checkpoint's tokenizer knows."""

    def __init__(self, tokenizer: TextTokenizer) -> None:
        self._tokenizer = tokenizer
        self._is_known = lru_cache(maxsize=4096)(self._survives)

    def find_lost(self, text: str, ids: Sequence[int]) -> list[str]:
        """Return the letters and numerals of a text that its tokens do not say.

        Args:
            ids: the tokens of `text`, without those of a template around it.

        Returns:
            at most `unspoken.MAX_NAMED` letters and one more, so that the work is bounded: each
            letter that is not in the tokens is tried alone, as "é" may be tokenised as "e".
        """
        said = set(self._tokenizer.decode(list(ids))) if ids else set[str]()
        doubtful = (char for char in unspoken.list_letters(text) if char not in said)
        unknown = (char for char in doubtful if not self._is_known(char))
        return list(islice(unknown, unspoken.MAX_NAMED + 1))

    def check(self, text: str, ids: Sequence[int], field: str) -> None:
        """Refuse a text of which only marks are left, since a model babbles for those.

        Raises:
            EmptyText
        """
        if is_silent(self._tokenizer.decode(list(ids))) and not is_silent(text):
            raise nothing_left_error(text, field)

    def _survives(self, char: str) -> bool:
        return not is_silent(self._tokenizer.decode(list(self._tokenizer.encode(char))))


def nothing_left_error(text: str, field: str) -> EmptyText:
    """Return the error for a text without a letter that the model knows."""
    return EmptyText(
        f"Nothing in the {field} {text[:40]!r} can be spoken by this model.",
        hint="The voice has not learned these letters; use a model that speaks the language.",
        field=field,
    )
