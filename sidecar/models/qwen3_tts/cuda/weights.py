"""The matrices of a stack of decoder layers, as the kernels need them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import mlx.core as mx

from sidecar.models.qwen3_tts.linear import Dense, Linear


class Unsuitable(Exception):
    """A model, or a device, for which there are no kernels; the text says why."""


def plain_matrix(linear: Linear) -> mx.array:
    """Return float [out, in] of a layer that is a product and nothing more.

    Raises:
        Unsuitable: it has a bias, or is quantised.
    """
    if not isinstance(linear, Dense):
        raise Unsuitable("the weights are quantised")
    if linear.bias is not None:
        raise Unsuitable("a layer has a bias")
    return linear.weight.T


@dataclass(frozen=True)
class LayerWeights:
    """One decoder layer; matrices are float [out, in], gains are the weights of RMS norms.

    Attributes:
        qkv: q, k and v side by side.
        gate_up: gate, then up.
        before, after: float [hidden], before attention and before the feed-forward part.
        q_gain, k_gain: float [head_dim].
    """

    qkv: mx.array
    out: mx.array
    gate_up: mx.array
    down: mx.array
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
        heads: float [vocab, hidden] each; the talker has one, the predictor one per codebook.
        base: of the rotation.
    """

    layers: Sequence[LayerWeights]
    norm: mx.array
    heads: Sequence[mx.array]
    base: float
