"""The wrong words and letters of a transcript: the sounds count, not the spelling."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from training.normaliser import normalise


class Score(NamedTuple):
    """Errors ÷ reference, over all sentences together; 0 is perfect, and it may pass 1."""

    wer: float
    cer: float


def score(references: Sequence[str], transcripts: Sequence[str]) -> Score:
    """Return the word and character error rates, with both sides in their spoken form."""
    pairs = [
        (spoken_form(said), spoken_form(heard))
        for said, heard in zip(references, transcripts, strict=True)
    ]
    words = [(said.split(), heard.split()) for said, heard in pairs]
    return Score(_rate(words), _rate(pairs))


def _rate(pairs: Sequence[tuple[Sequence[str], Sequence[str]]]) -> float:
    return sum(distance(*pair) for pair in pairs) / sum(len(said) for said, _ in pairs)


def distance(said: Sequence[str], heard: Sequence[str]) -> int:
    """Return the Levenshtein distance: substitutions, insertions and deletions."""
    row = list(range(len(heard) + 1))
    for i, expected in enumerate(said, 1):
        last, row[0] = row[0], i
        for j, got in enumerate(heard, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (expected != got))
    return row[-1]


# Spellings of Whisper that differ although the words sound the same, or are read both ways.
_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_PARTS = "(?:morning|afternoon|evening)"
_WRITTEN = (
    # Times of day: "4.30", and "4.30pm", for "4:30 pm". Prices and longer decimals stay.
    (re.compile(r"(?<![\d.$£€])([01]?\d|2[0-3])[.:]([0-5]\d)(?![\d.])\s*"), r"\1:\2 "),
    # "215 this afternoon" for "2:15 this afternoon", which no number can be.
    (re.compile(rf"\b([1-9]|1[0-2])([0-5]\d)(?= (?:this|in the) {_PARTS}\b)"), r"\1:\2"),
    # Dates: "March 14th" for "March 14".
    (re.compile(rf"\b({_MONTHS}) (\d{{1,2}})(?:st|nd|rd|th)\b", re.IGNORECASE), r"\1 \2"),
)
# Words spelled in two ways. (Abbreviations are the normaliser's.)
_SPELLINGS = {
    "theater": "theatre",
    "neighbor": "neighbour",
    "neighbors": "neighbours",
    "color": "colour",
    "favorite": "favourite",
    "gray": "grey",
}
# Pairs of words that are sometimes written as one.
_SPLIT = {"goodnight": "good night", "percent": "per cent", "alright": "all right"}


def spoken_form(text: str) -> str:
    """Return lower-case letters and single spaces: the sounds, without the spelling.

    Numbers are spelled out by the voice's own normaliser. Apostrophes vanish ("don't" is "dont"),
    everything else that is no letter separates words. Contractions are not undone, nor are
    words of the same sound made equal: those are counted as errors.
    """
    for pattern, spoken in _WRITTEN:
        text = pattern.sub(spoken, text)
    plain = unicodedata.normalize("NFKD", normalise(text)).lower()
    plain = re.sub(r"['’\u0300-\u036f]", "", plain)
    words = re.sub(r"[^a-z]+", " ", plain).split()
    return " ".join(_SPLIT.get(word, _SPELLINGS.get(word, word)) for word in words)
