"""Text in pieces for a tokenizer: cut only where the pieces have the tokens of the whole."""

from __future__ import annotations

from functools import cache
from typing import Any

# A longer run without a border is cut all the same, some characters before its end.
_MOST, _REST = 40, 8


@cache
def _compile_border() -> Any:
    """Where Qwen's pre-tokenizer begins anew, whatever follows: as tight as can be told from the
    characters on both sides. Never in front of a mark that may combine with what is before it,
    since the text is composed (NFC) first."""
    import regex

    space = r"\p{White_Space}"
    return regex.compile(
        rf"(?<=[^{space}])(?=[{space}--\r\n])"  # a space goes with the word behind it
        r"|(?<=[\p{L}\p{N}])(?=[\r\n])"  # marks take the line breaks behind them along
        rf"|(?<=[\r\n])(?=[^{space}\p{{M}}])"
        rf"|(?<=[\p{{L}}\p{{N}}])(?=[^{space}\p{{L}}\p{{M}}])|(?<=\p{{N}})(?=\p{{L}})",
        regex.V1,
    )


class TokenBoundaryBuffer:
    """Holds back the end of a text for as long as what comes next may change its tokens.

    In scripts without spaces these are the letters up to the next mark, and the mark in front of
    them; elsewhere the text comes in words already, each with a space behind it.
    """

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str, *, is_spaced: bool) -> str:
        """Adds text; returns what is settled.

        Args:
            is_spaced: white space, but not a line break, is what comes next.
        """
        text = self._held + text
        end = len(text) if is_spaced else _find_last_border(text)
        self._held = text[end:]
        return text[:end]

    def finish(self) -> str:
        held, self._held = self._held, ""
        return held


def _find_last_border(text: str) -> int:
    near = max(0, len(text) - _MOST)
    borders = [match.start() for match in _compile_border().finditer(text, near)]
    if borders:
        return borders[-1]
    return 0 if near == 0 else len(text) - _REST
