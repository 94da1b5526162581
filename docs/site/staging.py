"""Copies of the pages for MkDocs: their links lead to places in the site.

MkDocs renders with Python-Markdown, which differs from GitHub in lists: `as_python_markdown` has
what it needs.
"""

from __future__ import annotations

import posixpath
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from docs.site.pages import ROOT, place, sources

_FENCE = re.compile(r"^ *(```+|~~~+)")
# Code, in which nothing is a link; or a link to a place outside this site; or one to a file.
_LINK = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)|\]\(([^)\s]+)\)", re.DOTALL)
_SOUND = re.compile(r"\[([^\]]+)\]\(([^)\s]+\.(?:mp3|opus))\)")
_ITEM = re.compile(r"( *)([-*]|\d+\.)( +)")


class BrokenLink(Exception):
    """A page links to a file that is not in the repository."""


def stage(folder: Path) -> None:
    """Write all pages, and the files that they link to, into an empty folder."""
    pages = sources()
    linked: dict[str, str] = {}
    for source, target in pages.items():
        text = (ROOT / source).read_text("utf-8")
        text = as_python_markdown(with_links(text, source, pages, linked))
        write(folder / target, text)
    for source, target in linked.items():
        (folder / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / source, folder / target)


def write(file: Path, text: str) -> None:
    """Write a text file, and its folder if there is none."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")


def with_links(text: str, source: str, pages: dict[str, str], linked: dict[str, str]) -> str:
    """Return a page with links that hold in the site.

    Args:
        source: the page's path in the repository.
        pages: `sources()`.
        linked: gets each file that is not a page, with its place in the site.

    Raises:
        BrokenLink: the page links to a file that does not exist.
    """

    def replaced(match: re.Match[str]) -> str:
        link = match[2]
        if link is None:
            # GitHub wants a bar in a cell of a table to be escaped, also in code.
            return match[0].replace("\\|", "|")
        if link.startswith(("#", "http:", "https:", "mailto:")):
            return match[0]
        path, mark, anchor = link.partition("#")
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        if not (ROOT / path).exists():
            raise BrokenLink(f"{source} links to {link}, which does not exist")
        target = place(path, pages)
        if target is None:
            return "](#)"
        if target not in pages.values():
            linked[path] = target
        here = posixpath.dirname(pages[source])
        return f"]({posixpath.relpath(target, here or '.')}{mark}{anchor})"

    def line(text: str) -> str:
        text = _LINK.sub(replaced, text)
        # A folder without a page leads nowhere, so its name alone is left.
        text = re.sub(r"\[((?:[^\]`]|`[^`]*`)+)\]\(#\)", r"\1", text)
        return _SOUND.sub(r'<audio controls preload="none" src="\2"></audio> [\1](\2)', text)

    return "".join(part if is_code else line(part) for is_code, part in fences(text))


def fences(text: str) -> Iterator[tuple[bool, str]]:
    """Return the parts of a page in order: fenced blocks of code (True), and the text between."""
    part: list[str] = []
    fence = ""
    for line in text.splitlines(keepends=True):
        found = _FENCE.match(line)
        if not fence and found:
            yield False, "".join(part)
            part, fence = [line], found[1]
        elif fence and found and found[1] == fence:
            yield True, "".join([*part, line])
            part, fence = [], ""
        else:
            part.append(line)
    yield bool(fence), "".join(part)


def as_python_markdown(text: str) -> str:
    """Return a page of GitHub's Markdown as Python-Markdown reads it.

    A list may follow a paragraph without an empty line, and what belongs to an item is indented as
    its text is; Python-Markdown wants the empty line, and four blanks for each level.
    """
    written: list[str] = []
    levels: list[int] = []  # the columns at which the text of the open items begins
    is_item = fence = False
    for line in text.splitlines():
        if not line.strip():
            written.append("")
            is_item = False
            continue
        indent = len(line) - len(line.lstrip(" "))
        item = None if fence else _ITEM.match(line)
        # A line that goes on with an item's paragraph may be less indented than its text.
        lazy = not item and not fence and bool(written and written[-1]) and not _FENCE.match(line)
        if not lazy:
            while levels and indent < levels[-1]:
                levels.pop()
        if item and not levels and written and written[-1] and not is_item:
            written.append("")
        depth = len(levels)
        offset = max(0, indent - levels[-1]) if levels and not lazy else 0
        if levels:
            line = " " * (4 * depth + offset) + line.lstrip(" ")
        written.append(line)
        if item:
            levels.append(len(item[0]))
            is_item = True
        if _FENCE.match(line):
            fence = not fence
    return "\n".join(written) + "\n"
