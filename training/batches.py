"""Codes and texts → batches in the official prompt layouts, of a few fixed shapes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch.utils.data import IterableDataset

from training.speech import TEXTS_PER_SHARD
from training.talker import (
    BOS,
    ENGLISH,
    EOS,
    FIRST_SPEAKER,
    NOTHINK,
    PAD,
    THINK,
    THINK_BOS,
    THINK_EOS,
    Batch,
)

# Padded lengths: each is a CUDA graph.
LENGTHS = (48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 416, 544, 704, 832)
# The share of positions that the predictor learns from.
_DRAWN = 0.45
_HELD_OUT = 100  # one in so many
_ROLE = "<|im_start|>assistant\n"
_REST = f"<|im_end|>\n{_ROLE}"


@dataclass(frozen=True)
class Item:
    text: int
    speaker: int
    codes: NDArray[np.int16]
    # A text in front, whose frames come first in `codes`; and the number of the item's shard.
    before: int | None = None
    shard: int = 0


class Codes:
    """Shards of codes, the held-out ones apart."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: set[Path] = set()
        self.train: list[Item] = []
        self.held: list[Item] = []

    def follow(self) -> None:
        for file in sorted(set(self._folder.glob("[0-9]*.npz")) - self._files):
            self._files.add(file)
            number = int(file.stem) // TEXTS_PER_SHARD
            with np.load(file) as shard:
                ends = np.cumsum(shard["frames"])
                rows = np.split(shard["codes"], ends[:-1])
                for text, speaker, codes in zip(shard["text"], shard["speaker"], rows, strict=True):
                    item = Item(int(text), int(speaker), codes, shard=number)
                    (self.held if text % _HELD_OUT == 7 else self.train).append(item)

    @property
    def hours(self) -> float:
        return sum(len(item.codes) for item in self.train) * 0.08 / 3600


class Layout:
    """Lays items out as the official code lays out its prompts.

    Args:
        tokenizer: the checkpoint's tokenizer.json.
    """

    # The share of dual-track prompts.
    streamed = 0.35

    def __init__(self, tokenizer: Path, texts: list[str], codebook_size: int) -> None:
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._texts, self._size = texts, codebook_size
        self._known: dict[int, list[int]] = {}
        self._role = self._tokenizer.encode(_ROLE).ids
        names = ("<tts_pad>", "<tts_text_bos>", "<tts_text_eod>")
        self._pad, self._bos, self._eos = map(self._tokenizer.token_to_id, names)

    def all_tokens(self, item: Item, dropout: float) -> list[int]:
        before = [] if item.before is None else self.tokens(item.before, dropout)
        return [*before, *self.tokens(item.text, dropout)]

    def voice(self, item: Item) -> int:
        """Return the codec's id of an item's speaker."""
        return self._size + FIRST_SPEAKER + item.speaker

    def tokens(self, text: int, dropout: float) -> list[int]:
        """Return a text's tokens; dropout leaves some merges out (Provilkov et al. 2020)."""
        if not dropout and text in self._known:
            return self._known[text]
        self._tokenizer.model.dropout = dropout or None  # type: ignore[attr-defined]
        # In the template, as at run time: what a text's ends become depends on what is beside them.
        ids = self._tokenizer.encode(f"{_ROLE}{self._texts[text].strip()}{_REST}").ids[3:-5]
        if not dropout:
            self._known[text] = ids
        return ids

    def rows(
        self, item: Item, random: np.random.Generator | None
    ) -> tuple[list[int], list[int], list[int]]:
        """Return the prompt's text and codec tracks, and the text that joins the frames.

        Without `random` it is the whole-text layout, and the language is named.
        """
        dropout = 0.1 if random is not None and random.random() < 0.3 else 0.0
        tokens = self.all_tokens(item, dropout)
        language = random is None or random.random() < 0.5
        streamed = random is not None and random.random() < self.streamed
        think = (
            [THINK, THINK_BOS, ENGLISH, THINK_EOS] if language else [NOTHINK, THINK_BOS, THINK_EOS]
        )
        prefix = [*(self._size + id for id in think), self.voice(item), self._size + PAD]
        text = [*self._role, *[self._pad] * (len(prefix) - 1), self._bos]
        codec = [*[-1] * len(self._role), *prefix]
        bos, pad = self._size + BOS, self._size + PAD
        if streamed:
            return [*text, tokens[0]], [*codec, bos], [*tokens[1:], self._eos]
        whole = [*tokens, self._eos]
        return [*text, *whole, self._pad], [*codec, *[pad] * len(whole), bos], []

    def batch(
        self, items: list[Item], rows: int, length: int, random: np.random.Generator | None
    ) -> Batch:
        """Return a batch of [rows, length]; rows without an item are empty."""
        books = items[0].codes.shape[1]
        text = np.full((rows, length), self._pad, np.int64)
        codec = np.full((rows, length), -1, np.int64)
        codes = np.zeros((rows, length, books), np.int64)
        framed = np.zeros((rows, length), np.float32)
        target = np.full((rows, length), -100, np.int64)
        places, wanted = [], []
        for row, item in enumerate(items):
            track, prompt, joining = self.rows(item, random)
            count = len(item.codes)
            if len(track) + count > length:  # merges left out make it longer than was counted
                track, prompt, joining = self.rows(item, None)
            start, end = len(track), len(track) + count
            if end > length:
                continue
            text[row, :start], codec[row, :start] = track, prompt
            joining = joining[:count]
            text[row, start : start + len(joining)] = joining
            codes[row, start:end] = item.codes
            framed[row, start:end] = 1
            target[row, start - 1 : end - 1] = item.codes[:, 0]
            target[row, end - 1] = self._size + EOS
            places.append(row * length + np.arange(start - 1, end - 1))
            wanted.append(item.codes)
            if random is not None:
                _spoil(codes[row, start:end], self._size, random)
        at, drawn = _drawn(places, wanted, round(rows * length * _DRAWN), books, random)
        arrays = (text, codec, codes, framed, target, at, drawn)
        return Batch(*(torch.from_numpy(array) for array in arrays))


def _spoil(codes: NDArray[np.int64], size: int, random: np.random.Generator) -> None:
    """Replaces some codes of the input, never of what is asked: at run time they are its own."""
    if random.random() < 0.5:
        return
    hit = random.random(len(codes)) < random.random() * 0.15
    first = int(random.integers(codes.shape[1]))
    codes[hit, first:] = random.integers(1, size, (int(hit.sum()), codes.shape[1] - first))


def _drawn(
    places: list[NDArray[np.int64]],
    wanted: list[NDArray[np.int16]],
    count: int,
    books: int,
    random: np.random.Generator | None,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    at, codes = np.zeros(count, np.int64), np.full((count, books), -100, np.int64)
    if places:
        all_places, all_codes = np.concatenate(places), np.concatenate(wanted)
        order = (
            np.arange(len(all_places)) if random is None else random.permutation(len(all_places))
        )
        order = order[:count]
        at[: len(order)], codes[: len(order)] = all_places[order], all_codes[order]
    return at, codes


class Stream(IterableDataset):
    """Endless random batches; a worker process looks for new shards now and then.

    Args:
        tokens: positions in a batch, padding included.
        prefer: half of the items are of texts from this number on.
    """

    def __init__(
        self, folder: Path, layout: Layout, tokens: int, seed: int, prefer: int | None = None
    ) -> None:
        self._codes, self._layout = Codes(folder), layout
        self._tokens, self._seed, self._prefer = tokens, seed, prefer

    def __iter__(self) -> Iterator[tuple]:
        worker = torch.utils.data.get_worker_info()
        random = np.random.default_rng((self._seed, worker.id if worker else 0))
        torch.set_num_threads(1)
        looked, patience = 0.0, time.monotonic() + 120
        while True:
            if time.monotonic() - looked > 20:
                looked = time.monotonic()
                self._codes.follow()
            if self._codes.train:
                yield from self._pool(random)
            elif time.monotonic() > patience:
                raise SystemExit("no codes have come for two minutes")
            else:
                time.sleep(0.5)
                looked = 0.0

    def _pool(self, random: np.random.Generator) -> Iterator[tuple]:
        for length, items in self._groups(random):
            yield self._layout.batch(items, len(items), length, random)

    def _groups(
        self, random: np.random.Generator, size: int = 4096
    ) -> Iterator[tuple[int, list[Item]]]:
        """Some items, grouped by length; what does not fill a batch is left for another time."""
        groups: dict[int, list[Item]] = {}
        batches: list[tuple[int, list[Item]]] = []
        for item in self._draw(random, size):
            # Exact lengths need the tokens, which are made with the batch; this bounds them.
            need = len(item.codes) + self._bound(item)
            length = next((length for length in LENGTHS if length >= need), None)
            if length is None:
                continue
            group = groups.setdefault(length, [])
            group.append(item)
            if len(group) == self._tokens // length:
                batches.append((length, groups.pop(length)))
        for index in random.permutation(len(batches)):
            yield batches[index]

    def _draw(self, random: np.random.Generator, size: int) -> list[Item]:
        train = self._codes.train
        drawn = [train[index] for index in random.integers(len(train), size=size)]
        if self._prefer is not None:
            preferred = [item for item in train if item.text >= self._prefer]
            if preferred:  # none may have come yet
                indices = random.integers(len(preferred), size=(size + 1) // 2)
                drawn[::2] = [preferred[index] for index in indices]
        return drawn

    def _bound(self, item: Item) -> int:
        return len(self._layout.all_tokens(item, 0.0)) + 14


def held_out(codes: Codes, layout: Layout, most: int = 384) -> list[Batch]:
    """Return the held-out items in the default layout, 32 rows each."""
    items = sorted(codes.held[:most], key=lambda item: len(item.codes))
    batches = []
    for first in range(0, len(items), 32):
        group = items[first : first + 32]
        need = max(len(i.codes) + len(layout.all_tokens(i, 0.0)) + 14 for i in group)
        batches.append(layout.batch(group, len(group), need, None))
    return batches
