"""`python -m training.aligner.train DATA.npz [...] OUT.safetensors`: trains it on a CPU.

The length of the training is a number of steps, and seeds are fixed.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file
from safetensors.torch import load_file
from torch.nn import functional

from sidecar.models.aligners.letters.features import MELS, normalised
from sidecar.models.aligners.letters.network import LETTERS
from training.aligner.network import Network
from training.aligner.speech import Utterance, load

_SEED = 3
_RATE, _WARM_STEPS, _LEAST_RATE = 2e-3, 100, 0.01
_FRAMES_PER_BATCH = 1400
_LETTERS_WEIGHT, _STARTS_WEIGHT, _SILENCE_WEIGHT, _PHONES_WEIGHT = 0.5, 4.0, 0.5, 1.0
# How wide the hill around a word's start is that the network shall draw, in frames to either side.
_HILL = 1.6
_AVERAGED = 0.99
_REPORTED = 50  # steps


def _disturbed(mel: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return the features in noise, through another microphone, with parts missing."""
    mel = mel.astype(np.float32)
    if random.random() < 0.5:
        colour = np.interp(np.arange(MELS), np.linspace(0, MELS - 1, 5), random.normal(size=5) * 2)
        level = mel.max(axis=0).mean() - random.uniform(4, 11)
        noise = level + colour + np.log(random.exponential(size=mel.shape) + 1e-3)
        mel = np.logaddexp(mel, noise)
    tilt = np.interp(np.arange(MELS), np.linspace(0, MELS - 1, 5), random.normal(size=5) * 0.6)
    out = normalised((mel + tilt).astype(np.float32))
    out = out + random.normal(size=out.shape).astype(np.float32) * random.choice((0, 0.1, 0.2))
    if random.random() < 0.4:
        first = random.integers(MELS - 6)
        out[:, first : first + random.integers(1, 6)] = 0
    if random.random() < 0.4:
        first = random.integers(max(1, len(out) - 15))
        out[first : first + random.integers(1, 10)] = 0
    return out


def _hills(starts: np.ndarray, frames: int) -> np.ndarray:
    """Return the target of the start head: 1 at a start, less at frames beside it."""
    distance = np.abs(np.arange(frames)[:, None] - starts[None])
    return np.maximum(0, 1 - distance.min(axis=1) / _HILL).astype(np.float32)


def _batch(utterances: Sequence[Utterance], random: np.random.Generator) -> dict[str, torch.Tensor]:
    longest = max(len(one.mel) for one in utterances)
    shape = (len(utterances), longest)
    mel = np.zeros((*shape, MELS), np.float32)
    inside, starts = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    phones = np.full(shape, -1)
    for row, one in enumerate(utterances):
        frames = len(one.mel)
        mel[row, :frames] = _disturbed(one.mel, random)
        inside[row, :frames] = 1
        starts[row, :frames] = _hills(one.starts, frames)
        phones[row, :frames] = one.phones
    spelled = ["".join(one.words) for one in utterances]
    return {
        "mel": torch.from_numpy(mel),
        "inside": torch.from_numpy(inside)[:, :, None],
        "starts": torch.from_numpy(starts),
        "phones": torch.from_numpy(phones),
        "letters": torch.tensor([1 + LETTERS.index(c) for text in spelled for c in text]),
        "frames": torch.tensor([len(one.mel) for one in utterances]),
        "lengths": torch.tensor([len(text) for text in spelled]),
    }


def _batches(data: Sequence[Utterance], random: np.random.Generator) -> Iterator[list[Utterance]]:
    """Return utterances of like lengths together, in random order, for ever."""
    while True:
        order = sorted(data, key=lambda one: len(one.mel) * random.uniform(0.9, 1.1))
        batches: list[list[Utterance]] = [[]]
        for one in order:
            if batches[-1] and len(one.mel) * (len(batches[-1]) + 1) > _FRAMES_PER_BATCH:
                batches.append([])
            batches[-1].append(one)
        yield from (batches[i] for i in random.permutation(len(batches)))


def _losses(network: Network, batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    heads, phones = network(batch["mel"], batch["inside"])
    count = 1 + len(LETTERS)
    letters = functional.ctc_loss(
        heads[:, :, :count].log_softmax(-1).transpose(0, 1),
        batch["letters"],
        batch["frames"],
        batch["lengths"],
        zero_infinity=True,
    )
    known = (batch["phones"] >= 0).float()
    silent = (batch["phones"] == 0).float()
    silence = functional.binary_cross_entropy_with_logits(heads[:, :, count], silent, known)
    inside = batch["inside"][:, :, 0]
    starts = functional.binary_cross_entropy_with_logits(
        heads[:, :, count + 1], batch["starts"], inside, reduction="sum"
    )
    return {
        "letters": letters * _LETTERS_WEIGHT,
        "phones": _PHONES_WEIGHT
        * functional.cross_entropy(
            phones.flatten(0, 1), batch["phones"].flatten(), ignore_index=-1
        ),
        "silence": silence * _SILENCE_WEIGHT,
        "starts": starts / inside.sum() * _STARTS_WEIGHT,
    }


def train(data: Sequence[Utterance], steps: int, out: Path, start: Path | None) -> None:
    """Train for so many steps; write the moving average of the weights now and then.

    Args:
        start: weights to go on from, as `export` wrote them. The phones begin anew.
    """
    torch.manual_seed(_SEED)
    random = np.random.default_rng(_SEED)
    network, average = Network(), Network()
    if start is not None:
        weights = {name: value.float() for name, value in load_file(start).items()}
        network.load_state_dict(weights, strict=False)
    average.load_state_dict(network.state_dict())
    optimiser = torch.optim.AdamW(network.parameters(), _RATE, weight_decay=0.01)
    began, batches = time.perf_counter(), _batches(data, random)
    sums: dict[str, float] = {}
    for step in range(steps):
        decayed = max(_LEAST_RATE, 0.5 * (1 + np.cos(np.pi * step / steps)))
        for group in optimiser.param_groups:
            group["lr"] = _RATE * min(1, (step + 1) / _WARM_STEPS) * decayed
        losses = _losses(network, _batch(next(batches), random))
        optimiser.zero_grad()
        torch.stack(list(losses.values())).sum().backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 2.0)
        optimiser.step()
        share = min(_AVERAGED, step / (step + 10))
        with torch.no_grad():
            for kept, new in zip(average.parameters(), network.parameters(), strict=True):
                kept.lerp_(new, 1 - share)
        sums = {name: sums.get(name, 0) + float(loss.detach()) for name, loss in losses.items()}
        if (step + 1) % _REPORTED == 0:
            said = ", ".join(f"{name} {total / _REPORTED:.4f}" for name, total in sums.items())
            print(f"step {step + 1}, {time.perf_counter() - began:.0f} s: {said}", flush=True)
            sums.clear()
            export(average, out)


def export(network: Network, file: Path) -> None:
    """Write the weights in float16, without the phones, which only training needs."""
    kept = {
        name: value.numpy().astype(np.float16)
        for name, value in network.state_dict().items()
        if not name.startswith("phones.")
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    save_file(kept, file)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="+", help="what the stages of speech wrote")
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", type=int, default=700, help="a multiple of 50")
    parser.add_argument("--start", type=Path, help="weights to go on from")
    args = parser.parse_args()
    torch.set_num_threads(1)  # two are slower: the products are small
    data = [one for file in args.data for one in load(file)]
    train(data, args.steps, args.out, args.start)
    print(f"{args.out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
