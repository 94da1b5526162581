"""Chinese and Japanese: `wetext` reads each clause that has a figure in it.

The words around a figure decide how it is read (两个, 第三章), so it gets all of the clause but
what it would damage: names such as "GPT-4", which it takes for arithmetic, and quotation marks.
"""

from __future__ import annotations

import re

from sidecar.text.numerals import ungrouped, verbalized

_NAME = r"[A-Za-z]+[-–.]?\d[\w.-]*(?<=[A-Za-z0-9])|\d+[A-Za-z]\d+|\d+[A-Z](?![A-Za-z])"
_APART = re.compile(
    rf"((?<![A-Za-z0-9])(?:{_NAME})|\d+(?:\.\d+){{2,}}|[\"\\\s，。！？；：、“”‘’「」『』（）《》…]+)",
    re.ASCII,
)
_GROUPED = re.compile(r"(?<![\d,])\d{1,3}(?:,\d{3})+(?!\d)")
_FIGURE = re.compile(r"\d")


def spell(text: str, code: str) -> str:
    """Args: code: zh or ja."""
    if not _FIGURE.search(text):
        return text
    text = _GROUPED.sub(lambda match: ungrouped(match[0]), text)
    clauses = _APART.split(text)
    return "".join(
        # Every other one is what the pattern found.
        verbalized(clause, code) if i % 2 == 0 and _FIGURE.search(clause) else clause
        for i, clause in enumerate(clauses)
    )
