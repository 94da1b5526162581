"""A decoder layer for the CPU, where the number of operations determines the time.

An operation costs some 4 µs there whatever its size, and MLX's fast kernels are compositions: a
norm costs 40 µs, a rotation 120. So norms' weights are folded into the products after them, the
queries' scale and the head norms into the rotation's table, and all layers' tables are made at
once. float32 only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mlx.core as mx

from sidecar.models.qwen3_tts.linear import fused_by_row
from sidecar.models.slots import unstacked


def unit(x: mx.array, floor: mx.array) -> mx.array:
    """Divide x by the root of its sum of squares; √size, the factor of an RMS norm, is left out.

    Args:
        x: float [..., 1, size]; with that 1 the sum and the floor are one product.
        floor: float [1, 1], the norm's epsilon times the size.
    """
    return x * mx.rsqrt(mx.addmm(floor, x, x.swapaxes(-1, -2)))


class Norm:
    """RMS norm (Zhang, Sennrich 2019)."""

    def __init__(self, module: Any) -> None:
        size = module.weight.size
        self._gain = module.weight * size**0.5
        self._floor = mx.array([[module.eps * size]])

    def __call__(self, x: mx.array) -> mx.array:
        return _unit_each(x, self._floor) * self._gain


def _unit_each(x: mx.array, floor: mx.array) -> mx.array:
    """`unit` of float [rows, length, size]."""
    if x.shape[1] == 1:
        return unit(x, floor)
    return unit(x[:, :, None], floor)[:, :, 0]


class Layer:
    """One pre-norm decoder layer with grouped-query attention and SwiGLU.

    Args:
        module: mlx-audio's layer; only its weights are used.
    """

    def __init__(self, module: Any) -> None:
        attention, mlp = module.self_attn, module.mlp
        self._heads: int = attention.num_heads
        self._kv_heads: int = attention.num_kv_heads
        self._size: int = attention.head_dim
        before, after = module.input_layernorm, module.post_attention_layernorm
        hidden: int = before.weight.size
        root = hidden**0.5
        self._floor = mx.array([[before.eps * hidden]])
        self._qkv = fused_by_row(
            [attention.q_proj, attention.k_proj, attention.v_proj], before.weight * root
        )
        self._out = fused_by_row([attention.o_proj], scale=_scale(module, "self_attn_layer_scale"))
        self._gate_up = fused_by_row([mlp.gate_proj, mlp.up_proj], after.weight * root)
        self._down = fused_by_row([mlp.down_proj], scale=_scale(module, "mlp_layer_scale"))
        self._normed = "q_norm" in attention
        if self._normed:
            self._head_floor = mx.array([[attention.q_norm.eps * self._size]])
        self.head_gain = self._head_gain(attention)

    def _head_gain(self, attention: Any) -> mx.array:
        """Return the factors of queries and keys: float [heads + kv_heads, head_dim]."""
        ones = mx.ones(self._size)
        if self._normed:
            root = self._size**0.5
            q, k = attention.q_norm.weight * root, attention.k_norm.weight * root
        else:
            q = k = ones
        gains = [q * attention.scale] * self._heads + [k] * self._kv_heads
        return mx.stack(gains)

    def project(self, x: mx.array, table: Any) -> tuple[mx.array, mx.array]:
        """Return queries, and keys and values, of float [rows, length, hidden].

        Args:
            table: this layer's item of `Positions.at`.

        Returns:
            float [rows, heads, length, head_dim] and float [2, rows, kv_heads, length, head_dim]
        """
        same, swapped = table
        rows, length, _ = x.shape
        both = self._heads + self._kv_heads
        x = self._qkv(_unit_each(x, self._floor))
        # A single position, as in decoding, is already in the order of heads.
        if length == 1:
            x = x.reshape(rows, both + self._kv_heads, 1, self._size)
        else:
            x = x.reshape(rows, length, -1, self._size).transpose(0, 2, 1, 3)
        qk, v = x[:, :both], x[:, both:]
        if self._normed:
            qk = unit(qk, self._head_floor) if length == 1 else self._unit_heads(qk)
        halves = qk.reshape(rows, both, length, 2, self._size // 2)
        halves = halves * same + halves[..., ::-1, :] * swapped
        qk = halves.reshape(rows, both, length, self._size)
        kv = mx.concatenate([qk[:, self._heads :], v], axis=1)
        kv = kv.reshape(rows, 2, self._kv_heads, length, self._size).swapaxes(0, 1)
        return qk[:, : self._heads], kv

    def _unit_heads(self, x: mx.array) -> mx.array:
        return unit(x[..., None, :], self._head_floor).squeeze(-2)

    def attend(self, q: mx.array, kv: mx.array, mask: mx.array | None) -> mx.array:
        """Attention of all heads → float [rows, length, heads × head_dim]; q is scaled already.

        Args:
            q, kv: as `project` returns them.
            mask: as `causal` and `mask` make it, or None to see everything.
        """
        k, v = unstacked(kv)
        rows, heads, length, size = q.shape
        group = heads // k.shape[1]
        if group > 1:
            q = q.reshape(rows, k.shape[1], group * length, size)
        scores = q @ k.swapaxes(-1, -2)
        if mask is not None:
            scores = scores.reshape(rows, k.shape[1], group, length, -1) + mask
            scores = scores.reshape(rows, k.shape[1], group * length, -1)
        y = mx.softmax(scores, axis=-1) @ v
        if length > 1:
            y = y.reshape(rows, heads, length, size).transpose(0, 2, 1, 3)
        return y.reshape(rows, length, heads * size)

    def finish(self, x: mx.array, attended: mx.array) -> mx.array:
        """The rest of the layer: both residual sums and the feed-forward part."""
        x = self._out.add(attended, x)
        gate, up = mx.split(self._gate_up(_unit_each(x, self._floor)), 2, axis=-1)
        return self._down.add(gate * mx.sigmoid(gate) * up, x)


class Positions:
    """Rotary tables (Su et al. 2021) for all layers at once, head norms and scale folded in."""

    def __init__(self, layers: Sequence[Layer], base: float) -> None:
        gains = mx.stack([layer.head_gain for layer in layers])
        count, heads, size = gains.shape
        halves = gains.reshape(count, 1, heads, 1, 2, size // 2)
        self._same = halves
        # (a, b) → (a·cos − b·sin, b·cos + a·sin): the halves are swapped, and one changes its sign.
        self._swapped = halves[..., ::-1, :] * mx.array([[-1.0], [1.0]])
        self._frequencies = base ** (-mx.arange(0, size, 2, dtype=mx.float32) / size)
        mx.eval(self._same, self._swapped, self._frequencies)

    def at(self, offsets: Sequence[int], length: int) -> list[Any]:
        """Tables for rows that start at `offsets`: per layer a pair to `Layer.project`."""
        position = mx.array([list(range(start, start + length)) for start in offsets])
        angle = position.astype(mx.float32)[:, None, :, None, None] * self._frequencies
        same, swapped = self._same * mx.cos(angle), self._swapped * mx.sin(angle)
        return list(zip(unstacked(same), unstacked(swapped), strict=True))


def causal(queries: int, keys: int) -> mx.array | None:
    """For `Layer.attend`: the last `queries` of `keys` positions look back only."""
    if queries == 1:
        return None
    ahead = mx.arange(keys)[None] > mx.arange(keys - queries, keys)[:, None]
    return mask(~ahead)


def mask(visible: mx.array) -> mx.array:
    """bool [length, keys] or [rows, 1, 1, length, keys] → what `Layer.attend` adds."""
    return mx.where(visible, 0.0, -mx.inf)


def layer_norm(x: mx.array, eps: float) -> mx.array:
    """Layer norm without weights; MLX's own is a composition of more operations here."""
    x = x - x.mean(axis=-1, keepdims=True)
    return x * mx.rsqrt(mx.square(x).mean(axis=-1, keepdims=True) + eps)


def _scale(module: Any, name: str) -> mx.array | None:
    return module[name].scale if name in module else None
