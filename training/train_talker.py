"""`python -m training.train_talker TEXTS TOKENIZER CODES OUT.pt`: trains talker and predictor.

Restartable: everything is saved once a minute, and a run goes on from what it finds. The schedule
follows the seconds trained, so a run that was stopped anneals when it goes on.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.utils.data import DataLoader

from training.batches import Codes, Layout, Stream, held_out
from training.graphs import Average, Captured, load_optimiser, optimiser, save
from training.run import Run
from training.talker import EOS, Batch, Talker, TalkerConfig
from training.tokenizer import read_texts

_EOS_WEIGHT, _OTHERS = 2.0, 1.5


class Trainer:
    def __init__(
        self, config: TalkerConfig, rate: float, dropout: float, decay: float, device: str
    ) -> None:
        self.config, self.device, self._decay = config, device, decay
        self.talker = self._model(dropout).to(device)
        self.average = Average(self.talker)
        matrices = [p for p in self.talker.parameters() if p.dim() == 2]
        vectors = [p for p in self.talker.parameters() if p.dim() != 2]
        self._optimiser, self.rate = optimiser(
            [
                {"params": matrices, "weight_decay": 0.1},
                {"params": vectors, "weight_decay": 0.0},
            ],
            rate,
            (0.9, 0.95),
        )
        self._eos = config.codebook_size + EOS

    def _model(self, dropout: float) -> Any:
        return Talker(self.config, dropout)

    def _losses(self, model: Any, tensors: Sequence[Tensor]) -> tuple[Batch, Tensor, Tensor]:
        """Return the batch, and both losses as `Talker.losses` gives them."""
        batch = Batch(*tensors)
        return batch, *model.losses(batch)

    def step(self, *tensors: Tensor) -> Tensor:
        """Train on one batch → [codebook 0's loss, the others']."""
        with torch.autocast(self.device, dtype=torch.bfloat16):
            batch, first, others = self._losses(self.talker, tensors)
        asked = (batch.target >= 0).float()
        weight = asked + (_EOS_WEIGHT - 1) * (batch.target == self._eos)
        one = (first * weight).sum() / weight.sum().clamp_min(1)
        many = others.sum() / (batch.wanted[:, 1:] >= 0).sum().clamp_min(1)
        loss = one + _OTHERS * many
        self._optimiser.zero_grad(set_to_none=False)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.talker.parameters(), 1.0, foreach=True)
        self._optimiser.step()
        self.average.update(self._decay)
        return torch.stack([one.detach(), many.detach()])

    @torch.no_grad()
    def validate(self, batches: Sequence[Sequence[Tensor]]) -> str:
        """Return the averaged weights' losses on held-out items."""
        judge = self._model(0.0).to(self.device).eval()
        judge.load_state_dict(self.average.state())
        sums = torch.zeros(6, device=self.device)
        for cpu in batches:
            tensors = [tensor.to(self.device) for tensor in cpu]
            with torch.autocast(self.device, dtype=torch.bfloat16):
                batch, first, others = self._losses(judge, tensors)
            ends, asked = batch.target == self._eos, batch.target >= 0
            codes, drawn = asked & ~ends, batch.wanted[:, 1:] >= 0
            values = (first[codes], first[ends], others[drawn])
            sums += torch.stack([x for v in values for x in (v.sum(), v.new_tensor(v.numel()))])
        one, ends, many = (sums[::2] / sums[1::2]).tolist()
        return f"codebook 0 {one:.3f}, end {ends:.3f}, others {many:.3f}"

    def save(self, file: Path, run: Run) -> None:
        run.check()
        state = {
            "config": asdict(self.config),
            **self._more(),
            "average": self.average.state(),
            "talker": self.talker.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "seconds": run.seconds,
            "steps": run.steps,
        }
        save(state, file)

    def _more(self) -> dict[str, Any]:
        """What else the export needs to know."""
        return {}

    def start(self, file: Path) -> None:
        """Take over another run's averaged weights, and nothing else of it."""
        weights = torch.load(file, map_location=self.device, weights_only=True)["average"]
        self.talker.load_state_dict(weights)
        self.average.restore(self.talker.state_dict())

    def restore(self, file: Path) -> tuple[float, int]:
        state = torch.load(file, map_location=self.device, weights_only=True)
        self.talker.load_state_dict(state["talker"])
        self.average.restore(state["average"])
        load_optimiser(self._optimiser, state["optimiser"])
        return state["seconds"], state["steps"]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("texts", "tokenizer", "codes", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--seconds", type=float, default=525, help="of the whole schedule")
    parser.add_argument("--stop", type=float, default=math.inf, help="of this run")
    parser.add_argument("--tokens", type=int, default=24576, help="of a batch, padding included")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--decay", type=float, default=0.999, help="of the moving average")
    parser.add_argument("--warm", type=int, default=300, help="steps until the rate is reached")
    parser.add_argument("--start", type=Path, help="refine this talker's weights")
    parser.add_argument("--prefer", type=int, help="draw half from the texts from this number on")
    parser.add_argument("--validate", type=float, default=30, help="seconds between validations")
    parser.add_argument("--workers", type=int, default=4)
    return parser.parse_args()


def batches(stream: Stream, workers: int) -> Iterator[Batch]:
    """Made by worker processes, which have to be forked before CUDA is touched.

    No pinned memory: the thread that pins calls CUDA by itself, which breaks whatever graph is
    being captured.
    """
    ahead = 6 if workers else None
    loader = DataLoader(stream, batch_size=None, num_workers=workers, prefetch_factor=ahead)
    return iter(loader)


def main() -> None:
    args = arguments()
    torch.manual_seed(0)
    torch.backends.cuda.matmul.allow_tf32 = True
    vocabulary = Tokenizer.from_file(str(args.tokenizer)).get_vocab_size()
    config = TalkerConfig(text_vocab_size=-(-vocabulary // 16) * 16)
    layout = Layout(args.tokenizer, list(read_texts(args.texts)), config.codebook_size)
    stream = Stream(
        args.codes, layout, args.tokens, seed=time.time_ns() % 2**31, prefer=args.prefer
    )
    loader = batches(stream, args.workers)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    trainer = Trainer(config, args.rate, args.dropout, args.decay, device)
    if args.start and not args.out.exists():
        trainer.start(args.start)
    before, steps = trainer.restore(args.out) if args.out.exists() else (0.0, 0)
    size = sum(parameter.numel() for parameter in trainer.talker.parameters())
    print(f"{size / 1e6:.2f} M parameters", flush=True)
    codes, step = Codes(args.codes), Captured(trainer.step)
    batch = next(loader)  # whatever it takes to come is not training
    run = Run(args.rate, args.warm, args.seconds, args.stop, before, steps)
    while run.goes_on:
        trainer.rate.fill_(run.rate)
        run.step(step(*(tensor.to(device, non_blocking=True) for tensor in batch)))
        batch = next(loader)
        if run.every("say", args.validate):
            codes.follow()
            held = trainer.validate(held_out(codes, layout))
            print(f"{run}; held out: {held}; {codes.hours:.0f} hours", flush=True)
        if run.every("save", 60):
            trainer.save(args.out, run)
    trainer.save(args.out, run)
    codes.follow()
    print(f"{run}; held out: {trainer.validate(held_out(codes, layout))}", flush=True)


if __name__ == "__main__":
    main()
