"""`python -m training.train_base TEXTS TOKENIZER CODES OUT.pt --start TALKER.pt`: a Base model's
talker, which clones, and the speaker encoder that tells it whom.

It starts from a talker with presets, of which it keeps some layers. CODES are of
`training.encode --voices`, each shard by a speaker of its own (`training.speech --many`).
Restartable, like `training.train_talker`.
"""

from __future__ import annotations

import argparse
import math
import re
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from training.batches import Codes
from training.clones import CloneBatch, CloneLayout, CloneStream, Moments, held_out
from training.graphs import Captured
from training.run import Run
from training.speech import TEXTS_PER_SHARD
from training.talker import Batch, StackConfig, Talker, TalkerConfig
from training.tokenizer import read_texts
from training.train_talker import Trainer, batches
from training.xvector import SpeakerConfig, SpeakerEncoder

# Of the talker's eight layers; all would not fit in 30 MB beside an encoder.
_KEPT_LAYERS = (0, 1, 2, 4, 6, 7)
# Recordings are louder or softer than flite: their spectra's logarithms are moved by up to this.
_LEVEL = 0.7


class Cloner(nn.Module):
    """A talker and a speaker encoder, under the official names."""

    def __init__(self, config: TalkerConfig, speaker: SpeakerConfig, dropout: float) -> None:
        super().__init__()
        self.talker = Talker(config, dropout)
        self.speaker_encoder = SpeakerEncoder(speaker)

    def losses(self, batch: CloneBatch, spectra: Tensor) -> tuple[Tensor, Tensor]:
        """As Talker.losses; `spectra` are those of `Moments`."""
        heard = spectra.index_select(0, batch.voice).float()
        if self.training:
            level = torch.rand(len(heard), 1, 1, device=heard.device) * 2 - 1
            heard = heard + _LEVEL * level
        speakers = self.speaker_encoder(heard)
        return self.talker.losses(batch.plain, (batch.at, speakers))


class CloneTrainer(Trainer):
    def __init__(self, moments: Moments, *arguments: Any) -> None:
        self.speaker = SpeakerConfig()
        self._moments = moments
        super().__init__(*arguments)

    def _model(self, dropout: float) -> Cloner:
        return Cloner(self.config, self.speaker, dropout)

    def _losses(self, model: Cloner, tensors: Sequence[Tensor]) -> tuple[Batch, Tensor, Tensor]:
        batch = CloneBatch.of(tuple(tensors))
        return batch.plain, *model.losses(batch, self._moments.spectra)

    def _more(self) -> dict[str, Any]:
        return {"speaker": asdict(self.speaker)}

    def start(self, file: Path) -> None:
        """Take over a talker's averaged weights, without some layers; its speakers are left."""
        weights = torch.load(file, map_location=self.device, weights_only=True)["average"]
        kept = {}
        for name, value in weights.items():
            if match := re.match(r"model\.layers\.(\d+)\.(.*)", name):
                if int(match[1]) not in _KEPT_LAYERS:
                    continue
                name = f"model.layers.{_KEPT_LAYERS.index(int(match[1]))}.{match[2]}"
            kept[name] = value
        self.talker.talker.load_state_dict(kept)
        self.average.restore(self.talker.state_dict())


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training.train_base", description=__doc__)
    for name in ("texts", "tokenizer", "codes", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--start", type=Path, help="a talker to begin with", required=True)
    parser.add_argument("--seconds", type=float, default=540, help="of the whole schedule")
    parser.add_argument("--stop", type=float, default=math.inf, help="of this run")
    parser.add_argument("--tokens", type=int, default=24576, help="of a batch, padding included")
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--decay", type=float, default=0.999, help="of the moving average")
    parser.add_argument("--validate", type=float, default=60, help="seconds between validations")
    parser.add_argument("--workers", type=int, default=4)
    return parser.parse_args()


def main() -> None:
    args = arguments()
    torch.manual_seed(0)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    vocabulary = Tokenizer.from_file(str(args.tokenizer)).get_vocab_size()
    config = TalkerConfig(text_vocab_size=-(-vocabulary // 16) * 16)
    stack: StackConfig = replace(config.talker, num_hidden_layers=len(_KEPT_LAYERS))
    config = replace(config, talker=stack)
    texts = list(read_texts(args.texts))
    layout = CloneLayout(args.tokenizer, texts, config.codebook_size)
    seed = time.time_ns() % 2**31
    loader = batches(CloneStream(args.codes, layout, args.tokens, seed), args.workers)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    moments = Moments(args.codes, -(-len(texts) // TEXTS_PER_SHARD), device)
    trainer = CloneTrainer(moments, config, args.rate, args.dropout, args.decay, device)
    if not args.out.exists():
        trainer.start(args.start)
    before, steps = trainer.restore(args.out) if args.out.exists() else (0.0, 0)
    codes, step = Codes(args.codes), Captured(trainer.step)
    batch = next(loader)  # whatever it takes to come is not training
    moments.follow()
    run = Run(args.rate, 300, args.seconds, args.stop, before, steps)

    def validate() -> str:
        codes.follow()
        alone, pairs = (held_out(codes, layout, pairs) for pairs in (False, True))
        figures = [trainer.validate([b.flat() for b in held]) for held in (alone, pairs)]
        return f"held out: {figures[0]}; in pairs: {figures[1]}; {codes.hours:.0f} hours"

    while run.goes_on:
        trainer.rate.fill_(run.rate)
        run.step(step(*(tensor.to(device, non_blocking=True) for tensor in batch)))
        batch = next(loader)
        if run.every("look", 5):
            moments.follow()
        if run.every("say", args.validate):
            print(f"{run}; {validate()}", flush=True)
        if run.every("save", 60):
            trainer.save(args.out, run)
    trainer.save(args.out, run)
    print(f"{run}; {validate()}", flush=True)


if __name__ == "__main__":
    main()
