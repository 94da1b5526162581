"""Utterances with known word times: what an aligner is trained on and measured by."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sidecar.text.speakable import make_speakable
from training.aligner import reference
from training.aligner.speech import letters, spoken_words
from training.flite import Flite, Speech
from training.normaliser import normalise


class Case(NamedTuple):
    """An utterance, and when its words were spoken.

    Attributes:
        samples: float32, full scale ±1.
        rate: in Hz.
        units: the words as an `Aligner` receives them.
        starts: float64, in seconds; one for each unit.
        ends: likewise.
        costs: how different the two utterances sound at each start; 0 for flite itself.
    """

    samples: NDArray[np.float32]
    rate: int
    units: list[str]
    starts: NDArray[np.float64]
    ends: NDArray[np.float64]
    costs: NDArray[np.float64]


class Reading(NamedTuple):
    """What is spoken of a text.

    Attributes:
        spoken: what flite receives: letters and marks.
        units: the words of the text after figures and abbreviations were spelled.
        counts: how many of flite's words each unit is ("FBI" is three).
    """

    spoken: str
    units: list[str]
    counts: list[int]


def read(text: str) -> Reading | None:
    """Return how the bundled voice reads a text; None if its words cannot be told apart."""
    tokens = make_speakable(text, "english").split()
    parts = [normalise(token).strip() for token in tokens]
    spoken = normalise(" ".join(tokens)).strip()
    if re.sub("[^a-z]", "", spoken) != letters("".join(parts)):
        return None
    units, counts = [], []
    for token, part in zip(tokens, parts, strict=True):
        unit = re.sub(r"[^A-Za-z0-9']", "", token)
        if count := sum(bool(letters(word)) for word in part.split()):
            units.append(unit)
            counts.append(count)
    return Reading(spoken, units, counts)


def of_flite(text: str, voice: Flite) -> tuple[Case, Speech] | None:
    """Let flite speak a text; None if it spoke other words."""
    reading = read(text)
    speech = voice.speak_with_words(reading.spoken) if reading else None
    words = spoken_words(speech, reading.spoken) if reading and speech else None
    if reading is None or speech is None or words is None:
        return None
    behind = np.cumsum(reading.counts)
    starts = np.array([words[at][1] for at in behind - reading.counts])
    ends = np.array([words[at - 1][2] for at in behind])
    samples = speech.samples.astype(np.float32) / np.float32(32768)
    return Case(samples, speech.rate, reading.units, starts, ends, np.zeros(len(starts))), speech


def of_bundled(text: str, samples: NDArray[np.float32], rate: int, voice: Flite) -> Case | None:
    """Return the case of what the bundled voice spoke; `voice` is flite's of the same name."""
    case = of_flite(text, voice)
    if case is None:
        return None
    flite = case[0]
    times = np.concatenate([flite.starts, flite.ends])
    carried = reference.carry(times, (flite.samples, flite.rate), (samples, rate))
    starts, ends = np.split(carried.times, 2)
    costs = carried.costs[: len(starts)]
    return Case(samples, rate, flite.units, starts, ends, costs)
