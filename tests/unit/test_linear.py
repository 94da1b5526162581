"""The time for a text grows with its length and no faster, whatever is in it."""

from __future__ import annotations

import importlib
import pkgutil
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
import regex

import sidecar.text
from sidecar.synthesis.segments import SegmentSource
from sidecar.text import marks, stream
from tests.support.sentences import WordStream, dictate, split

# Beginnings that are never completed, ends without a beginning, and what is looked back over.
UNITS = [
    "a", "5", " ", "\n", " \n", "\t|", "é", "e\u0301", "好", "漢(", "（あ", "か", "Ａ", "ﬁ", "\xa0",
    "\U0001f1e6", "\u200d", "a\u200d", "👨\u200d", "👨", "ℹ\ufe0f", "1\ufe0f\u20e3", ", \0", "\0 ",
    "<", "<!--", "<a ", "<a x='", "</", "<script>", "<think>", "<?x ", "&", "&a", "`", "`a", "``a`",
    "[pause ", "<break ", "<break time='",
    "[", "[a](", "](", "![", "[1]", "a[1", "*", "**a", "_a", "~~", "\\(", "\\[a ", "$", "$a ", "$1",
    "|", "| a ", "|-", "#", "> ", "- ", "1. ", "```\n", ".", "...", "。", "…\"", "“", "A.", "z.B.",
    "1.", "1,", "1/", "1-", "+1 ", "-", "=", "a.b", "a@", "@a.b", "http://", "x:", "(a ", "¼", "€1",
]  # fmt: skip
SMALL, LARGE = 250, 2000
# A quadratic pattern takes 64 times as long, a linear one 8 times.
MOST = 24
# Below this no time is reliable, and a quadratic pattern is far above it, in seconds.
FLOOR = 0.005
# A pattern without one of these reads a few characters at each place.
REPEATS = re.compile(r"(?<!\\)[*+]|\{\d*,")


def is_linear(work: Callable[[str], object], unit: str, floor: float = FLOOR) -> bool:
    """Return whether the time grows with the length; another process may take some of it."""

    def measure(size: int) -> float:
        begun = time.thread_time()
        work(unit * (size // len(unit)))
        return time.thread_time() - begun

    return any((late := measure(LARGE)) < floor or late < MOST * measure(SMALL) for _ in range(3))


def collect_patterns() -> dict[str, Any]:
    found: dict[str, Any] = {}

    def add(name: str, value: object) -> None:
        if isinstance(value, re.Pattern | regex.Pattern):
            found[f"{name}: {value.pattern[:60]}"] = value
        elif isinstance(value, dict):
            for one in value.values():
                add(name, one)
        elif isinstance(value, list | tuple):
            for one in value:
                add(name, one)
        elif hasattr(value, "__struct_fields__"):
            for field in value.__struct_fields__:  # pyright: ignore[reportAttributeAccessIssue]
                add(name, getattr(value, field))

    for module in pkgutil.walk_packages(sidecar.text.__path__, "sidecar.text."):
        for value in vars(importlib.import_module(module.name)).values():
            add(module.name, value)
    add("marks", marks.load_table(frozenset(("thinking", "directions"))))
    # The library looks back over all letters of flags; it gets no more than a sentence.
    found = {name: pattern for name, pattern in found.items() if pattern.pattern != r"\X"}
    add("lines", marks.load_lines())
    add("stream", stream._compile_border())  # pyright: ignore[reportPrivateUsage]
    return found


def test_every_pattern_is_linear() -> None:
    patterns = collect_patterns()
    assert len(patterns) > 60
    slow = [
        (name, unit)
        for name, pattern in patterns.items()
        if REPEATS.search(pattern.pattern)
        for unit in UNITS
        if not is_linear(lambda text, one=pattern: sum(1 for _ in one.finditer(text)), unit)
    ]
    assert slow == []


def test_texts_are_split_and_streamed_in_linear_time() -> None:
    def read(text: str) -> None:
        dictate(text, "german", 20)
        split(text, "german")

    assert [unit for unit in UNITS if not is_linear(read, unit, 20 * FLOOR)] == []


@pytest.mark.parametrize("unit", ["\U0001f1e6", "\u200d", "a", "e\u0301"])
def test_unchanged_texts_are_split_and_streamed_in_linear_time(unit: str) -> None:
    def read(text: str) -> None:
        WordStream("german", normalize=False).feed(text)
        split(text, "german", normalize=False)

    assert is_linear(read, unit, 10 * FLOOR)


@pytest.mark.parametrize("unit", ["Hi. ", "\U0001f1e6", "<think>"])
def test_a_text_that_comes_letter_by_letter_takes_linear_time(unit: str) -> None:
    """As from a client that sends a message for each, of which there may be a million."""

    def read(text: str) -> None:
        dictate(text, "english", 1)
        source = SegmentSource("english", split=True, normalize=True)
        for letter in text:
            source.feed(letter)
            while source.next() is not None:
                pass
        source.end()

    assert is_linear(read, unit, 20 * FLOOR)
