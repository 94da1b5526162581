"""Chatterbox, whose sizes are fixed in mlx-audio, and its speech tokenizer's repository."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest
from mlx.utils import tree_flatten

from tests.support.families.files import in_cache, save, write_config, write_tokenizer

_WIDTH = 32
_PROMPT = 12  # tokens of the voice that comes with it


def shrink(patch: pytest.MonkeyPatch) -> None:
    from mlx_audio.codec.models.s3.model_v2 import ModelConfig
    from mlx_audio.tts.models.chatterbox import chatterbox, config
    from mlx_audio.tts.models.chatterbox.s3gen import s3gen
    from mlx_audio.tts.models.chatterbox.t3 import cond_enc

    def smaller(module: Any, name: str, **sizes: Any) -> None:
        whole = getattr(module, name)
        patch.setattr(module, name, lambda *given, **named: whole(*given, **{**named, **sizes}))

    llama = {
        **config.LLAMA_520M_CONFIG, "hidden_size": _WIDTH, "num_hidden_layers": 1,
        "intermediate_size": _WIDTH, "num_attention_heads": 2, "num_key_value_heads": 2,
        "head_dim": _WIDTH // 2,
    }  # fmt: skip
    patch.setitem(config.LLAMA_CONFIGS, "Llama_520M", llama)
    smaller(cond_enc, "Perceiver", embedding_dim=_WIDTH, pre_attention_query_size=_WIDTH)
    smaller(s3gen, "CAMPPlus", growth_rate=4, bn_size=1, init_channels=16)
    smaller(
        s3gen,
        "UpsampleConformerEncoder",
        input_size=_WIDTH,
        output_size=_WIDTH,
        attention_heads=2,
        linear_units=_WIDTH,
        num_blocks=1,
        num_up_blocks=1,
    )
    smaller(s3gen, "CausalMaskedDiffWithXvec", input_size=_WIDTH)
    blocks = {"n_blocks": 1, "num_mid_blocks": 1, "num_heads": 2, "attention_head_dim": 8}
    smaller(s3gen, "ConditionalDecoder", channels=[16], **blocks)
    smaller(s3gen, "HiFTGenerator", base_channels=32)
    smaller(s3gen, "ConvRNNF0Predictor", cond_channels=16)
    listener = ModelConfig(n_audio_state=64, n_audio_head=1, n_audio_layer=1)
    smaller(chatterbox, "S3TokenizerV2", config=listener)


def write(folder: Path, cache: Path, *, prompt: int = _PROMPT) -> None:
    """Write both; `prompt` is how many tokens the voice has."""
    model = write_model(folder, "english", prompt)
    repository = in_cache(cache, "mlx-community/S3TokenizerV2")
    save(repository / "model.safetensors", model._s3_tokenizer)


def write_model(folder: Path, release: str, prompt: int = _PROMPT) -> Any:
    """Write the checkpoint alone: english, v2 or v3; the latter two are multilingual."""
    from mlx_audio.tts.models.chatterbox import chatterbox
    from mlx_audio.tts.models.chatterbox.config import T3Config

    english = release == "english"
    sizes = T3Config.english_only() if english else T3Config.multilingual()
    config = write_config(
        folder,
        {
            "model_type": "chatterbox",
            "version": "1.0",
            "t3_model": release,
            "multilingual": not english,
            "vocab_size": sizes.text_tokens_dict_size,
            "text_preprocessing": "NFKD,fullcase" if release == "v3" else "legacy",
            "t3_config": asdict(sizes),
        },
    )
    languages = [] if english else ["[de]", "[en]"]
    write_tokenizer(folder, ["[START]", "[STOP]", "[UNK]", "[SPACE]", *languages])
    model = chatterbox.Model(chatterbox.ModelConfig.from_dict(config))
    parts = {name: model[name].parameters() for name in ("ve", "t3", "s3gen")}
    weights: list[tuple[str, Any]] = tree_flatten(parts)  # pyright: ignore[reportAssignmentType]
    mx.save_safetensors(str(folder / "model.safetensors"), dict(weights))
    _voice(folder / "conds.safetensors", prompt)
    return model


def _voice(path: Path, prompt: int) -> None:
    voice = {
        "t3.speaker_emb": mx.random.normal((1, 256)),
        "t3.cond_prompt_speech_tokens": mx.random.randint(0, 6561, (1, prompt)),
        "t3.emotion_adv": mx.full((1, 1, 1), 0.5),
        "gen.prompt_token": mx.random.randint(0, 6561, (1, prompt)),
        "gen.prompt_token_len": mx.array([prompt]),
        "gen.prompt_feat": mx.random.normal((1, 2 * prompt, 80)),
        "gen.embedding": mx.random.normal((1, 192)),
    }
    mx.save_safetensors(str(path), voice)
