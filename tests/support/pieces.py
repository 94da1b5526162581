"""Texts that arrive in pieces."""

from __future__ import annotations

from hypothesis import strategies as st

from sidecar.synthesis.segments import Segment, SegmentSource

SIZES = st.lists(st.integers(1, 40), min_size=1, max_size=20)


def pieces(text: str, sizes: list[int]) -> list[str]:
    """Cut a text into pieces of these sizes, again and again."""
    cut: list[str] = []
    while text:
        size = sizes[len(cut) % len(sizes)]
        cut.append(text[:size])
        text = text[size:]
    return cut


def read_segments(source: SegmentSource, text: str, sizes: list[int]) -> list[Segment]:
    """Return the segments of a text that arrives in pieces of these sizes."""
    found: list[Segment] = []
    for piece in [*pieces(text, sizes), None]:
        source.end() if piece is None else source.feed(piece)
        while segment := source.next():
            found.append(segment)
    return found


def covers(places: list[tuple[int, int]], text: str) -> None:
    """Check that these places follow one another, and that they are all of the text."""
    assert [start for start, _ in places] == [0, *(end for _, end in places)][: len(places)]
    assert (places[-1][1] if places else 0) == len(text)
