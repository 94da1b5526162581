"""The codec's parts as steps: (new input, state of the past) → (output, new state).

Arrays are float32 [1, time, channels]. A state is None before the first step. Weights come
in mlx-audio's layout: [out, kernel, in / groups].
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mlx.core as mx
import mlx.nn as nn

from sidecar.models.backend import on_cpu

State = Any
Step = Callable[[mx.array, State], tuple[mx.array, State]]


def _past(x: mx.array, length: int, state: State) -> mx.array:
    """`x` behind its last `length` inputs, zeros at the very start."""
    if length == 0:
        return x
    past = mx.zeros((x.shape[0], length, x.shape[2]), x.dtype) if state is None else state
    return mx.concatenate([past, x], axis=1)


class CausalConv:
    """A 1-D convolution that looks back only; its state is the inputs it will need again."""

    def __init__(self, conv: nn.Conv1d) -> None:
        self._weight = conv.weight
        self._bias = conv.bias if "bias" in conv else None
        self._dilation = conv.dilation
        self._kernel = self._weight.shape[1]
        self._length = (self._kernel - 1) * self._dilation
        self._groups = conv.groups
        self._on_cpu = on_cpu()
        if self._on_cpu:
            self._arrange()

    def _arrange(self) -> None:
        """[out, kernel, in / groups] → per tap a matrix, one per group, or a row if depthwise."""
        out, kernel, width = self._weight.shape
        if width == 1:
            taps = self._weight[:, :, 0].T
        elif self._groups == 1:
            taps = self._weight.transpose(1, 2, 0)
        else:
            grouped = self._weight.reshape(self._groups, out // self._groups, kernel, width)
            taps = grouped.transpose(2, 0, 3, 1)
        self._taps = [mx.contiguous(tap) for tap in taps]

    def __call__(self, x: mx.array, state: State) -> tuple[mx.array, State]:
        x = _past(x, self._length, state)
        y = self._product(x) if self._on_cpu else self._conv(x)
        return y, x[:, x.shape[1] - self._length :]

    def _conv(self, x: mx.array) -> mx.array:
        y = mx.conv1d(x, self._weight, dilation=self._dilation, groups=self._groups)
        return y if self._bias is None else y + self._bias

    def _product(self, x: mx.array) -> mx.array:
        """One product per tap over a shifted view of `x`, each added to the sum so far."""
        time = x.shape[1] - self._length
        views = [x[:, i * self._dilation :][:, :time] for i in range(self._kernel)]
        y = mx.array(0.0) if self._bias is None else self._bias
        if self._weight.shape[2] == 1:
            return sum((view * tap for view, tap in zip(views, self._taps, strict=True)), y)
        if self._groups == 1:
            for view, tap in zip(views, self._taps, strict=True):
                y = mx.addmm(y, view, tap)
            return y
        shape = (x.shape[0], time, self._groups, -1)
        for view, tap in zip(views, self._taps, strict=True):
            product = view.reshape(shape).transpose(0, 2, 1, 3) @ tap
            y = y + product.transpose(0, 2, 1, 3).reshape(x.shape[0], time, -1)
        return y


class CausalTransposeConv:
    """A transposed convolution as one product and an overlap-add.

    Each input makes `kernel` outputs that start `stride` apart; the ones past its own stride
    wait in the state for the inputs to come.
    """

    def __init__(self, conv: nn.ConvTranspose1d) -> None:
        self._stride: int = conv.stride
        out, kernel, width = conv.weight.shape
        if kernel % self._stride:
            raise ValueError(f"kernel {kernel} is no multiple of stride {self._stride}")
        self._overlaps = kernel // self._stride - 1
        self._out = out
        self._matrix = mx.contiguous(conv.weight.transpose(2, 1, 0).reshape(width, kernel * out))
        self._bias = conv.bias if "bias" in conv else None

    def __call__(self, x: mx.array, state: State) -> tuple[mx.array, State]:
        batch, time, _ = x.shape
        parts = (x @ self._matrix).reshape(batch, time, -1, self._stride * self._out)
        parts = _past_parts(parts, self._overlaps, state)
        y = parts[:, self._overlaps :, 0]
        for back in range(1, self._overlaps + 1):
            y = y + parts[:, self._overlaps - back : self._overlaps - back + time, back]
        y = y.reshape(batch, time * self._stride, self._out)
        if self._bias is not None:
            y = y + self._bias
        return y, parts[:, parts.shape[1] - self._overlaps :]


def _rms_norm(norm: Any, x: mx.array) -> mx.array:
    """mlx-audio's DecoderRMSNorm in one kernel instead of six."""
    return mx.fast.rms_norm(x, norm.weight, norm.eps)


def _past_parts(parts: mx.array, length: int, state: State) -> mx.array:
    if length == 0:
        return parts
    past = mx.zeros((parts.shape[0], length, *parts.shape[2:]), parts.dtype)
    return mx.concatenate([past if state is None else state, parts], axis=1)


class Snake:
    """SnakeBeta: x + sin²(x·eᵃ) / eᵇ, with learned a and b per channel (BigVGAN)."""

    def __init__(self, module: Any) -> None:
        self._alpha = mx.exp(module.alpha)
        self._inverse_beta = 1.0 / (mx.exp(module.beta) + 1e-9)

    def __call__(self, x: mx.array, state: State) -> tuple[mx.array, State]:
        return x + self._inverse_beta * mx.square(mx.sin(x * self._alpha)), None


class Residual:
    """Two activated convolutions around a skip; the second one is 1 wide."""

    def __init__(self, unit: Any) -> None:
        self._act1, self._act2 = Snake(unit.act1), Snake(unit.act2)
        self._conv1, self._conv2 = CausalConv(unit.conv1.conv), CausalConv(unit.conv2.conv)

    def __call__(self, x: mx.array, state: State) -> tuple[mx.array, State]:
        y, state = self._conv1(self._act1(x, None)[0], state)
        y, _ = self._conv2(self._act2(y, None)[0], None)
        return x + y, state


class ConvNeXt:
    """A ConvNeXt block with a causal depthwise convolution."""

    def __init__(self, block: Any) -> None:
        self._block = block
        self._conv = CausalConv(block.dwconv.conv)

    def __call__(self, x: mx.array, state: State) -> tuple[mx.array, State]:
        block = self._block
        y, state = self._conv(x, state)
        y = block.pwconv2(nn.gelu(block.pwconv1(block.norm(y))))
        return x + block.gamma * y, state


class WindowedTransformer:
    """Attention over the last `window` frames, the present one among them.

    The state is (frames seen, keys and values per layer of at most window − 1 frames).
    """

    def __init__(self, transformer: Any) -> None:
        self._transformer = transformer
        self._window: int = transformer.config.sliding_window
        self._base: float = transformer.config.rope_theta

    def __call__(self, x: mx.array, state: State) -> tuple[mx.array, State]:
        seen, caches = state or (0, [None] * len(self._transformer.layers))
        x = self._transformer.input_proj(x)
        kept: list[tuple[mx.array, mx.array]] = []
        for layer, cache in zip(self._transformer.layers, caches, strict=True):
            attended, cache = self._attend(
                layer.self_attn, _rms_norm(layer.input_layernorm, x), seen, cache
            )
            x = x + layer.self_attn_layer_scale(attended)
            x = x + layer.mlp_layer_scale(layer.mlp(_rms_norm(layer.post_attention_layernorm, x)))
            kept.append(cache)
        x = self._transformer.output_proj(_rms_norm(self._transformer.norm, x))
        return x, (seen + x.shape[1], kept)

    def _attend(
        self, attention: Any, x: mx.array, seen: int, cache: Any
    ) -> tuple[mx.array, tuple[mx.array, mx.array]]:
        batch, time, _ = x.shape

        def heads(projection: Any, count: int) -> mx.array:
            return projection(x).reshape(batch, time, count, -1).transpose(0, 2, 1, 3)

        q = self._rope(heads(attention.q_proj, attention.num_heads), seen)
        k = self._rope(heads(attention.k_proj, attention.num_kv_heads), seen)
        v = heads(attention.v_proj, attention.num_kv_heads)
        if cache is not None:
            k = mx.concatenate([cache[0], k], axis=2)
            v = mx.concatenate([cache[1], v], axis=2)
        y = mx.fast.scaled_dot_product_attention(
            q, k, v, scale=attention.scale, mask=self._mask(time, k.shape[2])
        )
        y = attention.o_proj(y.transpose(0, 2, 1, 3).reshape(batch, time, -1))
        start = max(0, k.shape[2] - (self._window - 1))
        return y, (k[:, :, start:], v[:, :, start:])

    def _rope(self, x: mx.array, offset: int) -> mx.array:
        return mx.fast.rope(
            x, x.shape[-1], traditional=False, base=self._base, scale=1.0, offset=offset
        )

    def _mask(self, queries: int, keys: int) -> mx.array | None:
        """True where a query may look: bool [queries, keys], the last keys being the queries'."""
        if queries == 1:
            return None
        distance = mx.arange(keys - queries, keys)[:, None] - mx.arange(keys)[None]
        return (distance >= 0) & (distance < self._window)
