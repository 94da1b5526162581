"""`python -m training.aligner.bundled FOLDER [--root DEBS]`: speech of the bundled voice.

Through the real process, by turns in each voice and text mode. The times of the words are flite's,
carried over (`training.aligner.reference`); what the voice misread is left out. Takes nine minutes
of processor time.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from qwen_tts_client import Sidecar

from sidecar.models.aligners.letters.features import FRAMES_PER_SECOND, log_mel
from training.aligner import reference
from training.aligner.speech import Utterance, phone_labels, save, spoken_words, texts
from training.flite import VOICES, Flite

SAMPLE_RATE = 24000
_AT_ONCE = 8
_COUNT = 500
# Voices and text modes, by turns. slt's speech in the mode `stream` is the hardest to align.
_TURNS: tuple[tuple[str, Literal["full", "stream"]], ...] = (
    ("slt", "full"),
    ("rms", "full"),
    ("slt", "stream"),
    ("rms", "stream"),
    ("slt", "stream"),
)
_FIRST_SEED = 1000
# Where the two utterances sound more different than this, on average or at a word's start, the
# voice said something else. Half of all have a mean of 5.3; 6 % are left out.
_MOST_MEAN_COST, _MOST_COST = 6.9, 12.0


class Request(NamedTuple):
    """One text to speak: the voice is a name of flite's, the seed fixes what is drawn."""

    text: str
    voice: str
    mode: Literal["full", "stream"]
    seed: int


async def _speak(tts: Sidecar, request: Request, room: asyncio.Semaphore) -> NDArray[np.float32]:
    async with room:
        stream = tts.synthesize(
            request.text,
            voice=request.voice,
            text_mode=request.mode,
            seed=request.seed,
            encoding="pcm_f32le",
            split_sentences=False,
        )
        return np.frombuffer(await stream.read(), "<f4")


async def _speak_all(requests: Sequence[Request]) -> list[NDArray[np.float32]]:
    room = asyncio.Semaphore(_AT_ONCE)
    async with Sidecar() as tts:
        return await asyncio.gather(*(_speak(tts, request, room) for request in requests))


def speak_all(requests: Sequence[Request]) -> list[NDArray[np.float32]]:
    """Return each request's float32 samples, 24 kHz."""
    return asyncio.run(_speak_all(requests))


def labelled(request: Request, samples: NDArray[np.float32], voice: Flite) -> Utterance | None:
    """Return what was spoken, with flite's times carried over; None if something else was said."""
    speech = voice.speak_with_words(request.text)
    words = spoken_words(speech, request.text)
    if words is None:
        return None
    spelled, starts, ends = zip(*words, strict=True)
    phone_ends = [phone.end for phone in speech.phones]
    carried = reference.carry(
        np.array([*starts, *ends, *phone_ends]),
        (speech.samples.astype(np.float32) / np.float32(32768), speech.rate),
        (samples, SAMPLE_RATE),
    )
    count = len(words)
    costs = carried.costs[:count]
    if costs.mean() > _MOST_MEAN_COST or costs.max() > _MOST_COST:
        return None
    mel = log_mel(samples, SAMPLE_RATE)
    frames = (carried.times * FRAMES_PER_SECOND).astype(np.float32)
    names = [phone.name for phone in speech.phones]
    labels = list(zip(names, carried.times[2 * count :], strict=True))
    return Utterance(
        mel.astype(np.float16),
        list(spelled),
        frames[:count],
        frames[count : 2 * count],
        phone_labels(labels, len(mel)),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--root", type=Path, help="where packages are unpacked (dpkg -x)")
    parser.add_argument("--count", type=int, default=_COUNT, help="the first so many texts")
    args = parser.parse_args()
    chosen = texts([*([args.root] if args.root else []), Path("/")])[-_COUNT:][: args.count]
    requests = [
        Request(text, *_TURNS[i % len(_TURNS)], _FIRST_SEED + i) for i, text in enumerate(chosen)
    ]
    voices = {name: Flite(name) for name in VOICES}
    spoken = speak_all(requests)
    made = [
        labelled(request, samples, voices[request.voice])
        for request, samples in zip(requests, spoken, strict=True)
    ]
    kept = [one for one in made if one is not None]
    save(kept, args.folder / "bundled.npz")
    print(f"{len(kept)} of {len(made)} texts")


if __name__ == "__main__":
    main()
