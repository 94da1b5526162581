"""Measure how near clones are to their speakers, and how clearly they speak.

`python -m tests.quality.evaluate_clones FOLDER`

flite's voices, as they are and changed, are cloned through the real process from one recording
each, with and without its transcript. A clone ought to be nearer to its own speaker than to the
others, by measures that no part of the model computes: pitch, and the loud frames' mean spectrum.
"""

from __future__ import annotations

import argparse
import base64
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from tests.quality.recogniser import SAMPLE_RATE, Recogniser
from tests.quality.scoring import score
from tests.quality.speaking import speak_all, with_seeds
from tests.quality.timbre import distance, timbre
from tests.support.harness import Message, Sidecar, sidecar
from training.flite import Flite
from training.heldout import held_out
from training.speakers import Speaker
from training.speech import read_aloud

Samples = NDArray[np.float32]

SPEAKERS = {
    "slt": Speaker("slt"),
    "rms": Speaker("rms"),
    "awb": Speaker("awb"),
    "kal16": Speaker("kal16"),
    "slt, lower": Speaker("slt", 18, 0.92),
    "awb, higher": Speaker("awb", 22, 1.1),
}
# The references say these held-out sentences, which are far from those that the clones speak.
_REFERENCES = slice(60, 62)


def recording(speaker: Speaker, text: str) -> Samples:
    """Return flite's speech: float32 [samples], 24 kHz.

    Raises:
        OSError: libflite1 is not installed.
    """
    voice = Flite(speaker.voice)
    voice.change(speaker.pitch, speaker.pace * speaker.rate)
    spoken = read_aloud(voice, speaker, text)
    voice.change(1.0, 1.0)
    assert spoken is not None
    return (spoken[0] / 32768).astype(np.float32)


def reference(samples: Samples, text: str | None) -> Message:
    """Return a request's `reference`."""
    wav = io.BytesIO()
    soundfile.write(wav, samples, SAMPLE_RATE, format="WAV")
    return {"audio": base64.b64encode(wav.getvalue()).decode(), "text": text}


def measure(
    process: Sidecar,
    recogniser: Recogniser,
    model: str,
    sentences: Sequence[str],
    kinds: Sequence[tuple[str, str]],
) -> list[str]:
    """Measure the clones; return the rows of a table in markdown."""
    said = " ".join(held_out()[_REFERENCES])
    heard = {name: recording(speaker, said) for name, speaker in SPEAKERS.items()}
    timbres = {name: timbre(samples) for name, samples in heard.items()}
    rows = []
    for kind, mode in kinds:
        for name in SPEAKERS:
            text = said if kind == "in context" else None
            common = {"model": model, "textMode": mode, "reference": reference(heard[name], text)}
            spoken = speak_all(process, with_seeds(sentences, common))
            texts = [recogniser.transcribe(one.samples) for one in spoken]
            every = np.concatenate([one.samples for one in spoken])
            wer = score(sentences, texts).wer
            # Each sentence by itself, and then all of them together.
            nearest = [
                min(timbres, key=lambda other: distance(timbres[other], timbre(one.samples)))
                for one in spoken
            ]
            ended = sum(one.reason == "stop" for one in spoken)
            rows.append(
                f"| {kind}, {mode} | {name} | {wer:.1%} | {timbres[name][0]:.0f} | "
                f"{timbre(every)[0]:.0f} | {nearest.count(name)} of {len(spoken)} | "
                f"{distance(timbres[name], timbre(every)):.2f} | {ended} of {len(spoken)} |"
            )
            print(rows[-1], flush=True)
    return rows


def main() -> None:
    program = "python -m tests.quality.evaluate_clones"
    parser = argparse.ArgumentParser(prog=program, description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--sentences", type=int, default=20)
    args = parser.parse_args()
    print("| cloned | speaker | WER | pitch, Hz | clone's | nearest to it | distance | ended |")
    print("|---|---|---|---|---|---|---|---|")
    kinds = [(kind, mode) for kind in ("timbre", "in context") for mode in ("full", "stream")]
    with sidecar() as process:
        model = str(args.checkpoint.resolve())
        measure(process, Recogniser(), model, held_out(args.sentences), kinds)


if __name__ == "__main__":
    main()
