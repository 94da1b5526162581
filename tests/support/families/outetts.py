"""OuteTTS."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlx.core as mx

from tests.support.families.dac import TINY, dac
from tests.support.families.files import in_cache, save, write_config, write_tokenizer

_TINY: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 1,
    "intermediate_size": 32,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
}


def write(
    folder: Path,
    cache: Path,
    *,
    layers: dict[str, Any] = _TINY,
    vocabulary: int = 0,
    codec: dict[str, int] = TINY,
    dtype: mx.Dtype = mx.float32,
) -> None:
    """Write all of it; `vocabulary` is the least number of rows of the embedding."""
    from mlx_audio.tts.models.outetts import outetts
    from mlx_audio.tts.models.outetts.tokens import SpecialTokens

    special = [token for token in SpecialTokens().to_dict().values() if "{" not in token]
    codes = [f"<|c{book}_{at}|>" for book in (1, 2) for at in range(1025)]
    repository = in_cache(cache, "OuteAI/Llama-OuteTTS-1.0-1B")
    write_tokenizer(repository, [*special, *codes], eos_token="<|im_end|>")
    config = write_config(
        folder,
        {
            "model_type": "llama",
            **layers,
            "vocab_size": max(vocabulary, 256 + len(special) + len(codes)),
            "tie_word_embeddings": True,
        },
    )
    write_config(repository, config)
    sizes = outetts.ModelConfig.from_dict({**config, "tokenizer_name": str(repository)})
    model = outetts.Model(sizes)
    model.set_dtype(dtype)
    save(folder / "model.safetensors", model)
    dac(
        in_cache(cache, "mlx-community/dac-speech-24khz-1.5kbps"),
        encoder_rates=[2, 4, 5, 8],
        decoder_rates=[8, 5, 4, 2],
        n_codebooks=2,
        sample_rate=24000,
        **codec,
    )
