"""The codec: Qwen3-TTS's 12 Hz decoder in a small configuration, and an encoder to train it with.

Parameters are named and shaped as in the official Qwen3TTSTokenizerV2Decoder (qwen-tts 0.1.1),
so its weights are written out as they are. The stages narrow on the way up to 24 kHz, which the
official code has no configuration for; mlx-audio takes the widths from the weights. README.md
shows what a configuration that both of them load costs.

The encoder looks at mel spectra both ways in time; it makes training data and is not shipped. A
Base model's is Mimi's instead (`mimi.py`), and is.

Activations are [batch, time, channels].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.layers import DecoderTransformer, Snake
from training.losses import mel_filters
from training.mimi import MimiConfig, MimiEncoder
from training.quantiser import SplitQuantiser

_MEL_BANDS, _MEL_WINDOW, _MEL_HOP = 100, 1024, 240


@dataclass(frozen=True)
class CodecConfig:
    """Sizes, under the official configuration's names where it has one.

    Attributes:
        groups: of the blocks' first convolutions, which is all that `latent_dim` says to
            mlx-audio; every width is a multiple of it.
        mimi: an encoder in the format's layout, which is shipped; without, one of mel spectra.
        latent: the width at 12.5 Hz.
        stages: on the way up: ratio, width, and the width in the middle of the block.
    """

    codebook_size: int = 512
    num_quantizers: int = 8
    codebook_dim: int = 256
    hidden_size: int = 256
    intermediate_size: int = 512
    num_hidden_layers: int = 2
    num_attention_heads: int = 4
    head_dim: int = 64
    sliding_window: int = 32
    groups: int = 16
    latent: int = 256
    decoder_dim: int = 16
    stages: tuple[tuple[int, int, int], ...] = (
        (2, 256, 512),
        (2, 256, 512),
        (2, 256, 512),
        (1, 256, 512),
        (4, 160, 320),
        (1, 160, 320),
        (5, 112, 224),
        (12, 16, 48),
    )
    layer_scale_initial_scale: float = 0.1
    rms_norm_eps: float = 1e-5
    rope_theta: float = 10000.0
    mimi: MimiConfig | None = None

    @classmethod
    def of(cls, saved: dict[str, Any]) -> CodecConfig:
        """From what `asdict` made of one."""
        mimi = saved.get("mimi")
        return cls(**{**saved, "mimi": MimiConfig(**mimi) if mimi else None})


class CausalConv(nn.Module):
    """A convolution that looks back only; grouped ones as a sum of shifted products."""

    def __init__(self, inner: int, outer: int, kernel: int, groups: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv1d(inner, outer, kernel, groups=groups)

    def forward(self, x: Tensor) -> Tensor:
        weight, bias = self.conv.weight, self.conv.bias
        kernel, time = weight.shape[-1], x.shape[1]
        x = F.pad(x, (0, 0, kernel - 1, 0))
        if self.conv.groups == 1:
            return self.conv(x.transpose(1, 2)).transpose(1, 2)
        # cuDNN's grouped convolutions are several times slower than this.
        groups = self.conv.groups
        weight, y = weight.to(x.dtype), bias.to(x.dtype)
        if groups == weight.shape[0]:
            for tap in range(kernel):
                y = torch.addcmul(y, x[:, tap : tap + time], weight[:, 0, tap])
            return y
        windows = torch.stack([x[:, tap : tap + time] for tap in range(kernel)], dim=3)
        windows = windows.view(len(x), time, groups, -1)
        matrix = weight.view(groups, weight.shape[0] // groups, -1)
        return torch.einsum("btgi,goi->btgo", windows, matrix).flatten(2) + y


class Upsample(nn.Module):
    """A transposed convolution whose kernel is its stride: a matrix product."""

    def __init__(self, inner: int, outer: int, ratio: int) -> None:
        super().__init__()
        self.conv = nn.ConvTranspose1d(inner, outer, ratio, stride=ratio)

    def forward(self, x: Tensor) -> Tensor:
        inner, outer, ratio = self.conv.weight.shape
        matrix = self.conv.weight.permute(2, 1, 0).reshape(ratio * outer, inner)
        y = F.linear(x, matrix, self.conv.bias.repeat(ratio))
        return y.view(x.shape[0], -1, outer)


class ConvNeXt(nn.Module):
    """A causal ConvNeXt block (Liu et al. 2022)."""

    def __init__(self, width: int, inner: int, groups: int) -> None:
        super().__init__()
        self.dwconv = CausalConv(width, width, 7, groups)
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.pwconv1 = nn.Linear(width, inner)
        self.pwconv2 = nn.Linear(inner, width)
        self.gamma = nn.Parameter(torch.full((width,), 0.3))

    def forward(self, x: Tensor) -> Tensor:
        y = self.pwconv2(F.gelu(self.pwconv1(self.norm(self.dwconv(x)))))
        return x + self.gamma.to(y.dtype) * y


class Decoder(nn.Module):
    """Quantised vectors [batch, frames, codebook_dim] → samples [batch, frames × 1920]."""

    def __init__(self, config: CodecConfig) -> None:
        super().__init__()
        latent, width = config.latent, config.decoder_dim
        self.pre_conv = CausalConv(config.codebook_dim, latent, 3)
        self.pre_transformer = DecoderTransformer(config)
        widths = [latent, *(width for _, width, _ in config.stages)]
        self.upsample = nn.ModuleList(
            nn.ModuleList([Upsample(inner, width, ratio), ConvNeXt(width, middle, config.groups)])
            for inner, (ratio, width, middle) in zip(widths, config.stages, strict=False)
        )
        self.decoder = nn.ModuleList(
            [CausalConv(widths[-1], width, 7), Snake(width), CausalConv(width, 1, 7)]
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.pre_transformer(self.pre_conv(x))
        for upsample, block in self.upsample:
            x = block(upsample(x))
        first, snake, last = self.decoder
        x = first(x)
        # Eight bits of mantissa are too few for samples.
        with torch.autocast(x.device.type, enabled=False):
            return last(snake(x.float())).squeeze(2)


class _Block(nn.Module):
    """A ConvNeXt block that looks both ways."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(width, width, 7, padding=3, groups=width)
        self.norm = nn.LayerNorm(width)
        self.widen, self.narrow = nn.Linear(width, 3 * width), nn.Linear(3 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        time, taps = x.shape[1], self.depthwise.weight[:, 0].to(x.dtype)
        padded, y = F.pad(x, (0, 0, 3, 3)), self.depthwise.bias.to(x.dtype)
        for tap in range(taps.shape[1]):
            y = y + padded[:, tap : tap + time] * taps[:, tap]
        return x + 0.2 * self.narrow(F.gelu(self.widen(self.norm(y))))


class Encoder(nn.Module):
    """Samples [batch, frames × 1920] → latents [batch, frames, codebook_dim]."""

    def __init__(self, config: CodecConfig, width: int = 256) -> None:
        super().__init__()
        self.register_buffer("filters", mel_filters(_MEL_WINDOW, _MEL_BANDS), persistent=False)
        self.register_buffer("window", torch.hann_window(_MEL_WINDOW), persistent=False)
        self.first = nn.Conv1d(_MEL_BANDS, width, 5, padding=2)
        self.fine = nn.Sequential(*(_Block(width) for _ in range(3)))
        self.down = nn.ModuleList(nn.Linear(2 * width, width) for _ in range(3))
        self.coarse = nn.ModuleList(nn.Sequential(_Block(width), _Block(width)) for _ in range(3))
        self.last = nn.Linear(width, config.codebook_dim)

    def forward(self, audio: Tensor) -> Tensor:
        x = self.fine(self.first(self._mel(audio)).transpose(1, 2))
        for down, blocks in zip(self.down, self.coarse, strict=True):
            batch, time, width = x.shape
            x = blocks(down(x.reshape(batch, time // 2, 2 * width)))
        return self.last(x)

    def _mel(self, audio: Tensor) -> Tensor:
        """Return log mel spectra [batch, bands, frames × 8]."""
        with torch.autocast(audio.device.type, enabled=False):
            side = (_MEL_WINDOW - _MEL_HOP) // 2
            spectrum = torch.stft(
                F.pad(audio, (side, side)),
                _MEL_WINDOW,
                _MEL_HOP,
                window=self.window,
                center=False,
                return_complex=True,
            ).abs()
            return (torch.log(self.filters @ spectrum + 1e-4) + 4) / 4


class Codec(nn.Module):
    """Encoder, quantiser and decoder.

    `phones` reads the four 20 ms phone labels of a frame off codebook 0 alone: what it must
    carry is what is said (a semantic first codebook, after SpeechTokenizer, Zhang et al. 2023).
    """

    def __init__(self, config: CodecConfig, phones: int) -> None:
        super().__init__()
        self.encoder = MimiEncoder(config.mimi) if config.mimi else Encoder(config)
        self.quantiser = SplitQuantiser(config)
        self.decoder = Decoder(config)
        self.phones = nn.Linear(config.codebook_dim // 2, 4 * phones)

    @torch.no_grad()
    def encode(self, audio: Tensor) -> Tensor:
        """Encode samples [batch, frames × 1920] → codes [batch, frames, codebooks]."""
        latent = self.encoder(audio).float()
        # As it was trained: eight bits are too few to tell neighbours apart.
        with torch.autocast(audio.device.type, enabled=False):
            return self.quantiser.encode(latent)

    def decode(self, codes: Tensor) -> Tensor:
        return self.decoder(self.quantiser.decode(codes))
