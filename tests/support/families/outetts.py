"""OuteTTS."""

from __future__ import annotations

from pathlib import Path

from tests.support.families.dac import dac
from tests.support.families.files import in_cache, save, write_config, write_tokenizer


def write(folder: Path, cache: Path) -> None:
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
            "hidden_size": 32,
            "num_hidden_layers": 1,
            "intermediate_size": 32,
            "num_attention_heads": 2,
            "num_key_value_heads": 2,
            "rms_norm_eps": 1e-5,
            "vocab_size": 256 + len(special) + len(codes),
            "rope_theta": 10000.0,
            "tie_word_embeddings": True,
        },
    )
    write_config(repository, config)
    sizes = outetts.ModelConfig.from_dict({**config, "tokenizer_name": str(repository)})
    save(folder / "model.safetensors", outetts.Model(sizes))
    dac(
        in_cache(cache, "mlx-community/dac-speech-24khz-1.5kbps"),
        encoder_rates=[2, 4, 5, 8],
        decoder_rates=[8, 5, 4, 2],
        n_codebooks=2,
        sample_rate=24000,
    )
