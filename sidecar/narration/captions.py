"""Sentence marks → captions."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from sidecar.narration.request import Mark

_LINE_CHARS = 42  # as broadcasters have them


def srt(text: str, marks: Sequence[Mark], audio_seconds: float) -> str:
    """SubRip captions: a sentence each, from its start to the next one's.

    Args:
        text: the original, which the marks refer to.
        audio_seconds: where the last one ends.
    """
    ends = [mark.start_seconds for mark in marks[1:]] + [audio_seconds]
    cues: list[str] = []
    for mark, end in zip(marks, ends, strict=True):
        words = " ".join(text[mark.start : mark.end].split())
        if not words or end <= mark.start_seconds:  # nothing of it was spoken
            continue
        lines = textwrap.fill(words, _LINE_CHARS, break_long_words=False)
        span = f"{_clock(mark.start_seconds)} --> {_clock(end)}"
        cues.append(f"{len(cues) + 1}\n{span}\n{lines}\n")
    return "\n".join(cues)


def _clock(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02},{rest % 1000:03}"
