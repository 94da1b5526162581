"""The network of Qwen3-ForcedAligner, as mlx-audio has it, run layer by layer.

One pass: the audio's tokens, then each word with two `<timestamp>` tokens, at which the network
classifies the word's start and end. mlx-audio's own `generate` takes 24 kHz for 16 kHz, splits
Chinese otherwise than the official code, and needs transformers, which may run code that comes with
a checkpoint. So only its modules are used here. `mx.eval` between layers lets others have a turn.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import mlx.core as mx
import mlx.nn as nn
import numpy as np
from mlx_audio.stt.models.qwen3_asr.qwen3_forced_aligner import (
    ForceAlignProcessor,
    ForcedAlignerConfig,
    ForcedAlignerModel,
)
from mlx_audio.utils import apply_quantization
from numpy.typing import NDArray

from sidecar.errors import ModelLoadFailed
from sidecar.models.aligners import Times
from sidecar.models.aligners.qwen3 import SAMPLE_RATE, features
from sidecar.models.backend import on_cpu
from sidecar.models.base import ModelInfo
from sidecar.models.checkpoint import Checkpoint, quantised
from sidecar.models.checkpoint.failures import explained_errors
from sidecar.models.checkpoint.weights import any_weight_files
from sidecar.models.qwen3_tts import tensors, text_tokenizer
from sidecar.models.qwen3_tts.text_tokenizer import TextTokenizer

log = logging.getLogger(__name__)

_HINT = "Get the checkpoint again; the sidecar's stderr has the traceback."
_DTYPES = {"float32": mx.float32, "bfloat16": mx.bfloat16, "float16": mx.float16}
# The encoder's convolutions take a second at a time, and its attention eight.
_CHUNK_FRAMES = 100
# The official pipeline cuts longer audio.
_LONGEST_SECONDS = 180.0
_SHORTEST_SECONDS = 0.1


class ForcedAligner:
    """One loaded checkpoint; an `Aligner`. Engine thread only."""

    prompt_cache_bytes = 0

    def __init__(self, info: ModelInfo, model: Any, tokenizer: TextTokenizer, dtype: str) -> None:
        self.info = info
        self.dtype = dtype
        self.name = info.family
        self.languages = info.languages
        self.grain_ms = float(model.config.timestamp_segment_time)
        self._model = model
        self._tokenizer = tokenizer

    @classmethod
    def load(cls, checkpoint: Checkpoint, info: ModelInfo, dtype: str) -> ForcedAligner:
        """Load the network and its tokenizer; run no code that comes with the checkpoint.

        Raises:
            ModelLoadFailed
        """
        with explained_errors(checkpoint, log, _HINT, " as an aligner"):
            return cls._load(checkpoint, info, dtype)

    @classmethod
    def _load(cls, checkpoint: Checkpoint, info: ModelInfo, dtype: str) -> ForcedAligner:
        model: Any = ForcedAlignerModel(ForcedAlignerConfig.from_dict(checkpoint.config))
        tokenizer = text_tokenizer.read(checkpoint.path)
        _check_tokens(tokenizer, model.config, checkpoint)
        weights = model.sanitize(tensors.read(any_weight_files(checkpoint.path)))
        how = quantised.stored(checkpoint.config)
        if how is not None:
            apply_quantization(model, {"quantization": how}, weights, model.model_quant_predicate)
        tensors.fill(model, weights, checkpoint.path)
        model.eval()
        name = "float32" if dtype == "auto" and on_cpu() else dtype
        if name in _DTYPES:
            model.set_dtype(_DTYPES[name])
        mx.eval(model.parameters())
        stored = str(model.model.norm.weight.dtype).removeprefix("mlx.core.")
        return cls(info, model, tokenizer, stored)

    def forget_prompts(self) -> None:
        """Do nothing: an aligner keeps nothing of what it has read."""

    def align(
        self, samples: NDArray[np.float32], sample_rate: int, units: Sequence[str], language: str
    ) -> Times | None:
        """Return the time of each unit; see `Aligner`. It is never unsure about what it knows."""
        seconds = len(samples) / sample_rate
        if language not in self.languages or not _SHORTEST_SECONDS <= seconds <= _LONGEST_SECONDS:
            return None
        mel = features.log_mel(features.prepare(samples, sample_rate))
        logits = self.classify(mel, self.encode(units, count_tokens(mel.shape[1])))
        classes = np.array(mx.argmax(logits, axis=-1))
        return decode(classes * self.grain_ms)

    def encode(self, units: Sequence[str], audio_tokens: int) -> list[int]:
        """Return the ids of the prompt; the audio's are placeholders."""
        config = self._model.config
        stamps = [config.timestamp_token_id] * 2
        words = (self._tokenizer.encode(unit) + stamps for unit in units)
        audio = [config.audio_token_id] * audio_tokens
        begin, end = config.audio_start_token_id, config.audio_end_token_id
        return [begin, *audio, end, *(id for word in words for id in word)]

    def classify(self, mel: NDArray[np.float32], ids: Sequence[int]) -> mx.array:
        """Return float [2 × units, classes], the logits of the words' starts and ends.

        Args:
            mel: float32 [128, frames].
            ids: of `encode`.
        """
        model, config = self._model, self._model.config
        audio = self._hear(mel)
        count = audio.shape[0]
        embedded = model.model.embed_tokens(mx.array([ids[0], *ids[1 + count :]]))
        x = mx.concatenate([embedded[:1], audio.astype(embedded.dtype), embedded[1:]])[None]
        for layer in model.model.layers:
            x = layer(x, mask="causal")
            mx.eval(x)
        stamps = [at for at, id in enumerate(ids) if id == config.timestamp_token_id]
        logits = model.lm_head(model.model.norm(x[0, mx.array(stamps)]))
        mx.eval(logits)
        return logits

    def _hear(self, mel: NDArray[np.float32]) -> mx.array:
        """Return float [tokens, width] of the audio, one of its windows after the other.

        The attention of the official code, with FlashAttention, does not cross windows.
        """
        tower = self._model.audio_tower
        window = tower.n_window_infer // _CHUNK_FRAMES * _CHUNK_FRAMES
        # All chunks of a clip are as long as its longest one.
        length = min(_CHUNK_FRAMES, mel.shape[1])
        frames = mx.array(mel).astype(tower.conv2d1.weight.dtype)
        heard = [
            self._hear_window(frames[:, begin : begin + window], length)
            for begin in range(0, mel.shape[1], window)
        ]
        return mx.concatenate(heard)

    def _hear_window(self, mel: mx.array, length: int) -> mx.array:
        tower, count = self._model.audio_tower, mel.shape[1]
        chunks = [mel[:, begin : begin + length] for begin in range(0, count, length)]
        sizes = [count_tokens(chunk.shape[1]) for chunk in chunks]
        chunks[-1] = mx.pad(chunks[-1], [(0, 0), (0, length - chunks[-1].shape[1])])
        x = mx.stack(chunks)[..., None]
        for convolution in (tower.conv2d1, tower.conv2d2, tower.conv2d3):
            x = nn.gelu(convolution(x))
            mx.eval(x)
        rows, bins, steps, channels = x.shape
        x = tower.conv_out(x.transpose(0, 2, 3, 1).reshape(rows, steps, channels * bins))
        x = x + tower.positional_embedding(steps)[None].astype(x.dtype)
        x = mx.concatenate([x[i, :size] for i, size in enumerate(sizes)])[None]
        for layer in tower.layers:
            x = layer(x)
            mx.eval(x)
        x = tower.proj2(nn.gelu(tower.proj1(tower.ln_post(x[0]))))
        mx.eval(x)
        return x


def count_tokens(frames: int) -> int:
    """Return how many tokens so many frames of 10 ms become: 13 for each second."""
    whole, rest = divmod(frames, _CHUNK_FRAMES)
    for _ in range(3):
        rest = (rest + 1) // 2
    return whole * 13 + rest


def decode(milliseconds: NDArray[np.float64]) -> Times:
    """Return start and end of each word in seconds, after the official repair of what runs back.

    Args:
        milliseconds: float [2 × words].
    """
    fixed = ForceAlignProcessor().fix_timestamp(milliseconds.astype(np.int64))
    seconds = [round(one / 1000, 3) for one in fixed]
    return list(zip(seconds[::2], seconds[1::2], strict=True))


def _check_tokens(tokenizer: TextTokenizer, config: Any, checkpoint: Checkpoint) -> None:
    """Refuse a tokenizer whose ids have no embedding, or lack the tokens of the prompt.

    MLX does not check an index: a token without an embedding would read foreign memory.
    """
    known = tokenizer.vocabulary()
    rows = config.text_config.vocab_size
    needed = {
        "<|audio_start|>": config.audio_start_token_id,
        "<|audio_pad|>": config.audio_token_id,
        "<|audio_end|>": config.audio_end_token_id,
        "<timestamp>": config.timestamp_token_id,
    }
    if any(known.get(name) != id for name, id in needed.items()) or max(known.values()) >= rows:
        raise ModelLoadFailed(
            f"{checkpoint.path} has a tokenizer that does not fit its config.json.",
            hint="Use the tokenizer's files of the model that this one was made from.",
            field="model",
        )


assert SAMPLE_RATE == features.HOP * _CHUNK_FRAMES
