"""The talker and its code predictor, under the official parameter names, arranged for training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.layers import Attention, GatedMlp, RmsNorm, Rope

# Ids of codebook 0's vocabulary that are no audio: (offset from the codebook's size).
CONTROL = 1024
PAD, BOS, EOS, THINK, NOTHINK, THINK_BOS, THINK_EOS, ENGLISH = 4, 5, 6, 10, 11, 12, 13, 20
FIRST_SPEAKER = 41
_EPS = 1e-6


@dataclass(frozen=True)
class StackConfig:
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    head_dim: int = 64
    rope_theta: float = 10000.0


@dataclass(frozen=True)
class TalkerConfig:
    """Sizes; `text_vocab_size` is the tokenizer's."""

    text_vocab_size: int
    codebook_size: int = 512
    num_code_groups: int = 8
    text_hidden_size: int = 192
    talker: StackConfig = StackConfig(256, 8, 4, 704)
    predictor: StackConfig = StackConfig(192, 2, 3, 512)

    @property
    def vocab_size(self) -> int:
        return self.codebook_size + CONTROL


class Batch(NamedTuple):
    """Prompts and frames, laid out one after the other; `length` is what the longest needs.

    Attributes:
        text: int64 [rows, length], the text track.
        codec: int64 [rows, length], the prompt's codec track; -1 where there is none.
        codes: int64 [rows, length, codebooks], frames as input; 0 outside of them.
        framed: float [rows, length], 1 where a frame is.
        target: int64 [rows, length], the next code of codebook 0; -100 where nothing is asked.
        at: int64 [drawn], flat positions of the frames that the predictor learns.
        wanted: int64 [drawn, codebooks], their codes; -100 where `at` is padding.
    """

    text: Tensor
    codec: Tensor
    codes: Tensor
    framed: Tensor
    target: Tensor
    at: Tensor
    wanted: Tensor


def look_up(embedding: nn.Embedding, ids: Tensor) -> Tensor:
    """`embedding(ids)`, whose gradient does not wait for the GPU, as nn.Embedding's own does."""
    flat = embedding.weight.index_select(0, ids.flatten())
    return flat.view(*ids.shape, -1)


class _Layer(nn.Module):
    def __init__(self, config: StackConfig, rope: Rope, dropout: float) -> None:
        super().__init__()
        width = config.hidden_size
        heads, head_dim = config.num_attention_heads, config.head_dim
        self.self_attn = Attention(width, heads, head_dim, rope, normed=True, eps=_EPS)
        self.mlp = GatedMlp(width, config.intermediate_size)
        self.input_layernorm = RmsNorm(width, _EPS)
        self.post_attention_layernorm = RmsNorm(width, _EPS)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.dropout(self.self_attn(self.input_layernorm(x), None))
        return x + self.dropout(self.mlp(self.post_attention_layernorm(x)))


class _Stack(nn.Module):
    def __init__(self, config: StackConfig, longest: int, dropout: float) -> None:
        super().__init__()
        rope = Rope(config.head_dim, config.rope_theta, longest)
        self.rope = rope
        self.layers = nn.ModuleList(
            _Layer(config, rope, dropout) for _ in range(config.num_hidden_layers)
        )
        self.norm = RmsNorm(config.hidden_size, _EPS)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return self.norm(x)


class _TextProjection(nn.Module):
    def __init__(self, inner: int, outer: int) -> None:
        super().__init__()
        self.linear_fc1, self.linear_fc2 = nn.Linear(inner, inner), nn.Linear(inner, outer)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear_fc2(F.silu(self.linear_fc1(x)))


class _Predictor(nn.Module):
    def __init__(self, config: TalkerConfig, dropout: float) -> None:
        super().__init__()
        wide, narrow = config.talker.hidden_size, config.predictor.hidden_size
        size, books = config.codebook_size, config.num_code_groups
        self.small_to_mtp_projection = nn.Linear(wide, narrow)
        self.model = _Stack(config.predictor, books, dropout)
        self.model.codec_embedding = nn.ModuleList(
            nn.Embedding(size, wide) for _ in range(books - 1)
        )
        self.lm_head = nn.ModuleList(nn.Linear(narrow, size, bias=False) for _ in range(books - 1))

    def forward(self, x: Tensor) -> Tensor:
        """Talker's output and the embeddings of codes 0 … n-2 [drawn, n, wide] → the logits of
        codes 1 … n-1 [drawn, n - 1, size]."""
        y = self.model(self.small_to_mtp_projection(x))[:, 1:]
        heads = torch.stack([head.weight for head in self.lm_head])
        return torch.einsum("ngd,gkd->ngk", y, heads.to(y.dtype))


class Talker(nn.Module):
    def __init__(self, config: TalkerConfig, dropout: float = 0.0, longest: int = 1024) -> None:
        super().__init__()
        self.config = config
        hidden = config.talker.hidden_size
        self.model = _Stack(config.talker, longest, dropout)
        self.model.codec_embedding = nn.Embedding(config.vocab_size, hidden)
        self.model.text_embedding = nn.Embedding(config.text_vocab_size, config.text_hidden_size)
        self.text_projection = _TextProjection(config.text_hidden_size, hidden)
        self.codec_head = nn.Linear(hidden, config.vocab_size, bias=False)
        self.code_predictor = _Predictor(config, dropout)
        self._initialise()

    def _initialise(self) -> None:
        for name, parameter in self.named_parameters():
            if parameter.dim() != 2:
                continue
            std = parameter.shape[1] ** -0.5
            if "o_proj" in name or "down_proj" in name:
                std *= 0.25
            elif "head" in name:
                std *= 0.3
            elif "embedding" in name:
                std = 0.5 if "text" in name else 0.1 if "predictor" in name else 0.2
            nn.init.normal_(parameter, 0.0, std)

    def hidden(self, batch: Batch, voices: tuple[Tensor, Tensor] | None = None) -> Tensor:
        """What the talker makes of a batch: [rows, length, hidden].

        Args:
            voices: flat positions [rows], and the speaker embeddings [rows, hidden] that belong
                there; for a Base model.
        """
        x = self.text_projection(look_up(self.model.text_embedding, batch.text))
        prompt = look_up(self.model.codec_embedding, batch.codec.clamp_min(0))
        x = x + prompt * (batch.codec >= 0)[..., None]
        frames = look_up(self.model.codec_embedding, batch.codes[..., 0])
        for group, embedding in enumerate(self.code_predictor.model.codec_embedding, start=1):
            frames = frames + look_up(embedding, batch.codes[..., group])
        x = x + frames * batch.framed[..., None]
        if voices is not None:
            places, embeddings = voices
            x = x.flatten(0, 1).index_add(0, places, embeddings.to(x.dtype)).view_as(x)
        return self.model(x)

    def losses(
        self, batch: Batch, voices: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return cross entropies: codebook 0's per position [rows, length], others' [drawn, n - 1];
        0 where nothing is asked."""
        hidden = self.hidden(batch, voices)
        logits = self.codec_head(hidden).float().flatten(0, 1)
        first = F.cross_entropy(logits, batch.target.flatten(), reduction="none")
        wanted = batch.wanted
        known = wanted.clamp_min(0)
        drawn = hidden.flatten(0, 1).index_select(0, batch.at)
        inputs = [drawn, look_up(self.model.codec_embedding, known[:, 0])]
        for group, embedding in enumerate(self.code_predictor.model.codec_embedding, start=1):
            if group < wanted.shape[1] - 1:
                inputs.append(look_up(embedding, known[:, group]))
        rest = self.code_predictor(torch.stack([x.to(hidden.dtype) for x in inputs], dim=1))
        others = F.cross_entropy(
            rest.float().flatten(0, 1), wanted[:, 1:].flatten(), reduction="none"
        )
        return first.view_as(batch.target), others.view(len(wanted), -1)
