"""Captions that follow the words: in WebVTT by times inside a cue, in SubRip by underlining."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from qwen_tts_client.plain_text import PlainText
from qwen_tts_client.protocol import TimedWord


class ShownWord(NamedTuple):
    """A word in a cue's text, and when it is heard, in milliseconds."""

    begin: int
    end: int
    start_ms: float
    end_ms: float


def whole(ms: float) -> int:
    """Round as JavaScript does, so that both clients make the same captions."""
    return math.floor(ms + 0.5)


def place_words(
    parts: Sequence[str], whole: PlainText, words: Sequence[TimedWord]
) -> list[list[ShownWord]]:
    """Return the words in each of the texts that a sentence is shown in, one after the other.

    Args:
        parts: these texts; only their white space may differ from that of `whole`.
    """
    found: list[list[ShownWord]] = [[] for _ in parts]
    places = [
        (number, at)
        for number, part in enumerate(parts)
        for at, char in enumerate(part)
        if not char.isspace()
    ]
    # Where those characters are in the text of the speech.
    shown = [at for char, at in zip(whole.text, whole.places, strict=True) if not char.isspace()]
    for word in words:
        first, last = (bisect_left(shown, place) for place in (word.text_start, word.text_end))
        if first < last <= len(places):
            number, begin = places[first]
            end = [at for n, at in places[first:last] if n == number][-1] + 1
            found[number].append(ShownWord(begin, end, word.start_ms, word.end_ms))
    return found


def split_starts(
    start: float, end: float, heard: Sequence[Sequence[ShownWord]], shared: Sequence[float]
) -> list[float]:
    """Return when each text of a sentence is shown: from its first word on, the first one at once.

    Args:
        shared: when they are shown if the words are not known.
    """
    starts = [start]
    for words, other in zip(heard[1:], shared[1:], strict=True):
        begin = words[0].start_ms if words else other
        starts.append(min(max(begin, starts[-1]), end))
    return starts


def underline(
    text: str, words: Sequence[ShownWord], start: float, end: float
) -> Iterator[tuple[float, float, str]]:
    """Yield cues in which the word that is heard is underlined; between two words none is."""
    at = start
    for word in words:
        begin, stop = (min(max(time, at), end) for time in (word.start_ms, word.end_ms))
        if whole(stop) <= whole(begin):
            continue
        if whole(begin) > whole(at):
            yield at, begin, text
        before, said, after = text[: word.begin], text[word.begin : word.end], text[word.end :]
        yield begin, stop, f"{before}<u>{said}</u>{after}"
        at = stop
    if whole(end) > whole(at):
        yield at, end, text
