"""`python -m bench.gguf_checkpoint FOLDER TYPE OUT`: a checkpoint as qwentts.cpp reads it.

FOLDER is what `bench.checkpoints` wrote with 16 bits. OUT becomes a folder with `talker.gguf` and
`codec.gguf` of the same weights, so that both programs do the same work. Names, metadata and the
choice of types are those of qwentts.cpp's `convert.py` and `tools/quantize.cpp` at a8a7716.
qwentts.cpp's own converter does not take such a folder: it also wants the codec's encoder, which
only clones need, and which qwentts.cpp itself reads only when it encodes a recording.

It needs the packages `gguf` and `realtimetts-qwen-native-cpu`; the latter's ggml quantises.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import mlx.core as mx
import numpy as np
from numpy.typing import NDArray

TYPES = ("F32", "BF16", "Q8_0", "Q4_K_M")

# The first pattern that fits a tensor's name in the hub's file says its name in GGUF.
_LAYER = {
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "self_attn_layer_scale.scale": "attn_scale",
    "mlp_layer_scale.scale": "ffn_scale",
}
_NAMES = (
    (r"talker\.model\.(codec|text)_embedding\.", r"talker.\1_embd."),
    (r"talker\.model\.norm\.", "talker.output_norm."),
    (r"talker\.text_projection\.linear_", "talker.text_proj."),
    (r"talker\.model\.layers\.", "talker.blk."),
    (r"talker\.code_predictor\.model\.layers\.", "code_pred.blk."),
    (r"talker\.code_predictor\.model\.codec_embedding\.", "code_pred.codec_embd."),
    (r"talker\.code_predictor\.model\.norm\.", "code_pred.output_norm."),
    (r"talker\.code_predictor\.small_to_mtp_projection\.", "code_pred.mtp_proj."),
    (r"talker\.code_predictor\.", "code_pred."),
    (r"decoder\.pre_conv\.conv\.", "tok_dec.pre_conv."),
    (r"decoder\.pre_transformer\.layers\.", "tok_dec.pre_tfm.blk."),
    (r"decoder\.pre_transformer\.", "tok_dec.pre_tfm."),
    (r"decoder\.upsample\.(\d)\.0\.conv\.", r"tok_dec.upsample.\1.conv."),
    (r"decoder\.upsample\.(\d)\.1\.dwconv\.conv\.", r"tok_dec.upsample.\1.dwconv."),
    (r"decoder\.upsample\.(\d)\.1\.", r"tok_dec.upsample.\1."),
    (r"decoder\.decoder\.5\.", "tok_dec.dec.5.snake."),
    (r"decoder\.decoder\.(\d)\.block\.0\.", r"tok_dec.dec.\1.snake."),
    (r"decoder\.decoder\.(\d)\.block\.1\.conv\.", r"tok_dec.dec.\1.conv_t."),
    (r"decoder\.decoder\.", "tok_dec.dec."),
    (r"decoder\.quantizer\.rvq_(first|rest)\.vq\.layers\.(\d+)\._", r"tok_dec.vq_\1.\2."),
    (r"decoder\.quantizer\.rvq_(first|rest)\.", r"tok_dec.vq_\1."),
)
# ggml's numbers of its types, for its quantiser.
_GGML_TYPES = {"Q8_0": 8, "Q4_K": 12, "Q6_K": 14}


def name_of(name: str) -> str:
    """Return a tensor's name in GGUF."""
    for pattern, there in _NAMES:
        renamed, found = re.subn(f"^{pattern}", there, name)
        if found:
            break
    else:
        renamed = name
    for ours, theirs in _LAYER.items():
        renamed = renamed.replace(f".{ours}", f".{theirs}")
    unit = re.search(r"\.block\.(\d)\.", renamed)
    if unit:  # residual units are numbered from 0; the first is block 2
        renamed = renamed.replace(unit.group(), f".res.{int(unit.group(1)) - 2}.")
        renamed = re.sub(r"(\.conv\d)\.conv\.", r"\1.", renamed)
    return renamed


def tensors(file: Path) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Yield every tensor of a safetensors file by its name in GGUF; a codebook is one quotient."""
    weights = cast("dict[str, mx.array]", mx.load(str(file)))
    for name in sorted(weights):
        if name.endswith("embedding_sum"):
            continue  # it went with its cluster_usage, which comes before
        array = weights.pop(name)
        if name.endswith("cluster_usage"):
            sums = weights.pop(name.replace("cluster_usage", "embedding_sum"))
            quotient = sums / array[:, None]
            yield name_of(name).removesuffix(".cluster_usage"), np.array(quotient)
        elif ".input_proj.weight" not in name or "quantizer" not in name:
            yield name_of(name), np.array(array.astype(mx.float32))


def type_of(name: str, shape: tuple[int, ...], wanted: str) -> str:
    """Return the type that `tools/quantize.cpp` stores a tensor in."""
    # ggml does not count dimensions of 1 at the front.
    *others, width = shape
    is_vector = all(size == 1 for size in others)
    if wanted == "F32" or is_vector or ".vq_" in name:
        return "F32"
    kind = wanted
    if wanted == "Q4_K_M":
        kind = "Q6_K" if "codec_embd" in name or "text_embd" in name else "Q4_K"
    block = {"BF16": 1, "Q8_0": 32}.get(kind, 256)
    return kind if width % block == 0 else "F16"


class _Quantiser:
    """ggml's own quantiser, of the library that qwentts.cpp's package brings along."""

    def __init__(self) -> None:
        spec = find_spec("qwentts_cpp_cpu")
        if spec is None or spec.origin is None:
            raise SystemExit("pip install realtimetts-qwen-native-cpu gguf")
        self._ggml: Any = ctypes.CDLL(str(Path(spec.origin).parent / "lib" / "libggml-base.so.0"))
        self._ggml.ggml_row_size.restype = ctypes.c_size_t
        self._ggml.ggml_row_size.argtypes = [ctypes.c_int, ctypes.c_int64]
        self._ggml.ggml_quantize_chunk.restype = ctypes.c_size_t
        self._ggml.ggml_quantize_chunk.argtypes = (
            [ctypes.c_int] + [ctypes.c_void_p] * 2 + [ctypes.c_int64] * 3 + [ctypes.c_void_p]
        )

    def __call__(self, values: NDArray[np.float32], kind: str) -> NDArray[np.uint8]:
        """Return the bytes of each row."""
        number, width = _GGML_TYPES[kind], values.shape[-1]
        row = self._ggml.ggml_row_size(number, width)
        result = np.empty((*values.shape[:-1], row), np.uint8)
        rows = values.size // width
        source = np.ascontiguousarray(values)
        self._ggml.ggml_quantize_chunk(
            number, source.ctypes.data, result.ctypes.data, 0, rows, width, None
        )
        return result


def convert(folder: Path, wanted: str, out: Path) -> None:
    """Write both files; `wanted` is one of `TYPES`."""
    out.mkdir(parents=True, exist_ok=True)
    config = json.loads((folder / "config.json").read_text("utf-8"))
    codec = json.loads((folder / "speech_tokenizer" / "config.json").read_text("utf-8"))
    talker = {**_talker_values(config), **_text_values(folder / "tokenizer.json")}
    _write(out / "talker.gguf", "qwen3-tts", talker, folder / "model.safetensors", wanted)
    weights = folder / "speech_tokenizer" / "model.safetensors"
    _write(out / "codec.gguf", "qwen3-tts-tokenizer", _codec_values(codec), weights, wanted)


def _write(file: Path, architecture: str, values: dict[str, Any], weights: Path, kind: str) -> None:
    import gguf  # pyright: ignore[reportMissingImports]

    writer: Any = gguf.GGUFWriter(str(file), architecture)
    for key, value in values.items():
        if isinstance(value, list):
            writer.add_array(key, value)
        elif isinstance(value, str):
            writer.add_string(key, value)
        elif isinstance(value, bool):
            writer.add_bool(key, value)
        elif isinstance(value, float):
            writer.add_float32(key, value)
        else:
            writer.add_uint32(key, value)
    quantise = _Quantiser()
    for name, array in tensors(weights):
        stored = type_of(name, array.shape, kind)
        if stored == "F32":
            writer.add_tensor(name, array)
        elif stored == "F16":
            writer.add_tensor(name, array.astype(np.float16))
        else:
            raw = _bfloat16(array) if stored == "BF16" else quantise(array, stored)
            writer.add_tensor(name, raw, raw_dtype=gguf.GGMLQuantizationType[stored])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _bfloat16(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    # The weights came from bfloat16, so the lower half is zero; the codec's are cut off.
    return (np.ascontiguousarray(values).view(np.uint32) >> 16).astype(np.uint16).view(np.uint8)


def _network(prefix: str, config: dict[str, Any]) -> dict[str, Any]:
    return {
        f"{prefix}.embedding_length": config["hidden_size"],
        f"{prefix}.feed_forward_length": config["intermediate_size"],
        f"{prefix}.block_count": config["num_hidden_layers"],
        f"{prefix}.attention.head_count": config["num_attention_heads"],
        f"{prefix}.attention.head_count_kv": config["num_key_value_heads"],
        f"{prefix}.attention.key_length": config["head_dim"],
        f"{prefix}.vocab_size": config["vocab_size"],
        f"{prefix}.context_length": config["max_position_embeddings"],
        f"{prefix}.rope.freq_base": float(config["rope_theta"]),
        f"{prefix}.attention.layer_norm_rms_epsilon": float(config["rms_norm_eps"]),
    }


def _talker_values(config: dict[str, Any]) -> dict[str, Any]:
    talker = config["talker_config"]
    dialects = talker["spk_is_dialect"]
    ids = {
        f"qwen3-tts.codec.{name}_id": talker[f"codec_{name}{'_token' * (name == 'eos')}_id"]
        for name in ("pad", "bos", "eos", "think", "nothink", "think_bos", "think_eos")
    }
    texts = ("im_start", "im_end", "tts_pad", "tts_bos", "tts_eos")
    return {
        "qwen3-tts.tokenizer_type": config["tokenizer_type"],
        "qwen3-tts.model_size": config["tts_model_size"],
        "qwen3-tts.model_type": config["tts_model_type"],
        "qwen3-tts.num_code_groups": talker["num_code_groups"],
        **_network("qwen3-tts.talker", talker),
        "qwen3-tts.talker.text_vocab_size": talker["text_vocab_size"],
        "qwen3-tts.talker.text_hidden_size": talker["text_hidden_size"],
        "qwen3-tts.talker.position_id_per_seconds": talker["position_id_per_seconds"],
        "qwen3-tts.talker.rope.mrope_section": talker["rope_scaling"]["mrope_section"],
        "qwen3-tts.talker.mrope_interleaved": bool(talker["rope_scaling"]["interleaved"]),
        **_network("qwen3-tts.code_pred", talker["code_predictor_config"]),
        **ids,
        "qwen3-tts.codec.language_names": list(talker["codec_language_id"]),
        "qwen3-tts.codec.language_ids": list(talker["codec_language_id"].values()),
        "qwen3-tts.codec.speaker_names": list(talker["spk_id"]),
        "qwen3-tts.codec.speaker_ids": list(talker["spk_id"].values()),
        "qwen3-tts.codec.speaker_dialects": [dialects.get(n) or "" for n in talker["spk_id"]],
        **{f"qwen3-tts.text.{name}_id": config[f"{name}_token_id"] for name in texts},
    }


def _text_values(file: Path) -> dict[str, Any]:
    """Return the text tokenizer, with the signs that GPT-2's byte alphabet has for white space."""
    tokenizer = json.loads(file.read_text("utf-8"))
    model = tokenizer["model"]
    special = {token["id"]: token["content"] for token in tokenizer["added_tokens"]}
    entries = {index: token for token, index in model["vocab"].items()} | special
    alphabet = str.maketrans({" ": "Ġ", "\n": "Ċ"})
    count = max(entries) + 1
    merges = [m if isinstance(m, str) else "\0".join(m) for m in model["merges"]]
    return {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.tokens": [
            entries.get(i, f"<|unused-{i}|>").translate(alphabet) for i in range(count)
        ],
        "tokenizer.ggml.token_type": [
            4 if i in special else 1 if i in entries else 5 for i in range(count)
        ],
        "tokenizer.ggml.merges": [m.translate(alphabet).replace("\0", " ") for m in merges],
    }


def _codec_values(config: dict[str, Any]) -> dict[str, Any]:
    decoder = config["decoder_config"]
    prefix = "qwen3-tts-tokenizer"
    renamed = {"vector_quantization_hidden_dimension": "vector_quantization_hidden_dim"}
    unused = ("attention_bias", "attention_dropout", "hidden_act", "semantic_codebook_size")
    floats = ("rms_norm_eps", "rope_theta", "layer_scale_initial_scale")
    values = {
        f"{prefix}.decoder.{renamed.get(key, key)}": float(value) if key in floats else value
        for key, value in decoder.items()
        if key not in unused
    }
    rates = ("input_sample_rate", "output_sample_rate", "decode_upsample_rate")
    return {
        **{f"{prefix}.{name}": config[name] for name in rates},
        **values,
        f"{prefix}.decoder.codebook_dim_internal": decoder["codebook_dim"] // 2,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("type", choices=TYPES)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    convert(options.folder, options.type, options.out)


if __name__ == "__main__":
    main()
