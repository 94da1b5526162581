"""Small stacks of random weights for the kernels."""

from __future__ import annotations

import mlx.core as mx

from sidecar.models.qwen3_tts.cuda.weights import LayerWeights, StackWeights

HEADS, KV_HEADS, HEAD_DIM = 4, 2, 32


def stack(hidden: int, inner: int, vocab: int, heads: int, layers: int = 2) -> StackWeights:
    """Return layers, a norm and heads, float32; two calls give the same."""
    keys = iter(mx.random.split(mx.random.key(hidden + vocab), 100))

    def matrix(rows: int, inputs: int) -> mx.array:
        return mx.random.normal((rows, inputs), scale=inputs**-0.5, key=next(keys))

    def gain(size: int) -> mx.array:
        return 1 + mx.random.normal((size,), scale=0.1, key=next(keys))

    def layer() -> LayerWeights:
        return LayerWeights(
            qkv=matrix((HEADS + 2 * KV_HEADS) * HEAD_DIM, hidden),
            out=matrix(hidden, HEADS * HEAD_DIM),
            gate_up=matrix(2 * inner, hidden),
            down=matrix(hidden, inner),
            before=gain(hidden),
            after=gain(hidden),
            q_gain=gain(HEAD_DIM),
            k_gain=gain(HEAD_DIM),
            heads=HEADS,
            kv_heads=KV_HEADS,
            epsilon=1e-6,
        )

    made = [layer() for _ in range(layers)]
    return StackWeights(made, gain(hidden), [matrix(vocab, hidden) for _ in range(heads)], 10000.0)
