"""`python -m training.speech TEXTS FOLDER`: the teacher reads the texts, on every core.

Each text is read by one voice, by turns, so that as much different text as possible is heard.
Writes shards of audio with a phone label per 20 ms; a shard that is there is not made again,
so the stage can be stopped and restarted, and readers can follow it while it runs.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from math import gcd
from multiprocessing import Process
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from training.flite import MANY_VOICES, PHONES, VOICES, Flite, Phone
from training.normaliser import normalise
from training.speakers import STEPS, Speaker, drawn
from training.tokenizer import read_texts

SAMPLE_RATE = 24000
FRAME = 1920  # samples of a codec frame, 80 ms
LABEL = 480  # samples of a phone label, 20 ms
MAX_SECONDS = 45.0
# A file that marks the end of all writing to the folder.
COMPLETE = "complete"
TEXTS_PER_SHARD = 64
# What is left of the silence around the speech, in seconds.
_LEAD, _TAIL = 0.04, 0.10
# Brings each voice to an RMS of 0.1 of full scale.
_GAINS = {"slt": 0.6, "rms": 1.1, "awb": 1.0, "kal16": 2.0}


@dataclass(frozen=True)
class Shard:
    """Some texts' speech.

    Attributes:
        text: int32 [utterances], indices into the texts.
        speaker: uint8 [utterances], indices into VOICES, or with `--many` into MANY_VOICES.
        samples: int32 [utterances], lengths in samples, multiples of FRAME.
        audio: int16 [sum of samples], 24 kHz.
        phones: uint8 [sum of samples / LABEL], indices into PHONES.
    """

    text: NDArray[np.int32]
    speaker: NDArray[np.uint8]
    samples: NDArray[np.int32]
    audio: NDArray[np.int16]
    phones: NDArray[np.uint8]

    def save(self, file: Path) -> None:
        partial = file.with_name(f".{file.name}")
        with partial.open("wb") as out:
            np.savez(out, **vars(self))
        partial.rename(file)

    @classmethod
    def load(cls, file: Path) -> Shard:
        with np.load(file) as arrays:
            return cls(**arrays)

    def utterances(self) -> Iterator[tuple[int, int, NDArray[np.int16], NDArray[np.uint8]]]:
        """Text, speaker, audio and phone labels, one utterance after the other."""
        end = 0
        for text, speaker, count in zip(self.text, self.speaker, self.samples, strict=True):
            start, end = end, end + int(count)
            labels = self.phones[start // LABEL : end // LABEL]
            yield int(text), int(speaker), self.audio[start:end], labels


def read_aloud(voice: Flite, speaker: Speaker, text: str) -> tuple[NDArray, NDArray] | None:
    """Return int16 audio and uint8 labels of one text; None when it is empty or too long."""
    samples, rate, phones = voice.speak_with_phones(normalise(text))
    rate = rate * speaker.throat // STEPS
    phones = [Phone(phone.name, phone.end / speaker.rate) for phone in phones]
    spoken = [i for i, phone in enumerate(phones) if phone.name != "pau"]
    if not spoken:
        return None
    start = max(0.0, (phones[spoken[0] - 1].end if spoken[0] else 0.0) - _LEAD)
    end = min(len(samples) / rate, phones[spoken[-1]].end + _TAIL)
    if end - start > MAX_SECONDS:
        return None
    cut = samples[int(start * rate) : int(end * rate)].astype(np.float32) * _GAINS[speaker.voice]
    shared = gcd(SAMPLE_RATE, rate)
    audio = resample_poly(cut, SAMPLE_RATE // shared, rate // shared)
    audio = np.pad(audio, (0, -len(audio) % FRAME))
    labels = _labels(phones, start, len(audio) // LABEL)
    return np.clip(np.round(audio), -32768, 32767).astype(np.int16), labels


def _labels(phones: list[Phone], start: float, count: int) -> NDArray[np.uint8]:
    middles = start + (np.arange(count) + 0.5) * LABEL / SAMPLE_RATE
    at = np.searchsorted([phone.end for phone in phones], middles)
    ids = [PHONES.index(phone.name) for phone in phones] + [PHONES.index("pau")]
    return np.array(ids, np.uint8)[at]


def _work(
    worker: int,
    workers: int,
    texts: list[str],
    begin: int,
    folder: Path,
    until: float,
    many: bool,
) -> None:
    os.nice(5)
    voices = {name: Flite(name) for name in (MANY_VOICES if many else VOICES)}
    begin += worker * TEXTS_PER_SHARD
    for first in range(begin, len(texts), workers * TEXTS_PER_SHARD):
        file = folder / f"{first:07d}.npz"
        if file.exists():
            continue
        if time.time() > until:
            return
        spoken = []
        for index in range(first, min(first + TEXTS_PER_SHARD, len(texts))):
            number = first // TEXTS_PER_SHARD
            # By shard, too: a text repeated in order must not always get the same voice.
            plain = Speaker(VOICES[(index + number) % len(VOICES)])
            speaker = drawn(number) if many else plain
            voices[speaker.voice].change(speaker.pitch, speaker.pace * speaker.rate)
            if done := read_aloud(voices[speaker.voice], speaker, texts[index]):
                spoken.append((index, MANY_VOICES.index(speaker.voice), *done))
        if spoken:
            text, speakers, audio, labels = zip(*spoken, strict=True)
            Shard(
                np.array(text, np.int32),
                np.array(speakers, np.uint8),
                np.array([len(a) for a in audio], np.int32),
                np.concatenate(audio),
                np.concatenate(labels),
            ).save(file)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("texts", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--workers", type=int, default=max(1, (os.cpu_count() or 2) - 2))
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after this long")
    parser.add_argument("--first", type=int, default=0, help="leave out the texts before this one")
    parser.add_argument("--many", action="store_true", help="a speaker of its own for each shard")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    texts = list(read_texts(args.texts))
    (args.folder / COMPLETE).unlink(missing_ok=True)
    until = time.time() + args.seconds
    workers = [
        Process(
            target=_work,
            args=(worker, args.workers, texts, args.first, args.folder, until, args.many),
        )
        for worker in range(args.workers)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if any(worker.exitcode for worker in workers):
        raise SystemExit("a worker failed; see above")
    (args.folder / COMPLETE).touch()
    print(f"{len(list(args.folder.glob('[0-9]*.npz')))} shards in {args.folder}")


if __name__ == "__main__":
    main()
