"""Small stacks of random weights for the kernels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import mlx.core as mx
from mlx import nn

from sidecar.models.qwen3_tts.cuda.weights import LayerWeights, StackWeights, Stored
from sidecar.models.qwen3_tts.linear import Dense, Quantized

HEADS, KV_HEADS, HEAD_DIM = 4, 2, 32


def matrix(weight: mx.array, bits: int = 0) -> Stored:
    """Return float [out, in] as a layer, quantised if there are bits."""
    if not bits:
        return Dense(weight.T, None)
    return quantised(*mx.quantize(weight, 64, bits), bits)


def quantised(weight: mx.array, scales: mx.array, biases: mx.array, bits: int) -> Quantized:
    """Return stored arrays as a layer."""
    module = nn.QuantizedLinear(64, 64, bias=False, group_size=64, bits=bits)
    module.weight, module.scales, module.biases = weight, scales, biases
    return Quantized([module], is_cuda=False)


def stack(
    hidden: int, inner: int, vocab: int, heads: int, layers: int = 2, bits: int = 0
) -> StackWeights:
    """Return layers, a norm and heads, float32; two calls give the same."""
    keys = iter(mx.random.split(mx.random.key(hidden + vocab), 100))

    def drawn(rows: int, inputs: int) -> Stored:
        weight = mx.random.normal((rows, inputs), scale=inputs**-0.5, key=next(keys))
        return matrix(weight, bits)

    def gain(size: int) -> mx.array:
        return 1 + mx.random.normal((size,), scale=0.1, key=next(keys))

    def layer() -> LayerWeights:
        return LayerWeights(
            qkv=drawn((HEADS + 2 * KV_HEADS) * HEAD_DIM, hidden),
            out=drawn(hidden, HEADS * HEAD_DIM),
            gate_up=drawn(2 * inner, hidden),
            down=drawn(hidden, inner),
            before=gain(hidden),
            after=gain(hidden),
            q_gain=gain(HEAD_DIM),
            k_gain=gain(HEAD_DIM),
            heads=HEADS,
            kv_heads=KV_HEADS,
            epsilon=1e-6,
        )

    made = [layer() for _ in range(layers)]
    return StackWeights(made, gain(hidden), [drawn(vocab, hidden) for _ in range(heads)], 10000.0)


def cast(stack: StackWeights, dtype: mx.Dtype) -> StackWeights:
    """Return a stack with its weights, or its scales, in another dtype."""

    def one(matrix: Stored) -> Stored:
        if isinstance(matrix, Dense):
            return Dense(matrix.weight.astype(dtype), None)
        weight, scales, biases = matrix.parts
        return quantised(weight, scales.astype(dtype), biases.astype(dtype), matrix.bits)

    return _changed(stack, one)


def unpacked(stack: StackWeights) -> StackWeights:
    """Return a quantised stack with its weights in float32."""

    def one(matrix: Stored) -> Stored:
        assert isinstance(matrix, Quantized)
        weight, *scales = matrix.parts
        scales = [part.astype(mx.float32) for part in scales]
        return Dense(mx.dequantize(weight, *scales, group_size=64, bits=matrix.bits).T, None)

    return _changed(stack, one)


def _changed(stack: StackWeights, change: Callable[[Stored], Stored]) -> StackWeights:
    layers = [
        replace(
            layer,
            **{name: change(getattr(layer, name)) for name in ("qkv", "out", "gate_up", "down")},
        )
        for layer in stack.layers
    ]
    return replace(stack, layers=layers, heads=[change(head) for head in stack.heads])
