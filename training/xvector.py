"""The speaker encoder of a Base model: an ECAPA-TDNN (Desplanques et al. 2020) over mel spectra.

Parameters are named and shaped as in the official Qwen3TTSSpeakerEncoder (qwen-tts 0.1.1), the
spectra computed as its code does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.speech import SAMPLE_RATE

_WINDOW, HOP, BANDS = 1024, 256, 128
_FLOOR = 1e-5


@dataclass(frozen=True)
class SpeakerConfig:
    """Sizes, under the official names; more than 64 inputs for every 1×1 kernel, or mlx-audio
    mistakes its layout."""

    enc_dim: int = 256
    enc_channels: tuple[int, ...] = (96, 96, 96, 96, 288)
    enc_kernel_sizes: tuple[int, ...] = (5, 3, 3, 3, 1)
    enc_dilations: tuple[int, ...] = (1, 2, 3, 4, 1)
    enc_attention_channels: int = 96
    enc_res2net_scale: int = 2
    enc_se_channels: int = 96
    mel_dim: int = BANDS


def slaney_filters() -> Tensor:
    """Return triangular filters [bands, window / 2 + 1] of Slaney's mel scale and areas."""
    log_step = np.log(6.4) / 27

    def hertz(mel: np.ndarray) -> np.ndarray:
        return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp(log_step * (mel - 15)))

    top = 15 + np.log(SAMPLE_RATE / 2 / 1000) / log_step
    edges = hertz(np.linspace(0, top, BANDS + 2))
    bins = np.linspace(0, SAMPLE_RATE / 2, _WINDOW // 2 + 1)
    rise = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    fall = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    area = 2 / (edges[2:] - edges[:-2])
    return torch.from_numpy(np.maximum(0, np.minimum(rise, fall)) * area[:, None]).float()


def mel_spectra(audio: Tensor, filters: Tensor) -> Tensor:
    """float [batch, samples] → [batch, bands, samples / 256]."""
    side = (_WINDOW - HOP) // 2
    spectrum = torch.stft(
        F.pad(audio[:, None], (side, side), mode="reflect")[:, 0],
        _WINDOW,
        HOP,
        window=torch.hann_window(_WINDOW, device=audio.device),
        center=False,
        return_complex=True,
    )
    magnitude = torch.sqrt(torch.view_as_real(spectrum).square().sum(-1) + 1e-9)
    return torch.log((filters @ magnitude).clamp_min(_FLOOR))


class _Tdnn(nn.Module):
    def __init__(self, inner: int, outer: int, kernel: int, dilation: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(inner, outer, kernel, dilation=dilation)
        self._side = (kernel - 1) * dilation // 2

    def forward(self, x: Tensor) -> Tensor:
        if self._side:
            x = F.pad(x, (self._side, self._side), mode="reflect")
        return F.relu(self.conv(x))


class _Res2Net(nn.Module):
    def __init__(self, width: int, scale: int, kernel: int, dilation: int) -> None:
        super().__init__()
        part = width // scale
        self.blocks = nn.ModuleList(_Tdnn(part, part, kernel, dilation) for _ in range(scale - 1))

    def forward(self, x: Tensor) -> Tensor:
        first, *parts = x.chunk(len(self.blocks) + 1, dim=1)
        outputs = [first]
        for block, part in zip(self.blocks, parts, strict=True):
            outputs.append(block(part + outputs[-1] if len(outputs) > 1 else part))
        return torch.cat(outputs, dim=1)


class _Squeeze(nn.Module):
    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv1d(width, inner, 1), nn.Conv1d(inner, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        mean = F.relu(self.conv1(x.mean(2, keepdim=True)))
        return x * torch.sigmoid(self.conv2(mean))


class _Block(nn.Module):
    def __init__(self, config: SpeakerConfig, inner: int, index: int) -> None:
        super().__init__()
        width = config.enc_channels[index]
        kernel, dilation = config.enc_kernel_sizes[index], config.enc_dilations[index]
        self.tdnn1 = _Tdnn(inner, width, 1, 1)
        self.res2net_block = _Res2Net(width, config.enc_res2net_scale, kernel, dilation)
        self.tdnn2 = _Tdnn(width, width, 1, 1)
        self.se_block = _Squeeze(width, config.enc_se_channels)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.se_block(self.tdnn2(self.res2net_block(self.tdnn1(x))))


class _Pooling(nn.Module):
    """Mean and deviation over time, as attention weighs it."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.tdnn = _Tdnn(3 * width, inner, 1, 1)
        self.conv = nn.Conv1d(inner, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        even = torch.full_like(x[:, :1], 1 / x.shape[2])
        context = torch.cat([x, *(part.expand_as(x) for part in self._moments(x, even))], dim=1)
        weights = self.conv(torch.tanh(self.tdnn(context))).softmax(dim=2)
        return torch.cat(self._moments(x, weights), dim=1)

    @staticmethod
    def _moments(x: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        mean = (weights * x).sum(2, keepdim=True)
        variance = (weights * (x - mean).square()).sum(2, keepdim=True)
        return mean, variance.clamp_min(1e-6).sqrt()


class SpeakerEncoder(nn.Module):
    """Mel spectra [batch, bands, time] → [batch, enc_dim]."""

    def __init__(self, config: SpeakerConfig) -> None:
        super().__init__()
        channels = config.enc_channels
        first = _Tdnn(BANDS, channels[0], config.enc_kernel_sizes[0], config.enc_dilations[0])
        blocks = [
            _Block(config, channels[index - 1], index) for index in range(1, len(channels) - 1)
        ]
        self.blocks = nn.ModuleList([first, *blocks])
        self.mfa = _Tdnn(channels[-1], channels[-1], config.enc_kernel_sizes[-1], 1)
        self.asp = _Pooling(channels[-1], config.enc_attention_channels)
        self.fc = nn.Conv1d(2 * channels[-1], config.enc_dim, 1)

    def forward(self, mel: Tensor) -> Tensor:
        x, outputs = mel, []
        for block in self.blocks:
            x = block(x)
            outputs.append(x)
        return self.fc(self.asp(self.mfa(torch.cat(outputs[1:], dim=1)))).squeeze(2)
