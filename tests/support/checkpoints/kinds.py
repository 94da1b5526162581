"""Changes that make another kind of checkpoint: quantised elsewhere, an adapter, another model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlx.core as mx

from tests.support.checkpoints.changing import (
    CODEC,
    CONFIG,
    WEIGHTS,
    Change,
    also,
    drop,
    more,
    put,
    remove,
    save,
    tensors,
    write,
)

_TOKENIZER, _PARTS = f"{CODEC}/config.json", mx.zeros((4,))
_ADAPTER = '{"peft_type": "LORA", "base_model_name_or_path": "Qwen/Qwen3-TTS-12Hz-1.7B-Base"}'
_QUANTISED = "quantised by {}, which this sidecar does not read"


def _quantised(**how: Any) -> Change:
    return put("quantization_config", how)


def _as(dtype: mx.Dtype, name: str, file: str = WEIGHTS) -> Change:
    """Store a tensor in another type."""
    return tensors(lambda weights: weights.update({name: weights[name].astype(dtype)}), file)


def _nested(folder: Path) -> None:
    """Move the whole checkpoint into a folder inside it."""
    inside = folder / "checkpoint-500"
    inside.mkdir()
    for path in list(folder.iterdir()):
        if path != inside:
            path.rename(inside / path.name)


KINDS: dict[str, tuple[Change, str]] = {
    "bitsandbytes": (
        _quantised(quant_method="bitsandbytes", load_in_4bit=True),
        _QUANTISED.format("bitsandbytes"),
    ),
    "an old bitsandbytes": (_quantised(load_in_8bit=True), _QUANTISED.format("bitsandbytes")),
    "fp8": (_quantised(quant_method="fp8", fmt="e4m3"), _QUANTISED.format("fp8")),
    "GPTQ": (_quantised(quant_method="gptq", bits=4, group_size=128), _QUANTISED.format("GPTQ")),
    "AWQ": (_quantised(quant_method="awq", bits=4, group_size=128), _QUANTISED.format("AWQ")),
    "compressed-tensors": (
        _quantised(quant_method="compressed-tensors", config_groups={}),
        _QUANTISED.format("compressed-tensors"),
    ),
    "an old compressed-tensors": (
        put("compression_config", {"config_groups": {}}),
        _QUANTISED.format("compressed-tensors"),
    ),
    "torchao": (_quantised(quant_method="torchao"), _QUANTISED.format("torchao")),
    "one that is not known yet": (_quantised(quant_method="q9"), _QUANTISED.format("q9")),
    "GPTQ in the tensors alone": (
        more(talker__model__layers__0__mlp__up_proj__qweight=mx.zeros((4, 4), mx.int32)),
        "GPTQ or AWQ.*up_proj.qweight",
    ),
    "bitsandbytes in the tensors alone": (
        more(talker__codec_head__weight__absmax=_PARTS),
        "bitsandbytes.*weight.absmax",
    ),
    "integers with unknown scales": (
        _as(mx.int8, "talker.codec_head.weight"),
        "talker.codec_head.weight is int8, and floating-point.*quantised in an unknown way",
    ),
    "booleans": (
        _as(mx.bool_, "talker.codec_head.weight"),
        "talker.codec_head.weight is bool, and floating-point",
    ),
    "integers in the codec": (
        _as(mx.int8, "decoder.pre_conv.conv.weight", f"{CODEC}/{WEIGHTS}"),
        "speech_tokenizer: the tensor decoder.pre_conv.conv.weight is int8, and floating-point",
    ),
    "integers in a codebook": (
        _as(
            mx.int32,
            "decoder.quantizer.rvq_first.vq.layers.0._codebook.embedding_sum",
            f"{CODEC}/{WEIGHTS}",
        ),
        "embedding_sum is int32, and floating-point",
    ),
    "MLX without a word in the config": (
        more(talker__codec_head__scales=_PARTS),
        "has quantised weights, but its config.json has no `quantization`",
    ),
    "MLX with odd bits": (
        put("quantization", {"bits": 7, "group_size": 64}),
        "quantization.bits is 7, but MLX supports 2, 3, 4, 5, 6, 8",
    ),
    "MLX with true bits": (put("quantization", {"bits": True}), "quantization.bits is True"),
    "a quantization in words": (put("quantization", "4bit"), "'4bit', not an object"),
    "an adapter": (
        also(
            remove(CONFIG, WEIGHTS),
            write("adapter_config.json", _ADAPTER),
            save("adapter_model.safetensors", lora=_PARTS),
        ),
        "a LORA adapter for Qwen/Qwen3-TTS-12Hz-1.7B-Base.*Merge it first",
    ),
    "an adapter with a config.json": (
        also(
            remove(WEIGHTS),
            write("adapter_config.json", _ADAPTER),
            save("adapter_model.safetensors", lora=_PARTS),
        ),
        "a LORA adapter for Qwen/Qwen3-TTS-12Hz-1.7B-Base.*Merge it first",
    ),
    "an adapter among the weights": (
        more(talker__model__layers__0__self_attn__q_proj__lora_A__weight=_PARTS),
        "an adapter that is not merged.*q_proj.lora_A.weight.*Merge it first",
    ),
    "GGUF": (also(remove(WEIGHTS), write("model-q4.gguf", b"GGUF")), r"as GGUF \(model-q4.gguf\)"),
    "GGUF alone": (
        also(remove(WEIGHTS, CONFIG), write("model-q4.gguf", b"GGUF")),
        r"no config.json.*as GGUF \(model-q4.gguf\)",
    ),
    "pickles": (
        also(remove(WEIGHTS), write("pytorch_model.bin", b"x")),
        r"as pickles \(pytorch_model.bin\).*can run code",
    ),
    "a training run's state": (
        also(
            remove(CONFIG, WEIGHTS, CODEC, "tokenizer.json"),
            write("optimizer.pt", b"x"),
            write("trainer_state.json", "{}"),
        ),
        "the state of a training run.*no model",
    ),
    "the model inside": (
        _nested,
        "checkpoint-500 inside it is.*Name that folder: .*checkpoint-500",
    ),
    "the 25 Hz tokenizer": (
        put("tokenizer_type", "qwen3_tts_tokenizer_25hz"),
        "the 25 Hz speech tokenizer; only the 12 Hz one is supported",
    ),
    "the 25 Hz tokenizer inside": (
        put("model_type", "qwen3_tts_tokenizer_25hz", _TOKENIZER),
        "the 25 Hz speech tokenizer; only the 12 Hz one is supported",
    ),
    "Qwen3-Omni": (
        also(
            put("model_type", "qwen3_omni_moe"),
            put("architectures", ["Qwen3OmniMoeForConditionalGeneration"]),
        ),
        "Unknown model_type 'qwen3_omni_moe'.*architecture is Qwen3OmniMoe",
    ),
    "a language model": (
        put("model_type", "qwen2"),
        "Unknown model_type 'qwen2'. Known: qwen3_tts",
    ),
    "no model_type": (drop("model_type"), "names no model_type"),
}
