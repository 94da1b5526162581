"""One frame of codes for every row: the talker's step, then the code predictor's.

Weights and layers are mlx-audio's modules; how they are stepped is ours. The projections run
over all rows at once; attention runs per row over that row's own cache, so rows of any length
join and leave without a copy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import mlx.core as mx
from mlx_audio.lm.models.cache import KVCache

from sidecar.models.base import FrameSampler
from sidecar.models.qwen3_tts.prompt import Prompt, PromptBuilder

# Attention over a long prompt at once would need memory by the square of its length.
_PREFILL_PIECE = 512


@dataclass
class TalkerState:
    """One row between two frames.

    Attributes:
        caches: keys and values, one per layer.
        hidden: float [1, 1, hidden], the talker's last output.
        logits: float [1, vocab], codebook 0 of the next frame.
        trailing: float [1, tokens, hidden], text still to join, from `frames` on.
        pad: float [1, 1, hidden], joins after that.
        frames: frames drawn so far.
    """

    caches: list[KVCache]
    hidden: mx.array
    logits: mx.array
    trailing: mx.array
    pad: mx.array
    frames: int = 0

    def next_text(self) -> mx.array:
        """The text embedding that joins the frame just drawn: float [1, 1, hidden]."""
        index = self.frames
        self.frames += 1
        if index < self.trailing.shape[1]:
            return self.trailing[:, index : index + 1]
        return self.pad


class Talker:
    """Steps mlx-audio's Qwen3TTSTalkerForConditionalGeneration."""

    def __init__(self, talker: Any, prompts: PromptBuilder) -> None:
        self._talker = talker
        self._predictor = talker.code_predictor
        self._prompts = prompts

    def prefill(self, prompt: Prompt) -> TalkerState:
        """Runs the prompt; its last position's output is the row's first state."""
        caches = [KVCache() for _ in self._talker.model.layers]
        length = prompt.embeddings.shape[1]
        *head, last = (
            prompt.embeddings[:, start : start + _PREFILL_PIECE]
            for start in range(0, length, _PREFILL_PIECE)
        )
        for piece in head:
            mx.eval(self._forward(piece, [caches]))
        hidden = self._forward(last, [caches])
        state = TalkerState(caches, hidden, self._head(hidden), prompt.trailing, prompt.pad)
        mx.eval(state.hidden, state.logits, state.trailing, state.pad)
        return state

    def frame(self, rows: Sequence[TalkerState], sampler: FrameSampler) -> mx.array:
        """Draws one frame for every row and runs the talker on it → int32 [rows, codebooks]."""
        first = sampler.first(mx.concatenate([row.logits for row in rows]))
        hidden = mx.concatenate([row.hidden for row in rows])
        codes = self._predict(hidden, first, sampler)
        text = mx.concatenate([row.next_text() for row in rows])
        inputs = self._prompts.code_embeddings(codes[:, None]) + text
        hidden = self._forward(inputs, [row.caches for row in rows])
        logits = self._head(hidden)
        for index, row in enumerate(rows):
            row.hidden = hidden[index : index + 1]
            row.logits = logits[index : index + 1]
        mx.eval(codes, [row.hidden for row in rows], [row.logits for row in rows])
        return codes

    def _head(self, hidden: mx.array) -> mx.array:
        return self._talker.codec_head(hidden)[:, 0]

    def _forward(self, x: mx.array, caches: Sequence[list[KVCache]]) -> mx.array:
        """float [rows, length, hidden] → the last position's output, float [rows, 1, hidden]."""
        offsets = mx.array([row[0].offset for row in caches])  # the same in every layer
        base = self._talker.config.rope_theta
        for index, layer in enumerate(self._talker.model.layers):
            attention = layer.self_attn
            q, k, v = _project(attention, layer.input_layernorm(x))
            q, k = _rope(q, base, offsets), _rope(k, base, offsets)
            x = x + attention.o_proj(_attend(attention.scale, q, k, v, [c[index] for c in caches]))
            x = x + layer.mlp(layer.post_attention_layernorm(x))
        return self._talker.model.norm(x[:, -1:])

    def _predict(self, hidden: mx.array, first: mx.array, sampler: FrameSampler) -> mx.array:
        """Codebooks 1 and up, one after another, from codebook 0 and the talker's output.

        Every row is at the same position, so the cache of this short loop is shared.
        """
        embedded = self._talker.model.codec_embedding(first[:, None])
        x = mx.concatenate([hidden, embedded], axis=1)
        past: list[tuple[mx.array, mx.array] | None] = [None] * len(self._predictor.model.layers)
        codes = [first]
        for book, head in enumerate(self._predictor.lm_head, start=1):
            logits = head(self._predictor_forward(x, past))[:, 0]
            codes.append(sampler.residual(book, logits))
            if book < len(self._predictor.lm_head):
                x = self._predictor.codec_embedding[book - 1](codes[-1][:, None])
        return mx.stack(codes, axis=1)

    def _predictor_forward(
        self, x: mx.array, past: list[tuple[mx.array, mx.array] | None]
    ) -> mx.array:
        model = self._predictor.model
        if self._predictor.small_to_mtp_projection is not None:
            x = self._predictor.small_to_mtp_projection(x)
        offset = 0 if past[0] is None else past[0][0].shape[2]
        base = self._predictor.config.rope_theta
        for index, layer in enumerate(model.layers):
            attention = layer.self_attn
            q, k, v = _project(attention, layer.input_layernorm(x))
            before = past[index]
            q, k = _rope(q, base, offset), _rope(k, base, offset)
            if before is not None:
                k = mx.concatenate([before[0], k], axis=2)
                v = mx.concatenate([before[1], v], axis=2)
            past[index] = (k, v)
            x = x + attention.o_proj(_merge_heads(_sdpa(attention.scale, q, k, v)))
            x = x + layer.mlp(layer.post_attention_layernorm(x))
        return model.norm(x[:, -1:])


def _project(attention: Any, x: mx.array) -> tuple[mx.array, mx.array, mx.array]:
    """float [rows, length, hidden] → q, k, v: float [rows, heads, length, head_dim]."""

    def heads(projection: Any, count: int) -> mx.array:
        return projection(x).reshape(*x.shape[:2], count, attention.head_dim)

    q = attention.q_norm(heads(attention.q_proj, attention.num_heads))
    k = attention.k_norm(heads(attention.k_proj, attention.num_kv_heads))
    v = heads(attention.v_proj, attention.num_kv_heads)
    return q.transpose(0, 2, 1, 3), k.transpose(0, 2, 1, 3), v.transpose(0, 2, 1, 3)


def _rope(x: mx.array, base: float, offset: int | mx.array) -> mx.array:
    """MRoPE with three equal positions, as all speech has, is plain RoPE."""
    return mx.fast.rope(x, x.shape[-1], traditional=False, base=base, scale=1.0, offset=offset)


def _attend(
    scale: float, q: mx.array, k: mx.array, v: mx.array, caches: Sequence[KVCache]
) -> mx.array:
    out: list[mx.array] = []
    for row, cache in enumerate(caches):
        one = slice(row, row + 1)
        keys, values = cache.update_and_fetch(k[one], v[one])
        out.append(_sdpa(scale, q[one], keys, values))
    return _merge_heads(mx.concatenate(out))


def _sdpa(scale: float, q: mx.array, k: mx.array, v: mx.array) -> mx.array:
    mask = "causal" if q.shape[2] > 1 else None
    return mx.fast.scaled_dot_product_attention(q, k, v, scale=scale, mask=mask)


def _merge_heads(x: mx.array) -> mx.array:
    return x.transpose(0, 2, 1, 3).reshape(x.shape[0], x.shape[2], -1)
