"""Chinese and Japanese: `wetext` spells each clause that has a figure.

The words around a figure decide how it is read (两个, 第三章), so `wetext` gets the whole clause,
without what it would damage: names such as "GPT-4", which it takes for arithmetic, and quotation
marks. Figures that it would read wrongly are put into another form first.
"""

from __future__ import annotations

import re

from sidecar.text.han.codes import spell_codes
from sidecar.text.han.figures import find_kept, rewrite
from sidecar.text.han.money import name_currencies
from sidecar.text.han.numbers import spell_long_counts, spell_plain_numbers
from sidecar.text.numerals import verbalize

_NAME = (
    r"[A-Za-z]+[-–.]?\d[\w.-]*(?<=[A-Za-z0-9])|\d+[A-Za-z]\d+|\d+(?:\.\d+)?[A-Z](?![A-Za-z])"
    r"|\d+S?L?DK|[A-Za-z]\+\+\d+|N[oO]\. ?\d+|[$€£¥]\d+(?:\.\d+)?[KMBkmb][A-Za-z]*"
)
_APART = re.compile(
    rf"((?<![A-Za-z0-9])(?:{_NAME})|(?<!\d)\d+(?:\.\d+){{2,}}(?:[:-]\w+)?"
    r"|(?<!\d)\d{13,}(?=[\u4e00-\u9fff])|[\"\\\s，。！？；：、“”‘’「」『』（）《》…]+)",
    re.ASCII,
)
_FIGURE = re.compile(r"\d")
# Words that may precede a figure. They contain no figure, so they are returned as they are.
_WORDS = re.compile(r"(?:QQ)?[\u4e00-\u9fff]{1,6}：?\Z")


def spell(text: str, code: str, *, before: str = "") -> str:
    """Spell the figures in a part of a text.

    Args:
        code: zh or ja.
        before: the text right before it.
    """
    if not _FIGURE.search(text):
        return text
    if (words := _WORDS.search(before)) is not None:
        whole = spell(words[0] + text, code)
        if whole.startswith(words[0]):
            return whole.removeprefix(words[0])
    text = rewrite(spell_codes(spell_long_counts(name_currencies(text, code), code), code), code)
    text = spell_plain_numbers(text, code)
    said: list[str] = []
    at = 0
    for start, end in find_kept(text):
        said += [_read(text[at:start], code), text[start:end]]
        at = end
    return "".join([*said, _read(text[at:], code)])


def _read(text: str, code: str) -> str:
    clauses = _APART.split(text)
    said = "".join(
        # Every other clause is a match of the pattern.
        verbalize(clause, code) if i % 2 == 0 and _FIGURE.search(clause) else clause
        for i, clause in enumerate(clauses)
    )
    return said.replace("〇点", "零点") if code == "ja" else said
