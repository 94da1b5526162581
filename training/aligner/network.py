"""The letters aligner's network, for training.

`sidecar/models/aligners/letters/network.py` computes the same in numpy, and describes it.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from sidecar.models.aligners.letters.features import MELS
from sidecar.models.aligners.letters.network import (
    CHANNELS,
    CLASSES,
    DILATIONS,
    EXPANSION,
    KERNEL,
    OPENING,
)
from training.flite import PHONES


class Block(nn.Module):
    """A residual block: a depthwise convolution, a norm of each frame, two products."""

    def __init__(self, dilation: int) -> None:
        super().__init__()
        reach = dilation * (KERNEL // 2)
        self.depthwise = nn.Conv1d(
            CHANNELS, CHANNELS, KERNEL, padding=reach, dilation=dilation, groups=CHANNELS
        )
        self.norm = nn.LayerNorm(CHANNELS)
        self.wide = nn.Linear(CHANNELS, CHANNELS * EXPANSION)
        self.narrow = nn.Linear(CHANNELS * EXPANSION, CHANNELS)
        self.dropout = nn.Dropout(0.1)

    def forward(self, x: Tensor, inside: Tensor) -> Tensor:
        """Map [batch, frames, channels]; `inside` [batch, frames, 1] is 0 after the end."""
        y = self.depthwise(x.transpose(1, 2)).transpose(1, 2)
        y = self.narrow(functional.relu(self.wide(self.norm(y))))
        return (x + self.dropout(y)) * inside


class Network(nn.Module):
    """Says of each frame: letters (CTC, 0 is blank), is it silent, does a word start.

    The phones are another head, which only training has: they teach the layers below what sounds
    there are. Its first one is the pause.
    """

    def __init__(self) -> None:
        super().__init__()
        self.opening = nn.Conv1d(MELS, CHANNELS, OPENING, padding=OPENING // 2)
        self.blocks = nn.ModuleList(Block(dilation) for dilation in DILATIONS)
        self.norm = nn.LayerNorm(CHANNELS)
        self.heads = nn.Linear(CHANNELS, CLASSES)
        self.phones = nn.Linear(CHANNELS, len(PHONES))

    def forward(self, mel: Tensor, inside: Tensor) -> tuple[Tensor, Tensor]:
        """Return the heads [batch, frames, CLASSES] and the phones [batch, frames, PHONES].

        Args:
            mel: normalised features [batch, frames, MELS], 0 after an utterance's end.
            inside: [batch, frames, 1], 1 in the utterance, 0 after its end.
        """
        x = functional.relu(self.opening(mel.transpose(1, 2)).transpose(1, 2)) * inside
        for block in self.blocks:
            x = block(x, inside)
        x = self.norm(x)
        return self.heads(x), self.phones(x)
