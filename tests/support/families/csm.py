"""CSM, and Mimi, whose sizes are fixed in mlx-audio."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest
from mlx_audio.codec.models.mimi import mimi

from tests.support.families.files import in_cache, parameters, write_config, write_tokenizer

_WHOLE_MIMI = mimi.mimi_202407


def shrink(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(mimi, "mimi_202407", _tiny_mimi)


_TINY = {
    "head_dim": 16, "hidden_size": 32, "intermediate_size": 32, "num_attention_heads": 2,
    "num_hidden_layers": 1, "num_key_value_heads": 2,
}  # fmt: skip


def write(
    folder: Path,
    cache: Path,
    *,
    backbone: dict[str, int] = _TINY,
    decoder: dict[str, int] = _TINY,
    texts: int = 300,
    codes: int = 2048,
    dtype: mx.Dtype = mx.float32,
) -> None:
    from mlx_audio.tts.models.sesame import sesame

    write_repository(in_cache(cache, "unsloth/Llama-3.2-1B"))
    layers = {
        "attention_bias": False, "attention_dropout": 0.0, "hidden_act": "silu",
        "initializer_range": 0.02, "max_position_embeddings": 2048, "mlp_bias": False,
        "num_codebooks": 32, "rms_norm_eps": 1e-5, "rope_theta": 10000, "use_cache": True,
        "vocab_size": codes,
        "rope_scaling": {
            "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
            "original_max_position_embeddings": 8192, "rope_type": "llama3",
        },
    }  # fmt: skip
    config = write_config(
        folder,
        {
            **layers,
            **backbone,
            "model_type": "csm",
            "use_default_voice_prompt": False,
            "text_vocab_size": texts,
            "audio_vocab_size": codes,
            "audio_num_codebooks": 32,
            "backbone_flavor": "none",
            "decoder_flavor": "none",
            "depth_decoder_config": {
                **layers,
                **decoder,
                "backbone_hidden_size": backbone["hidden_size"],
                "model_type": "csm_depth_decoder_model",
            },
        },
    )
    model = sesame.SesameModel(config)
    # It starts as zeros.
    model.audio_head = mx.random.normal(model.audio_head.shape) / decoder["hidden_size"] ** 0.5
    model.set_dtype(dtype)
    weights = {f"model.{k}": v for k, v in parameters(model)}
    mx.save_safetensors(str(folder / "model.safetensors"), weights)
    _mimi(in_cache(cache, "kyutai/moshiko-pytorch-bf16"))


def write_repository(snapshot: Path) -> None:
    """Write the files of a language model's repository that its tokenizer is read from."""
    write_tokenizer(snapshot, ["<s>", "</s>"], bos_token="<s>", eos_token="</s>")
    write_config(snapshot, {"model_type": "llama"})


def _tiny_mimi(codebooks: int) -> Any:
    whole = _WHOLE_MIMI(codebooks)
    return replace(
        whole,
        seanet=replace(whole.seanet, dimension=32, nfilters=4),
        transformer=replace(
            whole.transformer,
            d_model=32,
            num_heads=2,
            num_layers=1,
            dim_feedforward=32,
            kv_repeat=1,
        ),
        quantizer_dim=16,
    )


def _mimi(snapshot: Path) -> None:
    """Write Mimi as PyTorch does: in the names and layouts that `load_pytorch_weights` reads."""
    weights = {}
    for name, value in parameters(mimi.Mimi(mimi.mimi_202407(32))):
        if name.endswith("cluster_usage"):
            value = mx.ones(value.shape)
        elif value.ndim > 1 and not value.any():  # what starts as zeros says nothing
            value = mx.random.normal(value.shape) * 0.3
        name = name.replace(".block.1.", ".block.3.").replace(".block.0.", ".block.1.")
        name = name.replace(".gating.linear", ".linear")
        if name.endswith((".conv.weight", ".output_proj.weight", ".input_proj.weight")):
            value = value.swapaxes(-1, -2)
        if name.endswith(".convtr.weight"):
            depthwise = value.shape[-1] == 1
            value = value.transpose(0, 2, 1) if depthwise else value.transpose(2, 0, 1)
        weights[name] = value
    mx.save_safetensors(str(snapshot / "tokenizer-e351c8d8-checkpoint125.safetensors"), weights)
