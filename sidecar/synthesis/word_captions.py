"""Captions that follow the words: in WebVTT by times inside a cue, in SubRip by underlining."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sidecar.synthesis.request import Word


class Cue(NamedTuple):
    """A caption: its times in seconds, and the words in its text that have times of their own.

    The name of its speaker is not in the text; None is the voice of the whole speech.
    """

    start: float
    end: float
    text: str
    words: tuple[ShownWord, ...] = ()
    speaker: str | None = None


class ShownWord(NamedTuple):
    """A word in a cue's text, and when it is heard, in seconds."""

    begin: int
    end: int
    start_seconds: float
    end_seconds: float


def add_words(cues: Sequence[Cue], words: Sequence[Word]) -> list[Cue]:
    """Return the cues of one sentence with its words; each but the first begins with its first.

    A word is looked up in the cues from left to right, and left out if it is not there.
    """
    places = [
        (number, at)
        for number, cue in enumerate(cues)
        for at, char in enumerate(cue.text)
        if not char.isspace()
    ]
    shown = "".join(cues[number].text[at] for number, at in places)
    heard: list[list[ShownWord]] = [[] for _ in cues]
    at = 0
    for word in words:
        key = "".join(word.word.split())
        found = shown.find(key, at)
        if found < 0:
            continue
        at = found + len(key)
        number, begin = places[found]
        end = [place for n, place in places[found:at] if n == number][-1] + 1
        heard[number].append(ShownWord(begin, end, word.start_seconds, word.end_seconds))
    starts = [cues[0].start]
    for cue, its in zip(cues[1:], heard[1:], strict=True):
        starts.append(
            min(max(its[0].start_seconds if its else cue.start, starts[-1]), cues[-1].end)
        )
    ends = [*starts[1:], cues[-1].end]
    return [
        cue._replace(start=start, end=end, words=tuple(its))
        for cue, its, start, end in zip(cues, heard, starts, ends, strict=True)
    ]


def underline(cue: Cue) -> Iterator[Cue]:
    """Yield cues in which the word that is heard is underlined; between two words none is."""
    at, text = cue.start, cue.text
    for word in cue.words:
        begin = min(max(word.start_seconds, at), cue.end)
        stop = min(max(word.end_seconds, at), cue.end)
        if to_ms(stop) <= to_ms(begin):
            continue
        if to_ms(begin) > to_ms(at):
            yield cue._replace(start=at, end=begin)
        said = f"<u>{text[word.begin : word.end]}</u>"
        shown = text[: word.begin] + said + text[word.end :]
        yield cue._replace(start=begin, end=stop, text=shown)
        at = stop
    if to_ms(cue.end) > to_ms(at):
        yield cue._replace(start=at)


def to_ms(seconds: float) -> int:
    return round(seconds * 1000)
