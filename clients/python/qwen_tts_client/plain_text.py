"""What captions show of a sentence: its text, or that of its SSML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape
from typing import NamedTuple

from qwen_tts_client.text_feed import Sentence

# Comments, what is about the document, instructions, borders of CDATA, tags, references. A tag is
# whole: the sidecar cuts no sentence within one.
_MARKS = re.compile(
    r"<!--.*?-->|<(desc|metadata)\b[^>]*>.*?</\1\s*>|<\?.*?\?>|<!\[CDATA\[|\]\]>"
    r"|</?[A-Za-z_:](?:[^<>\"']|\"[^\"]*\"|'[^']*')*>|(&(?:#x[\da-fA-F]+|#\d+|[a-z]+);)",
    re.DOTALL,
)


class PlainText(NamedTuple):
    """A text, and where each of its characters is in the whole text of the speech."""

    text: str
    places: Sequence[int]


def plain_text(sentence: Sentence) -> PlainText:
    """Return what captions show of a sentence."""
    if not sentence.is_ssml:
        return PlainText(sentence.text, range(sentence.text_start, sentence.text_end))
    text, places, at = "", list[int](), 0
    for mark in [*_MARKS.finditer(sentence.text), None]:
        end = len(sentence.text) if mark is None else mark.start()
        text += sentence.text[at:end]
        places += range(at, end)
        if mark is not None:
            char = unescape(mark[2] or "")
            text += char
            places += [mark.start()] * len(char)
            at = mark.end()
    return PlainText(text, [sentence.text_start + place for place in places])
