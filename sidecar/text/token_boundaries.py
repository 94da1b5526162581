"""Cut a text for a tokenizer only where the pieces have the same tokens as the whole text."""

from __future__ import annotations

import regex

# A longer run without a border is cut nevertheless, some characters before its end.
_MAX_HELD, _REST = 40, 8
# The places where Qwen's pre-tokenizer starts anew, whatever follows: all that the characters on
# both sides can decide. A place before a mark that may combine with the character before it is
# none, since the text is composed (NFC) first.
_SPACE = r"\p{White_Space}"
_BORDER = regex.compile(
    rf"(?<=[^{_SPACE}])(?=[{_SPACE}--\r\n])"  # a space belongs to the word after it
    r"|(?<=[\p{L}\p{N}])(?=[\r\n])"  # line breaks belong to the marks before them
    rf"|(?<=[\r\n])(?=[^{_SPACE}\p{{M}}])"
    rf"|(?<=[\p{{L}}\p{{N}}])(?=[^{_SPACE}\p{{L}}\p{{M}}])|(?<=\p{{N}})(?=\p{{L}})",
    regex.V1,
)


class TokenBoundaryBuffer:
    """Holds back the end of a text while the text after it may change its tokens.

    In scripts without spaces it holds back the letters up to the next mark, and the mark before
    them. Elsewhere the text arrives in whole words, each with a space after it.
    """

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str, *, is_spaced: bool) -> str:
        """Take the next text; return what no further text can change.

        Args:
            is_spaced: whether white space other than a line break comes next.
        """
        text = self._held + text
        end = len(text) if is_spaced else _find_last_border(text)
        self._held = text[end:]
        return text[:end]

    def finish(self) -> str:
        held, self._held = self._held, ""
        return held


def _find_last_border(text: str) -> int:
    near = max(0, len(text) - _MAX_HELD)
    borders = [match.start() for match in _BORDER.finditer(text, near)]
    if borders:
        return borders[-1]
    return 0 if near == 0 else len(text) - _REST
