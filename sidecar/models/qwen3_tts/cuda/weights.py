"""The matrices of a stack of decoder layers, as the kernels need them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import mlx.core as mx

from sidecar.models.qwen3_tts.cuda.shape import GROUP_SIZE
from sidecar.models.qwen3_tts.linear import Dense, Linear, Quantized

# A layer whose arrays a kernel reads, and the layered path, too: `parts` and `keep`.
Stored: TypeAlias = Dense | Quantized
_WIDTHS = (4, 8)


class Unsuitable(Exception):
    """A model, or a device, for which there are no kernels; the text says why."""


def stored(linear: Linear) -> Stored:
    """Return a layer whose weights the kernels can read.

    Raises:
        Unsuitable: it has a bias, or is quantised in another way.
    """
    if not isinstance(linear, Dense | Quantized):
        raise Unsuitable("layers with the same input are quantised differently")
    if linear.bias is not None:
        raise Unsuitable("a layer has a bias")
    if isinstance(linear, Quantized):
        how = (linear.mode, linear.group_size, linear.bits)
        if how not in [("affine", GROUP_SIZE, bits) for bits in _WIDTHS]:
            raise Unsuitable(
                f"there are kernels for 4 and 8 bits in groups of {GROUP_SIZE} (affine), "
                f"not for {linear.bits} bits in groups of {linear.group_size} ({linear.mode})"
            )
    return linear


def bits_of(linear: Stored) -> int:
    """Return the bits of a quantised weight; 0 if it is not quantised."""
    return linear.bits if isinstance(linear, Quantized) else 0


@dataclass(frozen=True)
class LayerWeights:
    """One decoder layer; gains are the weights of RMS norms.

    Attributes:
        qkv: q, k and v side by side.
        gate_up: gate, then up.
        before, after: float [hidden], before attention and before the feed-forward part.
        q_gain, k_gain: float [head_dim].
    """

    qkv: Stored
    out: Stored
    gate_up: Stored
    down: Stored
    before: mx.array
    after: mx.array
    q_gain: mx.array
    k_gain: mx.array
    heads: int
    kv_heads: int
    epsilon: float


@dataclass(frozen=True)
class StackWeights:
    """A stack with its heads.

    Attributes:
        norm: float [hidden], the gain of the norm before the heads.
        heads: hidden → vocab each; the talker has one, the predictor one per codebook.
        base: of the rotation.
    """

    layers: Sequence[LayerWeights]
    norm: mx.array
    heads: Sequence[Stored]
    base: float

    @property
    def matrices(self) -> list[Stored]:
        """All of them."""
        layers = [m for one in self.layers for m in (one.qkv, one.out, one.gate_up, one.down)]
        return [*layers, *self.heads]

    @property
    def dtype(self) -> mx.Dtype:
        """Of the activations."""
        return self.layers[0].qkv.dtype
