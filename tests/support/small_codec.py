"""A codec of Qwen3-TTS in its smallest sizes, with random weights."""

from __future__ import annotations

import mlx.core as mx
from mlx.utils import tree_flatten, tree_unflatten

from sidecar.models.qwen3_tts.backend import Backend
from sidecar.models.qwen3_tts.codec import Codec

BOOKS, BOOK_SIZE, WINDOW, SAMPLES = 4, 32, 5, 12
SIZES = {
    "latent_dim": 16,
    "codebook_dim": 16,
    "codebook_size": BOOK_SIZE,
    "semantic_codebook_size": BOOK_SIZE,
    "decoder_dim": 32,
    "hidden_size": 32,
    "intermediate_size": 32,
    "head_dim": 16,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "num_hidden_layers": 2,
    "num_quantizers": BOOKS,
    "num_semantic_quantizers": 1,
    "vector_quantization_hidden_dimension": 16,
    "sliding_window": WINDOW,
    "upsample_rates": [2, 3],
    "upsampling_ratios": [2],
}


def small(backend: Backend) -> Codec:
    """Return a codec of random weights; two calls give the same weights."""
    from mlx_audio.tts.models.qwen3_tts.config import Qwen3TTSTokenizerDecoderConfig
    from mlx_audio.tts.models.qwen3_tts.speech_tokenizer import Qwen3TTSSpeechTokenizerDecoder

    decoder = Qwen3TTSSpeechTokenizerDecoder(Qwen3TTSTokenizerDecoderConfig(**SIZES))
    parameters: list[tuple[str, mx.array]] = tree_flatten(decoder.parameters())  # pyright: ignore[reportAssignmentType]
    keys = mx.random.split(mx.random.key(1), len(parameters) + 1)
    drawn = [
        (name, mx.random.normal(array.shape, scale=array.shape[-1] ** -0.5, key=key))
        for (name, array), key in zip(parameters, keys[1:], strict=True)
    ]
    decoder.update(tree_unflatten(drawn))  # pyright: ignore[reportArgumentType]
    tables = mx.random.normal((BOOKS, BOOK_SIZE, 8), key=keys[0])
    return Codec(decoder, tables, SAMPLES, backend)
