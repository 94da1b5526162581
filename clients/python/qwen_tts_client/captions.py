"""Captions of a speech, as SubRip and as WebVTT; the same as those of the TypeScript client."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from qwen_tts_client.plain_text import plain_text
from qwen_tts_client.protocol import WordsProgress
from qwen_tts_client.text_feed import Sentence
from qwen_tts_client.word_captions import ShownWord, place_words, split_starts, underline, whole

# The limits that broadcasters use; an ideogram is two columns wide.
_COLUMNS = 42
_LINES = 2

# Han, Hiragana and Katakana, and Hangul, as in Unicode 17: `re` does not know scripts.
# An older Python does not know that all of the last ones are letters.
_LATER = "\U00020000-\U00033479"
_IDEOGRAMS = (
    "\u2e80-\u2fd5\u3005\u3007\u3021-\u3029\u3038-\u303b\u3041-\u3096\u309d-\u309f\u30a1-\u30fa"
    "\u30fd-\u30ff\u31f0-\u31ff\u32d0-\u32fe\u3300-\u3357\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufad9"
    "\uff66-\uff6f\uff71-\uff9d\U00016fe2\U00016fe3\U00016ff0-\U00016ff6\U0001aff0-\U0001b167"
    f"\U0001f200{_LATER}"
)
_HANGUL = (
    "\u1100-\u11ff\u3131-\u318e\u3200-\u321e\u3260-\u327e\ua960-\ua97c\uac00-\ud7fb\uffa0-\uffdc"
)
_WIDE = re.compile(f"[{_IDEOGRAMS}{_HANGUL}\u3000-\u303f\uff00-\uff60]")
# A line may break between these: an ideogram, or a run of other letters, with the marks after it.
_ATOM = re.compile(rf"(?:[{_IDEOGRAMS}]|[^{_IDEOGRAMS}]+)(?:[^\w{_LATER}]|_)*")
# What JavaScript takes for white space, which is not quite what Python does.
_WORD = re.compile(r"[^\t-\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+")


_NAME = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]\s*")


class _Cue(NamedTuple):
    start_ms: float
    end_ms: float
    text: str
    words: list[ShownWord]
    speaker: str | None


def to_srt(
    sentences: Sequence[Sentence], duration_ms: float, *, word_times: Sequence[WordsProgress] = ()
) -> str:
    """Return captions of a speech in the SubRip format (`.srt`).

    Each sentence is a caption; a long one is several, of two lines of at most 42 columns. Sentences
    without audio are left out. The name of a speaker is before the text; in WebVTT it is a `<v>`.

        result = await stream.final()
        captions = to_srt(stream.sentences, result.duration_ms)

    Args:
        sentences: all of them, as `stream.sentences` gives them at the end.
        duration_ms: of the whole audio.
        word_times: `stream.words`, of a speech with the timing `word`: each word is underlined
            (`<u>`) while it is heard, and a caption begins with its first word.
    """
    cues = [one for cue in _cues(sentences, duration_ms, word_times) for one in _underlined(cue)]
    return "\n".join(
        f"{number}\n{_clock(start, ',')} --> {_clock(end, ',')}\n{text}\n"
        for number, (start, end, text) in enumerate(cues, 1)
    )


def _underlined(cue: _Cue) -> Iterator[tuple[float, float, str]]:
    name = f"{cue.speaker}: " if cue.speaker else ""
    for start, end, text in underline(cue.text, cue.words, cue.start_ms, cue.end_ms):
        yield start, end, name + text


def to_vtt(
    sentences: Sequence[Sentence], duration_ms: float, *, word_times: Sequence[WordsProgress] = ()
) -> str:
    """Return captions of a speech in the WebVTT format (`.vtt`), for a page's `<track>`.

    The captions are the same as those of `to_srt`, and so are the arguments; with `word_times`,
    each word has its time before it, as WebVTT has it for karaoke (`::cue(:past)` in CSS).
    """
    cues = (
        f"\n{_clock(cue.start_ms, '.')} --> {_clock(cue.end_ms, '.')}\n{_timed(cue)}\n"
        for cue in _cues(sentences, duration_ms, word_times)
    )
    return "".join(["WEBVTT\n", *cues])


def _timed(cue: _Cue) -> str:
    """Return a cue's text for WebVTT, with the times inside it that lie inside the cue."""
    parts = [f"<v {html.escape(cue.speaker, quote=False)}>"] if cue.speaker else []
    at, last = 0, whole(cue.start_ms)
    for word in cue.words:
        if last < whole(word.start_ms) < whole(cue.end_ms):
            last = whole(word.start_ms)
            stamp = f"<{_clock(word.start_ms, '.')}>"
            parts += [html.escape(cue.text[at : word.begin], quote=False), stamp]
            at = word.begin
    return "".join([*parts, html.escape(cue.text[at:], quote=False)])


def _cues(
    sentences: Sequence[Sentence], duration_ms: float, words: Sequence[WordsProgress]
) -> Iterator[_Cue]:
    """A sentence of which nothing was spoken has no duration, and is left out."""
    known = {one.sentence: one.words or [] for one in words}
    starts = [*(sentence.start_ms for sentence in sentences), duration_ms]
    for sentence, (start, end) in zip(sentences, pairwise(starts), strict=True):
        if end > start:
            shown = plain_text(_without_name(sentence))
            cues = list(_shared(_balanced(shown.text), start, end, sentence.speaker))
            if its := known.get(sentence.index):
                heard = place_words([cue.text for cue in cues], shown, its)
                begins = split_starts(start, end, heard, [cue.start_ms for cue in cues])
                spans = zip(cues, heard, begins, [*begins[1:], end], strict=True)
                cues = [
                    _Cue(since, until, cue.text, its, cue.speaker)
                    for cue, its, since, until in spans
                ]
            yield from cues


def _without_name(sentence: Sentence) -> Sentence:
    """Return a sentence without the brackets in which the text names its speaker."""
    match = _NAME.match(sentence.text) if sentence.speaker and not sentence.is_ssml else None
    if match is None or match[1].casefold() != (sentence.speaker or "").casefold():
        return sentence
    start = sentence.text_start + match.end()
    return replace(sentence, text=sentence.text[match.end() :], text_start=start)


def _shared(lines: list[str], start: float, end: float, speaker: str | None) -> Iterator[_Cue]:
    """Yield the cues of a sentence, which divide its time by their length."""
    total = sum(map(_width, lines))
    shown = 0
    for at in range(0, len(lines), _LINES):
        part = lines[at : at + _LINES]
        since = start + (end - start) * shown / total
        shown += sum(map(_width, part))
        yield _Cue(since, start + (end - start) * shown / total, "\n".join(part), [], speaker)


def _balanced(text: str) -> list[str]:
    """Balance the captions of a long sentence, so that none is a single word for half a second."""
    lines = _wrapped(text, _COLUMNS)
    for width in range(_COLUMNS - 1, 0, -1):
        narrower = _wrapped(text, width) if len(lines) > _LINES else []
        if not narrower or len(narrower) > len(lines):
            break
        lines = narrower
    return lines


def _wrapped(text: str, limit: int) -> list[str]:
    lines: list[str] = []
    for word in _WORD.findall(text):
        space = " " if lines else ""
        for atom in _ATOM.findall(word):
            if lines and _width(line := lines[-1] + space + atom) <= limit:
                lines[-1] = line
            else:
                lines.append(atom)
            space = ""
    return lines


def _width(text: str) -> int:
    return len(text) + len(_WIDE.findall(text))


def _clock(ms: float, point: str) -> str:
    minutes, rest = divmod(whole(ms), 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}{point}{rest % 1000:03}"
