"""Byte-pair encoding: the characters of a word, merged to tokens in the order of the merges.

The `tokenizers` package does the same faster, but it reads a vocabulary in one call that holds the
interpreter's lock: for 150,000 tokens, up to half a second in which no `ping` is answered. `tests`
compares the two.
"""

from __future__ import annotations

import heapq
from collections.abc import Container, Iterable, Sequence
from itertools import count

Merge = str | tuple[str, str]


class BytePairs:
    """The merges of a vocabulary.

    Args:
        tokens: the vocabulary.
        merges: the pairs of tokens that are merged, the first ones first, in parts: each part is
            handled in one go. A merge is two tokens, or a string of two with a space between them.

    Raises:
        ValueError: a merge is not a pair, or makes a token that is not in the vocabulary.
    """

    def __init__(self, tokens: Container[str], merges: Iterable[Sequence[Merge]]) -> None:
        self._ranks: dict[tuple[str, ...], int] = {}
        start = 0
        for part in merges:
            pairs = [tuple(one.split(" ")) if isinstance(one, str) else one for one in part]
            if not all(map((2).__eq__, map(len, pairs))):
                raise ValueError("one of the merges is not a pair of tokens")
            if not all(map(tokens.__contains__, map("".join, pairs))):
                raise ValueError("one of the merges makes a token that is not in the vocabulary")
            self._ranks.update(zip(pairs, count(start), strict=False))
            start += len(pairs)

    def merge(self, word: Sequence[str]) -> tuple[str, ...]:
        """Return the tokens of a word of n characters; the time is O(n log n)."""
        if len(word) < 2:
            return tuple(word)
        ranks, end = self._ranks, len(word)
        tokens = list(word)  # empty where a token has been merged into the one before
        before, after = list(range(-1, end - 1)), list(range(1, end + 1))
        queue: list[tuple[int, int, str]] = []  # rank, place of the left token, what is made

        def push(left: int, right: int) -> None:
            pair = tokens[left], tokens[right]
            rank = ranks.get(pair)
            if rank is not None:
                heapq.heappush(queue, (rank, left, pair[0] + pair[1]))

        for left in range(end - 1):
            push(left, left + 1)
        while queue:
            _, left, made = heapq.heappop(queue)
            right = after[left]
            # Either token may have been merged since, so that they are gone, or longer.
            if not tokens[left] or right == end or tokens[left] + tokens[right] != made:
                continue
            tokens[left], tokens[right] = made, ""
            following = after[left] = after[right]
            if before[left] >= 0:
                push(before[left], left)
            if following < end:
                before[following] = left
                push(left, following)
        return tuple(filter(None, tokens))
