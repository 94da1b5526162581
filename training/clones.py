"""Batches for a Base model: the speaker is an embedding, and another utterance may come first.

An in-context clone is laid out like one utterance: the reference's text and the text, and behind
them the reference's frames and those to be spoken, in both of the text's layouts. So two
utterances of one speaker are joined here, and all of it is learned.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from training.batches import Codes, Item, Layout, Stream
from training.encode import MOMENT_SHAPE, MOMENTS
from training.speech import TEXTS_PER_SHARD
from training.talker import Batch

# The share of utterances that another one is put in front of.
_PAIRS = 0.5
NOBODY = -1


class CloneBatch(NamedTuple):
    """A batch, and whose voices are in it.

    Attributes:
        voice: int64 [rows], which of all moments (`Moments`) the speaker is known from.
        at: int64 [rows], the flat position of its embedding.
    """

    plain: Batch
    voice: Tensor
    at: Tensor

    def flat(self) -> tuple[Tensor, ...]:
        return (*self.plain, self.voice, self.at)

    @classmethod
    def of(cls, tensors: tuple[Tensor, ...]) -> CloneBatch:
        return cls(Batch(*tensors[:-2]), *tensors[-2:])


class CloneLayout(Layout):
    streamed = 0.5

    def voice(self, item: Item) -> int:
        return NOBODY

    def clone_batch(
        self, items: list[Item], rows: int, length: int, random: np.random.Generator | None
    ) -> CloneBatch:
        """Return a batch whose speakers are known from moments of their own shards."""
        plain = self.batch(items, rows, length, random)
        draw = random or np.random.default_rng(0)
        moments = [item.shard * MOMENTS + int(draw.integers(MOMENTS)) for item in items]
        moments += [0] * (rows - len(items))
        # The codec's track begins after the role; the speaker is where the track is empty.
        empty = (plain.codec[:, len(self._role) :] == NOBODY).int()
        columns = empty.argmax(dim=1) + len(self._role)
        at = torch.arange(rows) * length + columns
        return CloneBatch(plain, torch.tensor(moments), at)


class CloneStream(Stream):
    """Endless random batches, half of them with an utterance of the same speaker in front."""

    _layout: CloneLayout

    def _pool(self, random: np.random.Generator) -> Iterator[tuple]:
        for length, items in self._groups(random):
            yield self._layout.clone_batch(items, len(items), length, random).flat()

    def _draw(self, random: np.random.Generator, size: int) -> list[Item]:
        by_shard: dict[int, list[Item]] = {}
        for item in self._codes.train:
            by_shard.setdefault(item.shard, []).append(item)
        return [
            self._joined(by_shard[item.shard], item, random) if random.random() < _PAIRS else item
            for item in super()._draw(random, size)
        ]

    @staticmethod
    def _joined(others: list[Item], item: Item, random: np.random.Generator) -> Item:
        before = others[int(random.integers(len(others)))]
        return joined(before, item)


def joined(before: Item, item: Item) -> Item:
    codes = np.concatenate([before.codes, item.codes])
    return Item(item.text, item.speaker, codes, before=before.text, shard=item.shard)


class Moments:
    """Mel spectra of all shards' moments on the device, by the shards' numbers.

    Args:
        shards: how many there will be at most.
    """

    def __init__(self, folder: Path, shards: int, device: str) -> None:
        self._folder = folder
        self._files: set[Path] = set()
        shape = (shards * MOMENTS, *MOMENT_SHAPE)
        self.spectra = torch.zeros(shape, dtype=torch.float16, device=device)

    def follow(self) -> None:
        """Take in new files; the tensor stays where it is."""
        for file in sorted(set(self._folder.glob("[0-9]*.npz")) - self._files):
            self._files.add(file)
            first = int(file.stem) // TEXTS_PER_SHARD * MOMENTS
            with np.load(file) as shard:
                voices = torch.from_numpy(shard["voices"])
            self.spectra[first : first + MOMENTS] = voices.to(self.spectra.device)


def held_out(codes: Codes, layout: CloneLayout, pairs: bool, most: int = 192) -> list[CloneBatch]:
    """Return the held-out items, 32 rows each; in pairs, each after another of its shard."""
    held = codes.held[:most]
    if pairs:
        first = {item.shard: item for item in reversed(codes.train)}
        held = [joined(first[item.shard], item) for item in held if item.shard in first]
    held.sort(key=lambda item: len(item.codes))
    batches = []
    for begin in range(0, len(held), 32):
        group = held[begin : begin + 32]
        need = max(len(i.codes) + len(layout.all_tokens(i, 0.0)) + 14 for i in group)
        batches.append(layout.clone_batch(group, len(group), need, None))
    return batches
