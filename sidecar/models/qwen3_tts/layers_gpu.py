"""A decoder layer for the GPUs, on few and fused kernels, in any dtype and any quantisation.

The same classes and functions as `layers_cpu`, for both Metal and CUDA. The number of kernels
determines the time of a small model there, not their work: a layer takes thirteen for a position.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import mlx.core as mx

from sidecar.models.qwen3_tts.cuda.weights import LayerWeights, Unsuitable, stored
from sidecar.models.qwen3_tts.linear import Linear
from sidecar.models.slots import unstacked


class Norm:
    """RMS norm."""

    def __init__(self, module: Any) -> None:
        self.weight: mx.array = module.weight
        self.eps: float = module.eps

    def __call__(self, x: mx.array) -> mx.array:
        return mx.fast.rms_norm(x, self.weight, self.eps)


class Layer:
    """One pre-norm decoder layer with grouped-query attention and SwiGLU.

    Args:
        by_products: masked attention of several positions is made of products. On CUDA, MLX would
            leave it to cuDNN, which plans each new shape for 50 ms: every new length of a prompt.
    """

    def __init__(
        self, module: Any, fused: Callable[..., Linear], by_products: bool = False
    ) -> None:
        self._by_products = by_products
        attention, mlp = module.self_attn, module.mlp
        self.heads: int = attention.num_heads
        self._kv_heads: int = attention.num_kv_heads
        self.size: int = attention.head_dim
        self._scale: float = attention.scale
        self._before = Norm(module.input_layernorm)
        self._after = Norm(module.post_attention_layernorm)
        self._qkv = fused([attention.q_proj, attention.k_proj, attention.v_proj])
        self._out = fused([attention.o_proj], scale=_scale(module, "self_attn_layer_scale"))
        self._gate_up = fused([mlp.gate_proj, mlp.up_proj])
        self._down = fused([mlp.down_proj], scale=_scale(module, "mlp_layer_scale"))
        self._eps: float | None = attention.q_norm.eps if "q_norm" in attention else None
        self._arrange_gains(attention)

    def _arrange_gains(self, attention: Any) -> None:
        """Set the factors of each head and half in `_rotate`; values pass unchanged."""
        ones = mx.ones(self.size)
        q, k = (
            (ones, ones)
            if self._eps is None
            else (attention.q_norm.weight, attention.k_norm.weight)
        )
        nothing = mx.zeros(self.size)
        gains = [q] * self.heads + [k] * self._kv_heads + [nothing] * self._kv_heads
        halves = mx.stack(gains).astype(mx.float32).reshape(-1, 2, self.size // 2)
        self._gain, self._swapped_gain = halves, mx.contiguous(halves[:, ::-1])
        rotated = self.heads + self._kv_heads
        self._passes = (mx.arange(rotated + self._kv_heads) >= rotated)[:, None, None]
        mx.eval(self._gain, self._swapped_gain, self._passes)

    def weights(self) -> LayerWeights:
        """Return the weights for a kernel of the whole stack.

        Raises:
            Unsuitable: the layer is one that the kernels do not know.
        """
        if self._eps is None or not self._eps == self._before.eps == self._after.eps:
            raise Unsuitable("the norms of a layer are not alike")
        return LayerWeights(
            qkv=stored(self._qkv),
            out=stored(self._out),
            gate_up=stored(self._gate_up),
            down=stored(self._down),
            before=self._before.weight,
            after=self._after.weight,
            q_gain=self._gain[0].reshape(-1),
            k_gain=self._gain[self.heads].reshape(-1),
            heads=self.heads,
            kv_heads=self._kv_heads,
            epsilon=self._eps,
        )

    @property
    def has_head_norms(self) -> bool:
        return self._eps is not None

    def qkv(self, x: mx.array) -> mx.array:
        """Return queries, keys and values as they come: float [rows, length, all of them]."""
        return self._qkv(self._before(x))

    def project(self, x: mx.array, table: Any) -> tuple[mx.array, mx.array]:
        """Return queries, and keys and values, of float [rows, length, hidden].

        Args:
            table: this layer's item of `Positions.at`.

        Returns:
            float [rows, heads, length, head_dim] and float [2, rows, kv_heads, length, head_dim]
        """
        rows, length, _ = x.shape
        x = self.qkv(x).reshape(rows, length, -1, 2, self.size // 2)
        unit = x if self._eps is None else self._unit(x)
        gains = self._gain, self._swapped_gain, self._passes
        x = _rotate(x, unit, unit[..., ::-1, :], *gains, *table)
        x = x.reshape(rows, length, -1, self.size)
        kv = x[:, :, self.heads :].reshape(rows, length, 2, self._kv_heads, self.size)
        return x[:, :, : self.heads].swapaxes(1, 2), kv.transpose(2, 0, 3, 1, 4)

    def _unit(self, x: mx.array) -> mx.array:
        """Divide heads by their root mean square; the norm's weight is in the gains."""
        assert self._eps is not None
        heads = x.reshape(*x.shape[:3], self.size)
        return mx.fast.rms_norm(heads, None, self._eps).reshape(x.shape)

    def attend(self, q: mx.array, kv: mx.array, mask: mx.array | None) -> mx.array:
        """Attention of all heads → float [rows, length, heads × head_dim].

        Without a mask every query sees the keys up to its own position.
        """
        rows, heads, length, size = q.shape
        k, v = unstacked(kv)
        if length == 1 and mask is not None:
            # The queries of a group become several of one head, for which a kernel takes a mask.
            q = q.reshape(rows, k.shape[1], heads // k.shape[1], size)
        if self._by_products and length > 1 and mask is not None and q.dtype != mx.float32:
            return self._attend_by_products(q, k, v, mask)
        seen = "causal" if length > 1 and mask is None else mask
        y = mx.fast.scaled_dot_product_attention(q, k, v, scale=self._scale, mask=seen)
        if length > 1:
            y = y.swapaxes(1, 2)
        return y.reshape(rows, length, heads * size)

    def _attend_by_products(
        self, q: mx.array, k: mx.array, v: mx.array, mask: mx.array
    ) -> mx.array:
        rows, heads, length, size = q.shape
        kv_heads, keys = k.shape[1], k.shape[2]
        groups = (rows, kv_heads, heads // kv_heads * length)
        scores = (q * self._scale).reshape(*groups, size) @ k.swapaxes(-1, -2)
        scores = scores.reshape(rows, kv_heads, -1, length, keys)
        scores = mx.where(mask[:, None], scores, -mx.inf)
        y = mx.softmax(scores, axis=-1, precise=True).reshape(*groups, keys) @ v
        return y.reshape(rows, heads, length, size).swapaxes(1, 2).reshape(rows, length, -1)

    def finish(self, x: mx.array, attended: mx.array) -> mx.array:
        """The rest of the layer: both residual sums and the feed-forward part."""
        x = self._out.add(attended, x)
        return self._down.add(_swiglu(*mx.split(self._gate_up(self._after(x)), 2, axis=-1)), x)


@partial(mx.compile, shapeless=True)
def _swiglu(gate: mx.array, up: mx.array) -> mx.array:
    return gate * mx.sigmoid(gate) * up


@partial(mx.compile, shapeless=True)
def _rotate(
    x: mx.array,
    unit: mx.array,
    swapped: mx.array,
    gain: mx.array,
    swapped_gain: mx.array,
    passes: mx.array,
    cos: mx.array,
    sin: mx.array,
) -> mx.array:
    """Apply head norm and rotation to queries and keys, not to values: one kernel, in float32.

    Halves (a, b) become (a·cos − b·sin, b·cos + a·sin); `swapped` is (b, a), the sign is in `sin`.
    """
    rotated = unit * (gain * cos) + swapped * (swapped_gain * sin)
    return mx.where(passes, x.astype(mx.float32), rotated).astype(x.dtype)


class Positions:
    """Rotary tables (Su et al. 2021), the same for all layers."""

    def __init__(self, layers: Sequence[Layer], base: float) -> None:
        size = layers[0].size
        self._depth = len(layers)
        self._frequencies = base ** (-mx.arange(0, size, 2, dtype=mx.float32) / size)
        self._sign = mx.array([[-1.0], [1.0]])

    def at(self, offsets: Sequence[int], length: int) -> list[Any]:
        """Tables for rows that start at `offsets`: per layer what `Layer.project` takes."""
        rows = offsets[:1] if len(set(offsets)) == 1 else offsets
        position = mx.array([list(range(start, start + length)) for start in rows])
        angle = position.astype(mx.float32)[:, :, None, None, None] * self._frequencies
        return [(mx.cos(angle), mx.sin(angle) * self._sign)] * self._depth


def causal(queries: int, keys: int) -> mx.array | None:
    """Return no mask: the kernel of `Layer.attend` looks back only by itself."""
    return None


def mask(visible: mx.array) -> mx.array:
    """bool [length, keys] or [rows, 1, 1, length, keys] → with one axis for all heads."""
    return visible if visible.ndim == 2 else visible[:, 0]


def layer_norm(x: mx.array, eps: float) -> mx.array:
    """Layer norm without weights."""
    return mx.fast.layer_norm(x, None, None, eps)


def sin2pi(x: mx.array) -> mx.array:
    """Return sin²(πx)."""
    return mx.square(mx.sin(x * mx.pi))


def _scale(module: Any, name: str) -> mx.array | None:
    return module[name].scale if name in module else None
