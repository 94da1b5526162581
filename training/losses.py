"""What the codec is trained on: mel spectra at several resolutions, and discriminators."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm

from training.speech import SAMPLE_RATE

_FLOOR = 1e-4
_LINEAR = 0.1


def mel_filters(window: int, bands: int) -> Tensor:
    """Return triangular filters [bands, window / 2 + 1], HTK's mel scale, peak 1."""
    top = 2595 * np.log10(1 + SAMPLE_RATE / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, top, bands + 2) / 2595) - 1)
    bins = np.linspace(0, SAMPLE_RATE / 2, window // 2 + 1)
    rise = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    fall = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    return torch.from_numpy(np.maximum(0, np.minimum(rise, fall))).float()


class MelLoss(nn.Module):
    """L1 between mel spectra, logarithmic and a little linear, at windows from 5 to 85 ms.

    As in DAC (Kumar et al. 2023).
    """

    _SIZES = ((128, 10), (256, 20), (512, 40), (1024, 80), (2048, 120))

    def __init__(self) -> None:
        super().__init__()
        for window, bands in self._SIZES:
            self.register_buffer(f"window{window}", torch.hann_window(window))
            self.register_buffer(f"filters{window}", mel_filters(window, bands))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        both = torch.cat([x, y]).float()
        losses = []
        for window, _ in self._SIZES:
            spectrum = torch.stft(
                both,
                window,
                window // 4,
                window=getattr(self, f"window{window}"),
                return_complex=True,
            )
            mel = getattr(self, f"filters{window}") @ (spectrum.abs() + 1e-7)
            a, b = torch.log10(mel.clamp_min(_FLOOR)).chunk(2)
            loud, wanted = mel.chunk(2)
            # Logarithms alone leave what is loud too quiet.
            scale = wanted.mean().clamp_min(1e-3)
            losses.append((a - b).abs().mean() + _LINEAR * (loud - wanted).abs().mean() / scale)
        return torch.stack(losses).mean()


class Discriminators(nn.Module):
    """Multi-resolution complex spectrogram discriminators (EnCodec, Défossez et al. 2022)."""

    _SIZES = ((2048, 512), (1024, 256), (512, 128))

    def __init__(self, channels: int = 24) -> None:
        super().__init__()
        self.nets = nn.ModuleList(self._net(channels) for _ in self._SIZES)
        for window, _ in self._SIZES:
            self.register_buffer(f"window{window}", torch.hann_window(window))

    @staticmethod
    def _net(channels: int) -> nn.ModuleList:
        def conv(inner: int, kernel: tuple[int, int], stride: tuple[int, int]) -> nn.Module:
            padding = (kernel[0] // 2, kernel[1] // 2)
            return weight_norm(nn.Conv2d(inner, channels, kernel, stride, padding))

        return nn.ModuleList(
            [
                conv(2, (3, 9), (1, 1)),
                *(conv(channels, (3, 9), (1, 2)) for _ in range(3)),
                conv(channels, (3, 3), (1, 1)),
                weight_norm(nn.Conv2d(channels, 1, 3, 1, 1)),
            ]
        )

    def forward(self, x: Tensor) -> list[tuple[Tensor, list[Tensor]]]:
        """Per resolution: verdicts, and the features on the way."""
        outputs = []
        for (window, hop), net in zip(self._SIZES, self.nets, strict=True):
            with torch.autocast(x.device.type, enabled=False):
                hann = getattr(self, f"window{window}")
                spectrum = torch.stft(x.float(), window, hop, window=hann, return_complex=True)
                y = torch.view_as_real(spectrum / window**0.5 * 8).permute(0, 3, 2, 1)
            features = []
            for layer in net[:-1]:
                y = F.leaky_relu(layer(y), 0.1)
                features.append(y)
            outputs.append((net[-1](y), features))
        return outputs


Verdicts = list[tuple[Tensor, list[Tensor]]]


def discriminator_loss(real: Verdicts, fake: Verdicts) -> Tensor:
    """Hinge loss."""
    losses = [
        F.relu(1 - a.float()).mean() + F.relu(1 + b.float()).mean()
        for (a, _), (b, _) in zip(real, fake, strict=True)
    ]
    return torch.stack(losses).mean()


def generator_losses(real: Verdicts, fake: Verdicts) -> tuple[Tensor, Tensor]:
    """Return the adversarial and the feature-matching loss."""
    adversarial = torch.stack([-b.float().mean() for b, _ in fake]).mean()
    distances = [
        (p - q).abs().float().mean() / p.abs().float().mean().clamp_min(1e-3)
        for (_, a), (_, b) in zip(real, fake, strict=True)
        for p, q in zip(a, b, strict=True)
    ]
    return adversarial, torch.stack(distances).mean()
