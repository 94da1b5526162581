"""Layers that the codec and the talker share, under the official code's parameter names."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class RmsNorm(nn.Module):
    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, (x.shape[-1],), self.weight.to(x.dtype), self.eps)


class Rope(nn.Module):
    """Rotary positions (Su et al. 2021), in the half-split form.

    One text track means that the three position rows of Qwen's interleaved M-RoPE are equal,
    and so it is plain RoPE.
    """

    def __init__(self, head_dim: int, theta: float, length: int) -> None:
        super().__init__()
        rates = theta ** -(torch.arange(0, head_dim, 2).double() / head_dim)
        angles = torch.outer(torch.arange(length).double(), rates).float()
        self.register_buffer("cos", angles.cos().repeat(1, 2), persistent=False)
        self.register_buffer("sin", angles.sin().repeat(1, 2), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, heads, time, head_dim], turned by its positions from 0."""
        time = x.shape[2]
        first, second = x.chunk(2, dim=-1)
        turned = torch.cat([-second, first], dim=-1)
        return x * self.cos[:time].to(x.dtype) + turned * self.sin[:time].to(x.dtype)


class Attention(nn.Module):
    """Causal self-attention; Qwen3's norms of queries and keys where `normed`."""

    def __init__(
        self, width: int, heads: int, head_dim: int, rope: Rope, normed: bool, eps: float
    ) -> None:
        super().__init__()
        self.heads, self.head_dim = heads, head_dim
        self._rope = [rope]  # not a submodule: it is shared
        inner = heads * head_dim
        self.q_proj = nn.Linear(width, inner, bias=False)
        self.k_proj = nn.Linear(width, inner, bias=False)
        self.v_proj = nn.Linear(width, inner, bias=False)
        self.o_proj = nn.Linear(inner, width, bias=False)
        self.q_norm = RmsNorm(head_dim, eps) if normed else nn.Identity()
        self.k_norm = RmsNorm(head_dim, eps) if normed else nn.Identity()

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        batch, time, _ = x.shape
        shape = (batch, time, self.heads, self.head_dim)
        q = self.q_norm(self.q_proj(x).view(shape)).transpose(1, 2)
        k = self.k_norm(self.k_proj(x).view(shape)).transpose(1, 2)
        v = self.v_proj(x).view(shape).transpose(1, 2)
        q, k = self._rope[0](q), self._rope[0](k)
        y = F.scaled_dot_product_attention(
            q.to(v.dtype), k.to(v.dtype), v, attn_mask=mask, is_causal=mask is None
        )
        return self.o_proj(y.transpose(1, 2).reshape(batch, time, -1))


class GatedMlp(nn.Module):
    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(width, inner, bias=False)
        self.up_proj = nn.Linear(width, inner, bias=False)
        self.down_proj = nn.Linear(inner, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Snake(nn.Module):
    """SnakeBeta: x + sin²(x·eᵃ) / eᵇ (BigVGAN, Lee et al. 2022)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.zeros(width))
        self.beta = nn.Parameter(torch.zeros(width))

    def forward(self, x: Tensor) -> Tensor:
        return x + torch.sin(x * self.alpha.exp()).square() / (self.beta.exp() + 1e-9)


class Scale(nn.Module):
    def __init__(self, width: int, value: float) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.full((width,), value))

    def forward(self, x: Tensor) -> Tensor:
        return self.scale.to(x.dtype) * x


class _DecoderLayer(nn.Module):
    def __init__(self, config: Any, rope: Rope) -> None:
        super().__init__()
        width, eps = config.hidden_size, config.rms_norm_eps
        heads, head_dim = config.num_attention_heads, config.head_dim
        self.self_attn = Attention(width, heads, head_dim, rope, normed=False, eps=eps)
        self.mlp = GatedMlp(width, config.intermediate_size)
        self.input_layernorm = RmsNorm(width, eps)
        self.post_attention_layernorm = RmsNorm(width, eps)
        self.self_attn_layer_scale = Scale(width, config.layer_scale_initial_scale)
        self.mlp_layer_scale = Scale(width, config.layer_scale_initial_scale)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        x = x + self.self_attn_layer_scale(self.self_attn(self.input_layernorm(x), mask))
        return x + self.mlp_layer_scale(self.mlp(self.post_attention_layernorm(x)))


class DecoderTransformer(nn.Module):
    """The codec's transformer: causal, over the last `sliding_window` frames."""

    def __init__(self, config: Any, longest: int = 256) -> None:
        super().__init__()
        rope = Rope(config.head_dim, config.rope_theta, longest)
        self.rope = rope
        self.input_proj = nn.Linear(config.latent, config.hidden_size)
        self.layers = nn.ModuleList(
            _DecoderLayer(config, rope) for _ in range(config.num_hidden_layers)
        )
        self.norm = RmsNorm(config.hidden_size, config.rms_norm_eps)
        self.output_proj = nn.Linear(config.hidden_size, config.latent)
        at = torch.arange(longest)
        distance = at[:, None] - at
        window = (distance >= 0) & (distance < config.sliding_window)
        self.register_buffer("window", window, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        mask = self.window[: x.shape[1], : x.shape[1]]
        x = self.input_proj(x)
        for layer in self.layers:
            x = layer(x, mask)
        return self.output_proj(self.norm(x))
