"""Which words of the original are spoken by which words of the spoken text.

What is spoken is not what is written: "$25" is "twenty-five dollars". No part of the preparation of
texts needs to know about that. Both texts are split into words, the words that are the same in both
are found first, and what is between two of these belongs together. If that is several written
words, each is spelled alone, and they share the spoken words so that they fit best.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from difflib import SequenceMatcher

import msgspec
from msgspec.structs import replace

from sidecar.text.marks import GONE, KEPT, TICK
from sidecar.text.runs import Run
from sidecar.text.speakable import finish_words
from sidecar.text.units import Unit, split_spoken, split_written

# More pairs of words between two that are the same are not compared; all are one word then.
_MOST_PAIRS = 10_000
# Spoken words that a written word may have beyond, or below, those that it has alone.
_SLACK = 3
# A share of the letters that may differ. Above that, the words cannot be told apart.
_DOUBTFUL = 0.5


_MARKS = str.maketrans({GONE: " ", KEPT: None, TICK: None})


class Written(msgspec.Struct, frozen=True):
    """The original of what is spoken as one utterance.

    Attributes:
        start: where its first run begins in the original.
        runs: its text, as it was read.
        language: the name of its language.
        is_spelled: whether its figures, signs and abbreviations are spelled.
    """

    start: int
    runs: tuple[Run, ...]
    language: str
    is_spelled: bool


class Place(msgspec.Struct, frozen=True):
    """A word of the original that is spoken.

    Attributes:
        word: as it is written, without markup.
        start, end: in the original.
        first, last: its spoken words are those from `first` up to `last`, which is not one.
    """

    word: str
    start: int
    end: int
    first: int
    last: int


def locate(written: Written, spoken: list[Unit]) -> list[Place]:
    """Return the words of the original that are spoken, in order.

    Every spoken word belongs to one of them, if there are any; no two share one.

    Args:
        spoken: the spoken words, by `split_spoken`.
    """
    text = "".join(run.text for run in written.runs)
    words = split_written(text, written.language)

    def spell_alone(word: Unit) -> list[str]:
        said = finish_words(text[word.start : word.end], written.language, spell=written.is_spelled)
        return [unit.key for unit in split_spoken(said, written.language)]

    origin = _Origin(written)
    return [
        origin.place(text, words[first], words[last - 1], begin, end)
        for first, last, begin, end in _match(words, spoken, spell_alone)
    ]


def divide(written: Written, said: str) -> tuple[Written, Written]:
    """Return the original up to the last word that was said, and the rest.

    Args:
        written: the original of what was said, and of what will be said later.
    """
    places = locate(written, split_spoken(said, written.language))
    start = places[-1].end if places else written.start
    at = written.start
    before: list[Run] = []
    after: list[Run] = []
    for run in written.runs:
        inside = start - at
        if 0 < inside < run.span:  # no word ends inside a run that has replaced something
            first, rest = run.cut(inside, inside)
            before.append(first)
            after.append(rest)
        else:
            (after if inside <= 0 else before).append(run)
        at += run.span
    return (
        replace(written, runs=tuple(before)),
        replace(written, start=start, runs=tuple(after)),
    )


# Written words from … up to …, and the spoken words of all of them.
_Match = tuple[int, int, int, int]


def _match(
    words: list[Unit], spoken: list[Unit], alone: Callable[[Unit], list[str]]
) -> list[_Match]:
    left, right = [word.key for word in words], [word.key for word in spoken]
    found: list[_Match] = []
    waiting = 0  # spoken words before the next written one, which get to it
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if kind == "insert":
            waiting = j2 - j1
            continue
        if kind == "delete":
            continue
        new = (
            [(i, i + 1, j, j + 1) for i, j in zip(range(i1, i2), range(j1, j2), strict=True)]
            if kind == "equal"
            else list(_share(i1, j1, [alone(word) for word in words[i1:i2]], right[j1:j2]))
        )
        if waiting:
            new[0] = (new[0][0], new[0][1], new[0][2] - waiting, new[0][3])
            waiting = 0
        found += new
    if waiting and found:
        last = found[-1]
        found[-1] = (last[0], last[1], last[2], len(right))
    return found


def _share(i: int, j: int, alone: list[list[str]], spoken: list[str]) -> Iterator[_Match]:
    """Share spoken words among written words; without a good way to, all are one word.

    Args:
        i, j: numbers of the first of them.
        alone: how each written word is spoken alone.
    """
    whole = (i, i + len(alone), j, j + len(spoken))
    if len(alone) == 1 or len(alone) * len(spoken) > _MOST_PAIRS:
        yield whole
        return
    ends = _find_ends(alone, spoken)
    if ends is None:
        yield whole
        return
    begin = 0
    for at, end in enumerate(ends):
        if end > begin:
            yield i + at, i + at + 1, j + begin, j + end
        begin = end


def _find_ends(alone: list[list[str]], spoken: list[str]) -> list[int] | None:
    """Return where the spoken words of each written word end, so that the fewest letters differ.

    A written word that is not spoken counts as one letter, so that each is spoken if it can be.
    """
    unreached = float("inf")
    costs = [0.0] + [unreached] * len(spoken)
    steps: list[list[int]] = []
    for word in alone:
        least, most = max(0, len(word) - _SLACK), len(word) + _SLACK
        new, back = [unreached] * len(costs), [0] * len(costs)
        for end in range(len(costs)):
            for begin in range(max(0, end - most), end - least + 1):
                if costs[begin] < new[end]:
                    cost = costs[begin] + _differ(word, spoken[begin:end]) + (begin == end)
                    if cost < new[end]:
                        new[end], back[end] = cost, begin
        costs = new
        steps.append(back)
    letters = sum(map(len, spoken)) + sum(len(key) for word in alone for key in word)
    if costs[-1] > _DOUBTFUL * letters:
        return None
    ends = [len(spoken)]
    for back in reversed(steps[1:]):
        ends.insert(0, back[ends[0]])
    return ends


def _differ(one: list[str], other: list[str]) -> float:
    """Return how many letters two spoken forms do not have in common."""
    if one == other:
        return 0.0
    a, b = "".join(one), "".join(other)
    blocks = SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks()
    return len(a) + len(b) - 2 * sum(block.size for block in blocks)


class _Origin:
    """Where the characters of the runs are in the original."""

    def __init__(self, written: Written) -> None:
        self._begins: list[int] = []  # of the runs that have text, in the joined text
        self._runs: list[tuple[Run, int]] = []  # those, each with its place in the original
        at, place = 0, written.start
        for run in written.runs:
            if run.text:
                self._begins.append(at)
                self._runs.append((run, place))
            at, place = at + len(run.text), place + run.span

    def place(self, text: str, first: Unit, last: Unit, begin: int, end: int) -> Place:
        word = text[first.start : last.end].translate(_MARKS)
        return Place(
            " ".join(word.split()),
            self._find(first.start)[0],
            self._find(last.end - 1)[1],
            begin,
            end,
        )

    def _find(self, at: int) -> tuple[int, int]:
        """Return where a character of the joined text begins and ends in the original.

        A run that has replaced something is found as a whole.
        """
        number = bisect_right(self._begins, at) - 1
        (run, place), inside = self._runs[number], at - self._begins[number]
        if run.span == len(run.text):
            return place + inside, place + inside + 1
        return place, place + run.span
