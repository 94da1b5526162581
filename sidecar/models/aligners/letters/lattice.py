"""The ways to speak words, frame by frame, and the best of them (Viterbi's algorithm).

The states are in one row, in the order in which they are spoken:

    pause  [begun  letter  rest  letter  rest …  pause]  [begun  letter …

`begun` is a word without a letter yet, `rest` is CTC's blank after a letter, and a pause
may be left out. A state is reached from itself and from up to three states before it, so a frame is
a few operations on whole rows.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sidecar.models.aligners.letters.network import LETTERS, Heard

Float = NDArray[np.float32]

_PAUSE = -1
_IMPOSSIBLE = np.float32(-1e9)
_FURTHEST = 3  # states between a state and where it may be reached from
# Bounds of what the network says of a start, in log-odds, so that no frame is ruled out or in.
_STRONGEST_START = np.float32(10)


class Lattice(NamedTuple):
    """The states of a sequence of words.

    Attributes:
        word: int [states], which word each is part of, −1 for a pause.
        letter: int [states], the column in `Heard.letters`; 0 is the blank.
        begins: bool [states], whether it is the first of a word.
        reached: float32 [4, states], 0 where a state may be reached from so many states before.
        last: the states that speech may end in.
    """

    word: NDArray[np.intp]
    letter: NDArray[np.intp]
    begins: NDArray[np.bool_]
    reached: Float
    last: list[int]


class Path(NamedTuple):
    """One way through a lattice.

    Attributes:
        states: int [frames].
        losses: float32 [frames], how much less likely the state is than what is heard best, in
            nepers.
        starts: float32 [frames, words], how likely the best path is that begins each word in each
            frame, against this path: 0 where this path begins it, less elsewhere, in nepers.
    """

    states: NDArray[np.intp]
    losses: Float
    starts: Float


def build(words: Sequence[str]) -> Lattice:
    """Return the lattice of one or more words, each of one or more letters of LETTERS."""
    word, letter, begins = [_PAUSE], [0], [False]
    second, third = [False], [False]
    for at, spelled in enumerate(words):
        columns = [1 + LETTERS.index(character) for character in spelled]
        word += [at] * (1 + 2 * len(columns)) + [_PAUSE]
        begins += [True] + [False] * (2 * len(columns) + 1)
        letter += [0, *(column for pair in columns for column in (pair, 0)), 0]
        # A word begins after a pause, or right after the last letter or rest of the one before.
        second += [at > 0, False, False]
        third += [at > 0] + [False] * (2 * len(columns) + 1)
        for before, column in itertools.pairwise(columns):
            second += [column != before, False]
        second.append(True)  # the pause, right after the last letter
    allowed = np.array([np.ones(len(word)), np.ones(len(word)), second, third], bool)
    reached = np.where(allowed, np.float32(0), _IMPOSSIBLE)
    last = list(range(len(word) - 3, len(word)))
    return Lattice(np.array(word), np.array(letter), np.array(begins), reached, last)


def search(lattice: Lattice, heard: Heard) -> Path | None:
    """Return the most likely path; None if there are fewer frames than the words take."""
    frames, states = len(heard.starts), len(lattice.word)
    silent = -np.logaddexp(0, -heard.silence)
    sounding = -np.logaddexp(0, heard.silence)
    pause = lattice.word == _PAUSE
    likely = heard.letters[:, lattice.letter]
    likely += np.where(pause, silent[:, None], sounding[:, None])
    starts = np.clip(heard.starts, -_STRONGEST_START, _STRONGEST_START)
    entry = np.where(lattice.begins, starts[:, None], 0).astype(np.float32)
    first = np.flatnonzero(lattice.begins)

    # Four views of one row: the best score of each state, and of those one to three before it.
    row = np.full(_FURTHEST + states, _IMPOSSIBLE, np.float32)
    before = [row[_FURTHEST - steps : _FURTHEST - steps + states] for steps in range(4)]
    score = before[0]
    score[:2] = likely[0, :2] + entry[0, :2]
    entered = np.full((frames, len(first)), _IMPOSSIBLE, np.float32)
    entered[0, 0] = score[1]
    ways = np.empty((_FURTHEST + 1, states), np.float32)
    steps = np.zeros((frames, states), np.int8)
    for frame in range(1, frames):
        for way, source, cost in zip(ways, before, lattice.reached, strict=True):
            np.add(source, cost, out=way)
        ways[1:] += entry[frame]
        entered[frame] = ways[1:, first].max(axis=0) + likely[frame, first]
        np.argmax(ways, axis=0, out=(best := np.empty(states, np.intp)))
        steps[frame] = best
        np.add(ways.max(axis=0), likely[frame], out=score)
    best = max(lattice.last, key=lambda one: float(score[one]))
    if score[best] < _IMPOSSIBLE / 2:
        return None
    states = _traced(best, steps)
    heard_best = heard.letters.max(axis=1) - np.logaddexp(0, -np.abs(heard.silence))
    losses = heard_best - likely[np.arange(frames), states]
    return Path(states, losses, entered + _following(lattice, likely, entry) - score[best])


def _traced(state: int, steps: NDArray[np.int8]) -> NDArray[np.intp]:
    """Return the states of the best path that ends in this one: int [frames]."""
    states = np.empty(len(steps), np.intp)
    for frame in range(len(steps) - 1, -1, -1):
        states[frame] = state
        state -= int(steps[frame, state])
    return states


def _following(lattice: Lattice, likely: Float, entry: Float) -> Float:
    """Return the best score of what follows a word's first state: float32 [frames, words]."""
    frames, states = likely.shape
    first = np.flatnonzero(lattice.begins)
    found = np.empty((frames, len(first)), np.float32)
    score = np.full(states, _IMPOSSIBLE, np.float32)
    score[lattice.last] = 0
    for frame in range(frames - 1, -1, -1):
        found[frame] = score[first]
        staying = score + likely[frame]
        coming = staying + entry[frame]
        score = staying.copy()
        for steps in range(1, _FURTHEST + 1):
            way = (coming + lattice.reached[steps])[steps:]
            np.maximum(score[:-steps], way, out=score[:-steps])
    return found
