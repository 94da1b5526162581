"""A part of a document → what a reader sees of it: without tags, as captions show it."""

from __future__ import annotations

import re
from html import unescape

# Comments, what is about the document, instructions, borders of CDATA, tags, references. A sentence
# is cut within none of them but CDATA. The clients have the same.
_MARKS = re.compile(
    r"<!--.*?-->|<(desc|metadata)\b[^>]*>.*?</\1\s*>|<\?.*?\?>|<!\[CDATA\[|\]\]>"
    r"|</?[A-Za-z_:](?:[^<>\"']|\"[^\"]*\"|'[^']*')*>|(&(?:#x[\da-fA-F]+|#\d+|[a-z]+);)",
    re.DOTALL,
)


def strip_tags(text: str) -> str:
    """Return the text of a part of a document."""
    return _MARKS.sub(lambda mark: unescape(mark[2] or ""), text)
