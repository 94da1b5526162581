"""The blocks of code on the site's pages.

A block that cannot be checked has a comment before it that says why: `<!-- unchecked: … -->`.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from docs.site.pages import ROOT, sources
from docs.site.staging import fences

_OPENING = re.compile(r"( *)```(\w*)(?: title=\"([^\"]+)\")?\n")
_UNCHECKED = re.compile(r"<!-- unchecked: ([^>]+) -->\s*$")


class Block(NamedTuple):
    """A fenced block.

    Attributes:
        page: the page's path in the repository.
        line: the number of the line with the opening fence.
        language: the word after the fence, or nothing.
        title: the name of the file that the reader saves it as, if it has one.
        unchecked: why it cannot be checked, or nothing.
    """

    page: str
    line: int
    language: str
    title: str | None
    code: str
    unchecked: str | None

    def __str__(self) -> str:
        """Return where it is, for messages and names of tests."""
        return f"{self.page}:{self.line}"


@cache
def blocks() -> list[Block]:
    """Return the blocks of all pages, in order."""
    found: list[Block] = []
    for page in sources():
        line, before = 1, ""
        for is_code, part in fences((ROOT / page).read_text("utf-8")):
            if is_code:
                found.append(_block(page, line, part, before))
            else:
                before = part
            line += part.count("\n")
    return found


def _block(page: str, line: int, part: str, before: str) -> Block:
    opening = _OPENING.match(part)
    assert opening, f"{page}:{line}: what is after the fence is not understood"
    indent, language, title = opening.groups()
    body = part[opening.end() :].rstrip().removesuffix("```")
    code = re.sub(f"^{indent}", "", body, flags=re.MULTILINE).rstrip(" ")
    reason = _UNCHECKED.search(before)
    return Block(page, line, language, title, code, reason[1] if reason else None)


def written_in(*languages: str) -> list[Block]:
    """Return the blocks in these languages that are to be checked."""
    return [one for one in blocks() if one.language in languages and not one.unchecked]


def named(page: str, title: str) -> str:
    """Return the code of the block that the reader of a page saves as a file."""
    (found,) = [one for one in blocks() if (one.page, one.title) == (page, title)]
    return found.code
