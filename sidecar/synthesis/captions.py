"""Captions, made of the marks of a text's sentences."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from html import escape

from msgspec.structs import replace

from sidecar.ssml.plain import strip_tags
from sidecar.synthesis.request import Mark, Words
from sidecar.synthesis.word_captions import Cue, add_words, to_ms, underline
from sidecar.text.gaps import close_gaps
from sidecar.text.marks import KEPT
from sidecar.text.markup import strip_markup

# The limits that broadcasters use; an ideogram is two columns wide.
_LINE_COLUMNS = 42
_CUE_LINES = 2

_WORD = re.compile(r"\S+")


def srt(
    text: str,
    marks: Sequence[Mark],
    audio_seconds: float,
    words: Sequence[Words] = (),
    *,
    is_ssml: bool = False,
) -> str:
    """Return SubRip captions: one for each sentence, without markup, until the next one starts.

    A sentence of more than two lines has several captions, which share its time by their length.
    The name of a speaker is before the text.

    Args:
        text: the original text, which the marks refer to.
        audio_seconds: when the last caption ends.
        words: those of the sentences; each word that is heard is underlined.
        is_ssml: whether the text is SSML, whose tags are not shown.
    """
    all_cues = _all_cues(text, marks, audio_seconds, words, is_ssml=is_ssml)
    cues = (one for cue in all_cues for one in underline(cue))
    return "\n".join(
        f"{index}\n{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}\n{_named(cue)}\n"
        for index, cue in enumerate(cues, start=1)
    )


def vtt(
    text: str,
    marks: Sequence[Mark],
    audio_seconds: float,
    words: Sequence[Words] = (),
    *,
    is_ssml: bool = False,
) -> str:
    """Return WebVTT captions, with the same text and times as those of `srt`.

    Each word of `words` has its time before it, and a speaker is a `<v>`.
    """
    cues = [
        f"{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}\n{_timed(cue)}\n"
        for cue in _all_cues(text, marks, audio_seconds, words, is_ssml=is_ssml)
    ]
    return "\n".join(["WEBVTT\n", *cues])


def _named(cue: Cue) -> str:
    return f"{cue.speaker}: {cue.text}" if cue.speaker else cue.text


def _timed(cue: Cue) -> str:
    """Return a cue's text for WebVTT, with the times inside it that lie inside the cue."""
    parts = [f"<v {escape(cue.speaker, quote=False)}>"] if cue.speaker else []
    at, last = 0, to_ms(cue.start)
    for word in cue.words:
        if last < to_ms(word.start_seconds) < to_ms(cue.end):
            last = to_ms(word.start_seconds)
            stamp = f"<{_clock(word.start_seconds, '.')}>"
            parts += [escape(cue.text[at : word.begin], quote=False), stamp]
            at = word.begin
    return "".join([*parts, escape(cue.text[at:], quote=False)])


def _all_cues(
    text: str,
    marks: Sequence[Mark],
    audio_seconds: float,
    words: Sequence[Words],
    *,
    is_ssml: bool,
) -> Iterator[Cue]:
    known = {one.sentence: one.words or () for one in words}
    ends = [mark.start_seconds for mark in marks[1:]] + [audio_seconds]
    for mark, end in zip(marks, ends, strict=True):
        if end > mark.start_seconds:  # otherwise the sentence was not spoken
            said = _shown(text[mark.start : mark.end], mark.speaker, is_ssml=is_ssml)
            cues = [
                cue._replace(speaker=mark.speaker) for cue in _cues(said, mark.start_seconds, end)
            ]
            its = known.get(mark.index, ())
            its = [replace(one, word=strip_tags(one.word)) for one in its] if is_ssml else its
            yield from add_words(cues, its) if cues and its else cues


def _shown(sentence: str, speaker: str | None, *, is_ssml: bool) -> str:
    """Return what captions show of a sentence."""
    if is_ssml:
        return strip_tags(sentence).strip()
    names = (speaker.casefold(),) if speaker else ()
    return close_gaps(strip_markup(sentence, speakers=names).strip()).replace(KEPT, "")


def _cues(text: str, start: float, end: float) -> Iterator[Cue]:
    lines = _balanced(text)
    parts = [lines[at : at + _CUE_LINES] for at in range(0, len(lines), _CUE_LINES)]
    columns = sum(map(_columns, lines))
    shown = 0
    for part in parts:
        begins = start + (end - start) * shown / columns
        shown += sum(map(_columns, part))
        yield Cue(begins, start + (end - start) * shown / columns, "\n".join(part))


def _balanced(text: str) -> list[str]:
    """Return the lines of a sentence, as narrow as their number allows.

    So the last of several captions does not show a single word for half a second.
    """
    lines = narrower = _lines(text, _LINE_COLUMNS)
    width = _LINE_COLUMNS
    while len(narrower) == len(lines) > _CUE_LINES:
        lines, width = narrower, width - 1
        narrower = _lines(text, width)
    return lines


def _lines(text: str, width: int) -> list[str]:
    lines: list[str] = []
    for word in _WORD.findall(text):
        for at, atom in enumerate(_atoms(word)):
            space = " " if lines and not at else ""
            if lines and _columns(lines[-1] + space + atom) <= width:
                lines[-1] += space + atom
            else:
                lines.append(atom)
    return lines


def _atoms(word: str) -> list[str]:
    """Cut a word where a line may break: between ideograms, each with the marks after it."""
    atoms: list[str] = []
    for char in word:
        if atoms and (not char.isalnum() or not _is_wide(atoms[-1][-1] + char)):
            atoms[-1] += char
        else:
            atoms.append(char)
    return atoms


def _columns(text: str) -> int:
    return sum(1 + _is_wide(char) for char in text)


def _is_wide(text: str) -> bool:
    return any(unicodedata.east_asian_width(char) in "WF" for char in text)


def _clock(seconds: float, point: str) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{point}{rest % 1000:03}"
