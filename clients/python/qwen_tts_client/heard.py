"""How far the listener of a speech has come in its text."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qwen_tts_client.text_feed import Sentence


@dataclass(frozen=True)
class Heard:
    """What was heard of a speech that was stopped."""

    text: str
    """The text up to there. It is exact where a sentence begins or ends, and estimated within one,
    where it ends before the word that was not heard to its end."""

    samples: int
    """Number of audio samples up to there."""

    sentence: int
    """Index of the sentence in which it ends."""


def find_heard(
    text: str,
    sentences: Sequence[Sentence],
    ends_ms: Mapping[int, float],
    samples: int,
    sample_rate: int,
) -> Heard:
    """Return what was heard of a speech that was generated to its end, by the sidecar's own rule.

    Args:
        text: all of it.
        ends_ms: when the speech of each sentence that has any ends in the audio.
        samples: number of audio samples that were heard.
    """
    ms = samples / sample_rate * 1000
    sentence = max((one for one in sentences if one.start_ms <= ms), key=lambda one: one.index)
    length = ends_ms.get(sentence.index, sentence.start_ms) - sentence.start_ms
    share = min((ms - sentence.start_ms) / length, 1.0) if length > 0 else 1.0
    end = sentence.text_start + int(len(sentence.text) * share + 1e-9)
    while sentence.text_start < end < sentence.text_end and _is_in_word(text[end - 1]):
        end -= 1
    return Heard(text[:end], samples, sentence.index)


def _is_in_word(before: str) -> bool:
    """Return whether a word goes on after this character; an ideogram is a word of its own."""
    return not before.isspace() and unicodedata.east_asian_width(before) not in "WF"
