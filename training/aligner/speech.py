"""`python -m training.aligner.speech FOLDER [--root DEBS]`: flite speaks, with word times.

Half of the texts are read by slt and rms as they are, whom the bundled voice was trained on; the
others by many speakers (`training.speakers`), as cloned voices are. Takes two to
eight minutes.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from sidecar.models.aligners.letters.features import FRAMES_PER_SECOND, log_mel
from training import oddments, templates
from training.flite import MANY_VOICES, PHONES, VOICES, Flite, Speech
from training.heldout import held_out
from training.sources import SOURCES, american_words
from training.speakers import STEPS, drawn
from training.texts import Corpus

SAMPLE_RATE = 16000
_SEED = 5
# How many texts of each kind; about four hours of speech.
_PROSE, _TEMPLATES, _LISTS, _SPELLED, _FLOWING = 2600, 700, 300, 150, 350
_PACKAGES = ("wordnet-base", "trans-de-en")
# Words that end in a vowel or an r, and words that begin with one: no sound parts them.
_OPEN = (
    "I you we they he she who how so go now the a to do no my by too very any only every little"
    " happy story way day know follow below idea area here there where are or for more over another"
    " their our your after never water"
)
_VOWEL_FIRST = (
    "am are is in on out over all at it and or of I a an as if every other only even ever open"
    " old our us under into again about around along away another above I'll I'm it's isn't each"
    " eat air hour"
)
# What is left of the silence around the speech, in seconds: from nothing to this.
_MOST_SILENCE, _MOST_DIGITAL_SILENCE = 0.3, 0.1


@dataclass(frozen=True)
class Utterance:
    """What was spoken, and when.

    Attributes:
        mel: float16 [frames, MELS], not normalised.
        words: letters of each word, in order.
        starts: in frames, with fractions; one for each word.
        ends: likewise.
        phones: int8 [frames], indices into PHONES; -1 where it is not known.
    """

    mel: NDArray[np.float16]
    words: list[str]
    starts: NDArray[np.float32]
    ends: NDArray[np.float32]
    phones: NDArray[np.int8]


def letters(word: str) -> str:
    return re.sub("[^a-z]", "", word.lower())


def spoken_words(speech: Speech, text: str) -> list[tuple[str, float, float]] | None:
    """Return each word of a normalised text with its times in seconds; None if flite spoke others.

    Flite cuts "it's" in two and leaves out apostrophes.
    """
    wanted = [letters(word) for word in text.split() if letters(word)]
    parts = iter(speech.words)
    spoken: list[tuple[str, float, float]] = []
    for word in wanted:
        had, start, end = "", None, 0.0
        while had != word and (part := next(parts, None)):
            had += letters(part.name)
            start = part.start if start is None else start
            end = part.end
            if not word.startswith(had):
                return None
        if start is None or had != word:
            return None
        spoken.append((word, start, end))
    return spoken if next(parts, None) is None and spoken else None


def phone_labels(phones: list[tuple[str, float]], frames: int) -> NDArray[np.int8]:
    """Return the phone of each frame, from pairs of a name and an end in seconds."""
    at = np.searchsorted([end for _, end in phones], np.arange(frames) / FRAMES_PER_SECOND, "right")
    ids = [PHONES.index(name) for name, _ in phones] + [PHONES.index("pau")]
    return np.array(ids, np.int8)[at]


def utterance(speech: Speech, rate: float, text: str, random: Random) -> Utterance | None:
    """Return one utterance, with a random part of the silence around it.

    Args:
        speech: what flite returned.
        rate: how much faster than that it is played.
        text: normalised.
    """
    words = spoken_words(speech, text)
    if words is None:
        return None
    before, after = (random.uniform(0, _MOST_SILENCE) for _ in range(2))
    first = max(0, round((words[0][1] - before) * speech.rate))
    last = round((words[-1][2] + after) * speech.rate)
    silence = round(random.uniform(0, _MOST_DIGITAL_SILENCE) * speech.rate)
    spoken = speech.samples[first:last].astype(np.float32) / np.float32(32768)
    samples = np.pad(spoken, (silence, 0))
    origin = (first - silence) / speech.rate
    if rate != 1:
        resampled = resample_poly(samples, STEPS, round(rate * STEPS))
        samples = np.asarray(resampled, np.float32)
    mel = log_mel(samples, SAMPLE_RATE)
    scale = FRAMES_PER_SECOND / rate
    phones = [(phone.name, (phone.end - origin) / rate) for phone in speech.phones]
    return Utterance(
        mel.astype(np.float16),
        [word for word, _, _ in words],
        np.array([(start - origin) * scale for _, start, _ in words], np.float32),
        np.array([(end - origin) * scale for _, _, end in words], np.float32),
        phone_labels(phones, len(mel)),
    )


def texts(roots: list[Path]) -> list[str]:
    """Return normalised texts, in random order. What a held-out sentence says is in none."""
    random = Random(_SEED)
    corpus = Corpus(held_out())
    for source in SOURCES:
        if source.packages in _PACKAGES:
            read = chain.from_iterable(source.read(root) for root in roots)
            prose = [text for text in dict.fromkeys(read) if 12 <= len(text) <= 110]
            random.shuffle(prose)
            share = source.share / sum(s.share for s in SOURCES if s.packages in _PACKAGES)
            corpus.fill(iter(prose), _PROSE * share, source.name)
    plain = [word for root in roots for word in american_words(root) if word.isalpha()]
    corpus.fill(templates.sentences(random), _TEMPLATES, "templates")
    corpus.fill(oddments.lists(plain, random), _LISTS, "lists")
    corpus.fill(_spelled(plain, random), _SPELLED, "spelled")
    corpus.fill(_flowing(plain, random), _FLOWING, "flowing")
    chosen = list(corpus.texts)
    random.shuffle(chosen)
    return chosen


def _spelled(words: list[str], random: Random) -> Iterator[str]:
    """Letters by name among words, as abbreviations are spoken."""
    while True:
        some = random.choices(words, k=random.randint(1, 4))
        some.insert(
            random.randint(0, len(some)),
            " ".join(random.choices("abcdefghijklmnopqrstuvwxyz", k=3)),
        )
        yield " ".join(some)


def _flowing(words: list[str], random: Random) -> Iterator[str]:
    """Words that flow into each other, such as "how I am in a", around others."""
    flowing = (_OPEN.split(), _VOWEL_FIRST.split())
    while True:
        some = [
            random.choice(part)
            for _ in range(random.randint(2, 6))
            for part in random.choice((flowing, flowing, (words,)))
        ]
        yield " ".join(some)


def speak(spoken: list[str]) -> Iterator[Utterance]:
    """Let flite speak normalised texts; those that it reads otherwise are left out."""
    random = Random(_SEED)
    voices = {name: Flite(name) for name in MANY_VOICES}
    for i, text in enumerate(spoken):
        plain = i % 2 == 0
        speaker = drawn(i)
        name = VOICES[i // 2 % 2] if plain else speaker.voice
        rate = 1.0 if plain else speaker.rate
        pace = 1.0 if plain else speaker.pace * rate
        voices[name].change(1.0 if plain else speaker.pitch, pace)
        made = utterance(voices[name].speak_with_words(text), rate, text, random)
        if made is not None:
            yield made


def save(utterances: list[Utterance], file: Path) -> None:
    """Write utterances to one file, which `load` reads."""
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez(
        file,
        mel=np.concatenate([one.mel for one in utterances]),
        phones=np.concatenate([one.phones for one in utterances]),
        frames=np.array([len(one.mel) for one in utterances], np.int32),
        starts=np.concatenate([one.starts for one in utterances]),
        ends=np.concatenate([one.ends for one in utterances]),
        words=np.array([" ".join(one.words) for one in utterances]),
    )


def load(file: Path) -> list[Utterance]:
    """Read what `save` wrote."""
    with np.load(file) as arrays:
        frame, word = np.cumsum(arrays["frames"])[:-1], 0
        texts = [str(text).split(" ") for text in arrays["words"]]
        word = np.cumsum([len(words) for words in texts])[:-1]
        columns = (
            np.split(arrays["mel"], frame),
            texts,
            np.split(arrays["starts"], word),
            np.split(arrays["ends"], word),
            np.split(arrays["phones"], frame),
        )
    return [Utterance(*row) for row in zip(*columns, strict=True)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--root", type=Path, help="where packages are unpacked (dpkg -x)")
    args = parser.parse_args()
    spoken = texts([*([args.root] if args.root else []), Path("/")])
    utterances = list(speak(spoken))
    save(utterances, args.folder / "flite.npz")
    seconds = sum(len(one.mel) for one in utterances) / FRAMES_PER_SECOND
    words = sum(len(one.words) for one in utterances)
    print(f"{len(utterances)} of {len(spoken)} texts, {words} words, {seconds / 60:.0f} minutes")


if __name__ == "__main__":
    main()
