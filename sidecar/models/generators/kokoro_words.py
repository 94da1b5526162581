"""When Kokoro speaks each word: from the durations that it predicts before it makes the sound.

Kokoro predicts for how many units of 25 ms each phoneme lasts, the spaces and marks among them, and
one duration before the first phoneme and one after the last. For English, misaki says which ones
are of which word of the text. `KokoroPipeline.join_timestamps` of mlx-audio does the same, but it
counts on although the network was not given all phonemes, and miscounts after a token without any.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from typing import Any

import mlx.core as mx
import msgspec
import numpy as np

from sidecar.models.base import SpokenWord, WordTimes

# 600 samples at 24 kHz.
UNIT_SECONDS = 0.025
# Speech begins so many units before the duration of the beginning is over, as in the official code.
_EARLY = 3


def speak(model: Any, text: str, arguments: dict[str, Any]) -> Iterator[mx.array | WordTimes]:
    """Yield the word times of each result, then its float samples [length], evaluated.

    This is mlx-audio's `Model.generate`, which does not return the durations.

    Args:
        model: mlx-audio's.
        arguments: of `generate`.
    """
    arguments = dict(arguments)
    pipeline = model._get_pipeline(arguments.pop("lang_code"))
    pipeline.voices = {}
    for result in pipeline(text, **arguments):
        durations = result.pred_dur.tolist()
        yield word_times(result.phonemes, result.tokens, durations, model.vocab)
        yield result.audio[0]


def later(times: WordTimes, seconds: float) -> WordTimes:
    """Return the same times, counted from so many seconds earlier."""
    words = tuple(
        SpokenWord(word.text, word.start + seconds, word.end + seconds)
        for word in times.words or ()
    )
    return times if times.words is None else msgspec.structs.replace(times, words=words)


def word_times(
    phonemes: str,
    tokens: Sequence[Any] | None,
    durations: Sequence[int],
    known: Container[str],
) -> WordTimes:
    """Return when the words of one result of Kokoro's pipeline are spoken, from its own beginning.

    Args:
        phonemes: as the pipeline gave them to the network.
        tokens: misaki's, each with `text`, `phonemes` and `whitespace`; None if it has none for the
            language.
        durations: in units: of the beginning, of each phoneme, of the end.
        known: the phonemes that the network knows.
    """
    if tokens is None:
        return WordTimes(None, "Kokoro says only in English which sounds a word has")
    dropped = sorted({phoneme for phoneme in phonemes if phoneme not in known})
    if dropped or len(durations) != len(phonemes) + 2:
        named = f" {' '.join(dropped)}" if dropped else ""
        return WordTimes(None, f"Kokoro does not know the phonemes{named} and left them out")
    said = "".join(token.phonemes + (" " if token.whitespace else "") for token in tokens)
    at = len(said.lstrip()) - len(said)  # the pipeline strips it
    if said.strip() != phonemes:
        return WordTimes(None, "the sentence is too long for Kokoro, which left out its end")
    silence = max(0, durations[0] - _EARLY)
    # When each phoneme begins, and the last one ends, in units.
    borders = np.cumsum([silence, *durations[1:-1]]).tolist()
    words: list[SpokenWord] = []
    for token in tokens:
        first, behind = at, at + len(token.phonemes)
        at = behind + bool(token.whitespace)
        if not token.phonemes or not any(map(str.isalnum, token.text)):
            continue
        start, end = borders[first], borders[behind]
        # A space is half of the word before it, half of the one after it.
        if first and phonemes[first - 1] == " ":
            start -= durations[first] / 2
        if behind < len(phonemes) and phonemes[behind] == " ":
            end += durations[1 + behind] / 2
        words.append(SpokenWord(token.text, start * UNIT_SECONDS, end * UNIT_SECONDS))
    return WordTimes(tuple(words), grain_ms=UNIT_SECONDS * 1000)
