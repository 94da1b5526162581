"""Which letters of a text its tokens have lost.

Qwen3-TTS's tokenizer is made of bytes and loses none. A small one, such as the bundled voice's,
knows its own alphabet and drops the rest without a word.
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
    all_special_tokens: list[str]

    def encode(self, text: str) -> list[int]: ...

    def decode(self, token_ids: list[int]) -> str: ...


class Letters:
    """The letters that one checkpoint's tokenizer knows."""

    def __init__(self, tokenizer: TextTokenizer) -> None:
        self._tokenizer = tokenizer
        self._is_known = lru_cache(maxsize=4096)(self._survives)

    def lost(self, text: str, ids: Sequence[int]) -> list[str]:
        """Return the letters and numerals of a text that its tokens do not say.

        Args:
            ids: the tokens of `text`, without those of a template around it.

        Returns:
            `unspoken.MAX_NAMED` letters and one more at most, so that the work is bounded: each
            that is not found among those of the tokens is tried alone, as "é" may be said as "e".
        """
        said = set(self._tokenizer.decode(list(ids))) if ids else set[str]()
        doubtful = (char for char in unspoken.list_letters(text) if char not in said)
        unknown = (char for char in doubtful if not self._is_known(char))
        return list(islice(unknown, unspoken.MAX_NAMED + 1))

    def check(self, text: str, ids: Sequence[int], field: str) -> None:
        """Refuse a text of which nothing but marks is left: what a model makes of those is babble.

        Raises:
            EmptyText
        """
        if is_silent(self._tokenizer.decode(list(ids))) and not is_silent(text):
            raise nothing_left(text, field)

    def _survives(self, char: str) -> bool:
        return not is_silent(self._tokenizer.decode(list(self._tokenizer.encode(char))))


def nothing_left(text: str, field: str) -> EmptyText:
    """Return the error for a text without a letter that the model knows."""
    return EmptyText(
        f"Nothing in the {field} {text[:40]!r} can be spoken by this model.",
        hint="The voice has not learned these letters; use a model that speaks their language.",
        field=field,
    )
