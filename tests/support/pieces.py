"""Texts that arrive in pieces."""

from __future__ import annotations

from hypothesis import strategies as st

SIZES = st.lists(st.integers(1, 40), min_size=1, max_size=20)


def pieces(text: str, sizes: list[int]) -> list[str]:
    """Cut a text into pieces of these sizes, again and again."""
    cut: list[str] = []
    while text:
        size = sizes[len(cut) % len(sizes)]
        cut.append(text[:size])
        text = text[size:]
    return cut


def covers(places: list[tuple[int, int]], text: str) -> None:
    """Check that these places follow one another, and that they are all of the text."""
    assert [start for start, _ in places] == [0, *(end for _, end in places)][: len(places)]
    assert (places[-1][1] if places else 0) == len(text)
