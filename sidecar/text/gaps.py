"""Join what is on both sides of something that is not spoken."""

from __future__ import annotations

import re
import unicodedata

from sidecar.text.marks import GONE, TICK

# Marks that have no white space before them.
TIGHT = ",.;:!?)]}…，。；：！？、）」』"
_GAP = re.compile(
    r"(?:([,;:，、；：])\s*|(?<!\s)\s*)\0(?:[\s\0]|[,;，、；]\s*\0)*"
    r"(?:([,;，、；])[ \t]*)?"
)


def close_gaps(text: str, before: str = "") -> str:
    """Return the text with a blank, or nothing, for each gap, and without doubled commas.

    Args:
        before: the last character of what was said before it; there is none at the beginning.
    """
    text = text.replace(TICK, "")
    if GONE not in text:
        return text
    whole = before + text

    def fill(match: re.Match[str]) -> str:
        first, second = match[1] or "", match[2] or ""
        ahead, after = whole[: match.start()] + first, whole[match.end() :]
        if not ahead:
            return ""
        if not after:
            return first or second
        if after[0] in TIGHT:
            return first if match.start() < len(before) else ""
        is_wide = unicodedata.east_asian_width(ahead[-1]) in "WF" or (
            unicodedata.east_asian_width(after[0]) in "WF"
        )
        is_spaced = any(map(str.isspace, match[0]))
        return (first or second) + (" " if is_spaced or not is_wide else "")

    return _GAP.sub(fill, whole)[len(before) :]
