"""Chinese and Japanese text for a tokenizer: cut only where it starts anew."""

from __future__ import annotations

from functools import cache
from typing import Any

# A longer run than that between two marks is cut all the same, some characters before its end.
_MOST, _REST = 40, 8


@cache
def _run() -> Any:
    import regex

    # As Qwen's tokenizer splits: letters, and the mark in front of them if it is but one.
    wide = r"[\p{Han}\p{Hiragana}\p{Katakana}&&\p{L}]"
    return regex.compile(
        rf"[^\r\n\p{{L}}\p{{N}}]*\p{{L}}*{wide}[\p{{L}}\p{{M}}]*\Z"
        r"| ?[^\s\p{L}\p{N}\x00-\x7f]+\Z| \Z",
        regex.V1,
    )


class WideRuns:
    """Holds back the run of letters at the end, of a script without spaces: the tokens of its
    beginning depend on all of it. Other text passes; so a Latin word and a Chinese one without a
    space between them are taken apart there."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> str:
        text = self._held + text
        match = _run().search(text, max(0, len(text) - _MOST - _REST - 1))
        start = len(text) if match is None else match.start()
        if len(text) - start > _MOST:
            start = len(text) - _REST
        self._held = text[start:]
        return text[:start]

    def finish(self) -> str:
        held, self._held = self._held, ""
        return held
