"""`python -m tests.quality.evaluate_codec CODEC.pt`: what the codec alone costs in words.

The teacher reads held-out sentences; they are recognised as they are, and after the codec. Needs
the training's environment and the extra `quality`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from tests.quality.recogniser import Recogniser
from tests.quality.scoring import score
from training.encode import load_codec
from training.flite import VOICES, Flite
from training.heldout import held_out
from training.speech import read_aloud


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("codec", type=Path)
    parser.add_argument("--sentences", type=int, default=20)
    args = parser.parse_args()
    codec, recogniser = load_codec(args.codec, "cpu"), Recogniser()
    texts = held_out(args.sentences)
    for name in VOICES:
        teacher, heard, after = Flite(name), [], []
        for text in texts:
            spoken = read_aloud(teacher, name, text)
            assert spoken is not None
            audio = torch.from_numpy(spoken[0]).float()[None] / 32768
            heard.append(recogniser.transcribe(audio[0].numpy()))
            decoded = codec.decode(codec.encode(audio))
            after.append(recogniser.transcribe(decoded[0].clamp(-1, 1).numpy()))
        figures = f"teacher {score(texts, heard).wer:.1%}, codec {score(texts, after).wer:.1%}"
        print(f"{name}: words wrong: {figures}", flush=True)


if __name__ == "__main__":
    main()
