"""Split residual vector quantisation (Mimi, Défossez et al. 2024), with moving-average codebooks.

Codebook 0 quantises one projection of the latent, the others, one after the other, what is left
of another projection. Nothing here waits for the GPU, so that a step can be a CUDA graph.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

_DECAY = 0.98
# Codebook 0's id 0 means "no frame" to mlx-audio: its vector is too far away to be chosen.
_FAR = 1e4


class Codebooks(nn.Module):
    """A chain of codebooks, each over what the ones before it left.

    Learned by moving averages (van den Oord et al. 2017); entries that are not used are moved to
    a vector of the batch.
    """

    def __init__(self, books: int, size: int, dim: int, reserve_first: bool) -> None:
        super().__init__()
        self.reserve_first = reserve_first
        self.register_buffer("vectors", torch.randn(books, size, dim) * 0.1)
        self.register_buffer("usage", torch.ones(books, size))
        self.register_buffer("sums", self.vectors.clone())
        self._reserve()

    def _reserve(self) -> None:
        if self.reserve_first:
            self.vectors[0, 0] = _FAR

    def nearest(self, x: Tensor, book: int) -> Tensor:
        vectors = self.vectors[book]
        return (vectors.square().sum(1) - 2 * x @ vectors.T).argmin(1)

    def encode(self, x: Tensor) -> Tensor:
        """[n, dim] → codes [n, books]."""
        codes = []
        for book in range(len(self.vectors)):
            codes.append(self.nearest(x, book))
            x = x - self.vectors[book][codes[-1]]
        return torch.stack(codes, dim=1)

    def decode(self, codes: Tensor) -> Tensor:
        return sum(self.vectors[book][codes[..., book]] for book in range(len(self.vectors)))

    def learn(self, x: Tensor, depth: Tensor) -> tuple[Tensor, Tensor]:
        """Quantise [n, dim] with `depth` [n] codebooks each, and move the codebooks.

        Returns:
            the quantised vectors, and the commitment loss
        """
        rest, total, commitment = x.detach(), torch.zeros_like(x), x.new_zeros(())
        for book in range(len(self.vectors)):
            codes = self.nearest(rest, book)
            chosen = self.vectors[book][codes]
            self._move(book, rest, codes)
            used = (depth > book).to(x.dtype)[:, None]
            total, rest = total + chosen * used, rest - chosen
            commitment = commitment + ((x - total).square().mean(1, keepdim=True) * used).mean()
        return total, commitment / len(self.vectors)

    @torch.no_grad()
    def _move(self, book: int, x: Tensor, codes: Tensor) -> None:
        size = self.vectors.shape[1]
        count = torch.zeros(size, device=x.device).index_add_(0, codes, x.new_ones(len(x)))
        total = torch.zeros_like(self.vectors[book]).index_add_(0, codes, x)
        usage = self.usage[book] * _DECAY + count * (1 - _DECAY)
        sums = self.sums[book] * _DECAY + total * (1 - _DECAY)
        dead = (usage < 0.02 * len(x) / size)[:, None]
        fresh = x[torch.randint(len(x), (size,), device=x.device)]
        vectors = torch.where(dead, fresh, sums / usage.clamp_min(1e-4)[:, None])
        usage = torch.where(dead[:, 0], torch.full_like(usage, 0.1 * len(x) / size), usage)
        self.usage[book].copy_(usage)
        self.sums[book].copy_(vectors * usage[:, None])
        self.vectors[book].copy_(vectors)
        if book == 0:
            self._reserve()


class SplitQuantiser(nn.Module):
    def __init__(self, config: Any) -> None:
        super().__init__()
        width, half = config.codebook_dim, config.codebook_dim // 2
        books, size = config.num_quantizers, config.codebook_size
        self.semantic_in = nn.Linear(width, half, bias=False)
        self.acoustic_in = nn.Linear(width, half, bias=False)
        self.semantic_out = nn.Linear(half, width, bias=False)
        self.acoustic_out = nn.Linear(half, width, bias=False)
        self.semantic = Codebooks(1, size, half, reserve_first=True)
        self.acoustic = Codebooks(books - 1, size, half, reserve_first=False)

    def encode(self, latent: Tensor) -> Tensor:
        batch, time, width = latent.shape
        flat = latent.reshape(-1, width)
        first = self.semantic.encode(self.semantic_in(flat))
        rest = self.acoustic.encode(self.acoustic_in(flat))
        return torch.cat([first, rest], dim=1).view(batch, time, -1)

    def decode(self, codes: Tensor) -> Tensor:
        semantic = self.semantic_out(self.semantic.decode(codes[..., :1]))
        return semantic + self.acoustic_out(self.acoustic.decode(codes[..., 1:]))

    def forward(self, latent: Tensor, full: float = 0.75) -> tuple[Tensor, Tensor, Tensor]:
        """Quantise [batch, time, width], and learn from it.

        Args:
            full: the share of rows that all acoustic codebooks are used for; the others get a
                random number of them (quantiser dropout, SoundStream, Zeghidour et al. 2021).

        Returns:
            the quantised latent, codebook 0's vectors [batch, time, width / 2], the
            commitment loss
        """
        batch, time, width = latent.shape
        flat = latent.float().reshape(-1, width)
        one, many = self.semantic_in(flat), self.acoustic_in(flat)
        books = len(self.acoustic.vectors)
        draw = torch.rand(batch, 2, device=latent.device)
        depth = torch.where(draw[:, 0] < full, books, (draw[:, 1] * (books + 1)).floor())
        semantic, loss_one = self.semantic.learn(one, torch.ones_like(one[:, 0]))
        acoustic, loss_many = self.acoustic.learn(many, depth.repeat_interleave(time))
        # Straight through: the gradient passes the quantiser as if it were not there.
        semantic = one + (semantic - one).detach()
        acoustic = many + (acoustic - many).detach()
        y = self.semantic_out(semantic) + self.acoustic_out(acoustic)
        return (
            y.view(batch, time, width),
            semantic.view(batch, time, -1),
            loss_one + loss_many,
        )
