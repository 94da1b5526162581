"""Mimi's encoder (Défossez et al. 2024), as in the official checkpoints, in a small configuration.

Parameters are named and shaped as in transformers' MimiModel, so its weights are written out as
they are. Convolutions look back only; a transformer follows at 25 Hz, and the last one halves that.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F

from training.layers import Attention, Rope, Scale

# 45 s at 25 Hz.
_LONGEST = 1200


@dataclass(frozen=True)
class MimiConfig:
    """Sizes, under the names of transformers' MimiConfig."""

    num_filters: int = 16
    upsampling_ratios: tuple[int, ...] = (8, 6, 5, 4)
    hidden_size: int = 256
    intermediate_size: int = 384
    num_hidden_layers: int = 1
    num_attention_heads: int = 4
    head_dim: int = 64
    kernel_size: int = 7
    residual_kernel_size: int = 3
    last_kernel_size: int = 3
    compress: int = 2
    norm_eps: float = 1e-5
    rope_theta: float = 10000.0
    layer_scale_initial_scale: float = 0.3


class _Conv(nn.Module):
    """A causal convolution over [batch, channels, time], which its stride has to divide."""

    def __init__(
        self, inner: int, outer: int, kernel: int, stride: int = 1, bias: bool = True
    ) -> None:
        super().__init__()
        self.conv = nn.Conv1d(inner, outer, kernel, stride, bias=bias)

    def forward(self, x: Tensor, mode: str = "constant") -> Tensor:
        before = self.conv.kernel_size[0] - self.conv.stride[0]
        return self.conv(F.pad(x, (before, 0), mode=mode))


class _Residual(nn.Module):
    def __init__(self, config: MimiConfig, width: int) -> None:
        super().__init__()
        inner = width // config.compress
        self.block = nn.ModuleList(
            [
                nn.ELU(),
                _Conv(width, inner, config.residual_kernel_size),
                nn.ELU(),
                _Conv(inner, width, 1),
            ]
        )

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for layer in self.block:
            y = layer(y)
        return x + y


class _Seanet(nn.Module):
    """Samples → 25 Hz."""

    def __init__(self, config: MimiConfig) -> None:
        super().__init__()
        width = config.num_filters
        layers: list[nn.Module] = [_Conv(1, width, config.kernel_size)]
        for ratio in reversed(config.upsampling_ratios):
            down = _Conv(width, 2 * width, 2 * ratio, ratio)
            layers += [_Residual(config, width), nn.ELU(), down]
            width *= 2
        layers += [nn.ELU(), _Conv(width, config.hidden_size, config.last_kernel_size)]
        self.layers = nn.ModuleList(layers)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


class _Mlp(nn.Module):
    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, inner, bias=False)
        self.fc2 = nn.Linear(inner, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.gelu(self.fc1(x)))


class _Layer(nn.Module):
    def __init__(self, config: MimiConfig, rope: Rope) -> None:
        super().__init__()
        width, eps, scale = config.hidden_size, config.norm_eps, config.layer_scale_initial_scale
        heads, head_dim = config.num_attention_heads, config.head_dim
        self.self_attn = Attention(width, heads, head_dim, rope, normed=False, eps=eps)
        self.mlp = _Mlp(width, config.intermediate_size)
        self.input_layernorm = nn.LayerNorm(width, eps=eps)
        self.post_attention_layernorm = nn.LayerNorm(width, eps=eps)
        self.self_attn_layer_scale = Scale(width, scale)
        self.mlp_layer_scale = Scale(width, scale)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.self_attn_layer_scale(self.self_attn(self.input_layernorm(x), None))
        return x + self.mlp_layer_scale(self.mlp(self.post_attention_layernorm(x)))


class _Transformer(nn.Module):
    def __init__(self, config: MimiConfig) -> None:
        super().__init__()
        self.rope = Rope(config.head_dim, config.rope_theta, _LONGEST)
        self.layers = nn.ModuleList(
            _Layer(config, self.rope) for _ in range(config.num_hidden_layers)
        )

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


class MimiEncoder(nn.Module):
    """Samples [batch, frames × 1920] → latents [batch, frames, hidden_size]."""

    def __init__(self, config: MimiConfig) -> None:
        super().__init__()
        width = config.hidden_size
        self.encoder = _Seanet(config)
        self.encoder_transformer = _Transformer(config)
        self.downsample = _Conv(width, width, 4, 2, bias=False)

    def forward(self, audio: Tensor) -> Tensor:
        x = self.encoder_transformer(self.encoder(audio[:, None]).transpose(1, 2))
        return self.downsample(x.transpose(1, 2), mode="replicate").transpose(1, 2)
