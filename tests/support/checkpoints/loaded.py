"""Changes with which a checkpoint is loaded, and speaks as before."""

from __future__ import annotations

import math

import mlx.core as mx

from tests.support.checkpoints.changing import (
    CODEC,
    WEIGHTS,
    Change,
    also,
    drop,
    marked,
    more,
    put,
    save,
    sharded,
    write,
)

_ONE = mx.zeros((4,))
_INDEX = f"{WEIGHTS}.index.json"
_GENERATION, _TOKENIZER = "generation_config.json", f"{CODEC}/config.json"
_SAMPLING = (
    "do_sample", "temperature", "top_k", "top_p", "repetition_penalty", "max_new_tokens",
    "subtalker_dosample", "subtalker_temperature", "subtalker_top_k", "subtalker_top_p",
)  # fmt: skip

LOADED: dict[str, Change] = {
    "nothing is changed": lambda folder: None,
    # Files beside the weights.
    "a speaker's embedding beside": save("speaker_emb.safetensors", speaker=_ONE),
    "an optimizer beside": save("optimizer.safetensors", state=_ONE),
    "an adapter beside": also(
        save("adapter_model.safetensors", lora=_ONE), write("adapter_config.json", "{}")
    ),
    "a consolidated copy beside": save("consolidated.safetensors", talker=_ONE),
    "a file beside that is no safetensors": write("voices.safetensors", b"nothing"),
    "an optimizer beside the codec": save(f"{CODEC}/optimizer.safetensors", state=_ONE),
    "a training run's leftovers": also(
        write("optimizer.pt", b"x"), write("trainer_state.json", "{}"), write("rng_state.pth", b"x")
    ),
    "pickles of the same weights": write("pytorch_model.bin", b"x"),
    # Tensors that the model does not use.
    "a speaker encoder in a CustomVoice": more(speaker_encoder__fc__weight=_ONE),
    "rotations stored": more(talker__model__rotary_emb__inv_freq=_ONE),
    "a leftover in the codec": more(f"{CODEC}/{WEIGHTS}", decoder__left__over=_ONE),
    # Shards.
    "shards with an index": sharded(),
    "shards without an index": sharded(index=False),
    "an index with a byte-order mark": also(sharded(), marked(_INDEX)),
    "a stale index beside the one file": write(_INDEX, '{"weight_map": {"a": "gone.safetensors"}}'),
    # JSON as it occurs in practice.
    **{
        f"a byte-order mark in {name}": marked(name)
        for name in (
            "config.json", _GENERATION, "tokenizer.json", "tokenizer_config.json", _TOKENIZER,
        )
    },
    "infinity in a field that is not read": put("length_penalty", math.inf),
    "unknown fields": put("talker_config.trained_by", {"whom": ["me"]}),
    # null means the default, and so does a missing field.
    **{f"{name} is null": put(name, None, _GENERATION) for name in _SAMPLING},
    "an empty generation_config.json": write(_GENERATION, "{}"),
    "no generation_config.json": lambda folder: (folder / _GENERATION).unlink(),
    **{
        f"{name} is null": put(name, None)
        for name in (
            "speaker_encoder_config", "tokenizer_type", "talker_config.rms_norm_eps",
            "talker_config.spk_is_dialect.ryan", "quantization_config", "sample_rate",
        )
    },
    **{
        f"no {name}": drop(name)
        for name in (
            "speaker_encoder_config", "tokenizer_type", "talker_config.attention_bias",
            "talker_config.rope_theta", "talker_config.code_predictor_config.rope_theta",
            "talker_config.rope_scaling",
        )
    },
    "the rotation as transformers 5 writes it": also(
        drop("talker_config.rope_theta"),
        put("talker_config.rope_parameters", {"rope_theta": 10000.0, "rope_type": "default"}),
    ),
    "an empty quantization": put("quantization_config", {}),
    # Ids as some scripts write them.
    "a speaker's id in a list": put("talker_config.spk_id.ryan", [300]),
    "dialects of speakers that are gone": put("talker_config.spk_is_dialect.eric", "sichuan"),
    "a speaker in capitals": put("talker_config.spk_id.ANNA", 303),
    "the last row of the table": put("talker_config.spk_id.vivian", 1279),
}  # fmt: skip
