"""Changes with which a checkpoint is refused, and what is said: words in their order."""

from __future__ import annotations

import math
from collections.abc import Callable

import mlx.core as mx

from tests.support.checkpoints.changing import (
    CODEC,
    CONFIG,
    WEIGHTS,
    Change,
    also,
    cut,
    drop,
    put,
    recoded,
    remove,
    save,
    sharded,
    tensors,
    without,
    write,
)

_GENERATION, _TOKENIZER, _PARTS = "generation_config.json", f"{CODEC}/config.json", mx.zeros((4,))
_TALKER, _PREDICTOR = "talker_config", "talker_config.code_predictor_config"
_CODEC_WEIGHTS = f"{CODEC}/{WEIGHTS}"


def _narrower(name: str, by: int = 8) -> Callable[[dict[str, mx.array]], None]:
    def change(weights: dict[str, mx.array]) -> None:
        weights[name] = weights[name][:-by]

    return change


def _wrapped(prefix: str) -> Callable[[dict[str, mx.array]], None]:
    def change(weights: dict[str, mx.array]) -> None:
        for name in list(weights):
            weights[name.replace("talker.", prefix, 1)] = weights.pop(name)

    return change


IDS: dict[str, tuple[Change, str]] = {
    "a speaker beyond the table": (
        put(f"{_TALKER}.spk_id.anna", 3000),
        "the speaker 'anna'.*3000.*codec embedding has 1280 rows",
    ),
    "a speaker at the table's end": (
        put(f"{_TALKER}.spk_id.anna", 1280),
        "'anna'.*1280.*0 to 1279",
    ),
    "a negative speaker": (put(f"{_TALKER}.spk_id.anna", -1), "'anna'.*id -1"),
    "a speaker that is true": (put(f"{_TALKER}.spk_id.anna", True), "'anna'.*True, not an integer"),
    "a speaker that is a half": (put(f"{_TALKER}.spk_id.anna", 1.5), "'anna'.*1.5, not an integer"),
    "a speaker that is no number": (
        put(f"{_TALKER}.spk_id.anna", math.nan),
        "'anna'.*nan, not an integer",
    ),
    "a speaker that is a word": (put(f"{_TALKER}.spk_id.anna", "7"), "'anna'.*'7', not an integer"),
    "a speaker of two ids": (put(f"{_TALKER}.spk_id.anna", [1, 2]), "'anna'.*not an integer"),
    "speakers in a list": (put(f"{_TALKER}.spk_id", ["anna"]), "spk_id is wrong.*object"),
    "a language beyond the table": (
        put(f"{_TALKER}.codec_language_id.english", 99999),
        "the language 'english'.*99999.*1280 rows",
    ),
    "a dialect that is no language": (
        put(f"{_TALKER}.spk_is_dialect.ryan", "cockney"),
        "'cockney' of the speaker 'ryan'",
    ),
    "a dialect that is true": (put(f"{_TALKER}.spk_is_dialect.ryan", True), "True.*'ryan'"),
    **{
        f"{name} beyond the table": (
            put(f"{_TALKER}.{name}", 1280),
            f"{name} has the id 1280; the codec embedding has 1280 rows",
        )
        for name in (
            "codec_bos_id", "codec_eos_token_id", "codec_pad_id", "codec_think_id",
            "codec_nothink_id", "codec_think_bos_id", "codec_think_eos_id",
        )
    },
    **{
        f"{name} beyond the table": (
            put(name, 272),
            f"{name} has the id 272; the text embedding has 272 rows",
        )
        for name in ("tts_bos_token_id", "tts_eos_token_id", "tts_pad_token_id")
    },
    "a default id beyond the table": (
        drop("tts_bos_token_id"),
        "tts_bos_token_id has the id 151672, the official default, since the file has no value",
    ),
    "an id that is true": (put(f"{_TALKER}.codec_bos_id", True), "codec_bos_id is wrong.*bool"),
    "no code for audio": (put(f"{_TALKER}.vocab_size", 1024), "1024 are control codes"),
    "more codes than vectors": (
        put(f"{_PREDICTOR}.vocab_size", 300),
        "codebook_size is 256, but by code_predictor_config.vocab_size.*codes up to 299",
    ),
    "another number of codebooks": (
        put("decoder_config.num_quantizers", 8, _TOKENIZER),
        "num_quantizers is 8.*has 16 codes",
    ),
    "two numbers of code groups": (
        put(f"{_PREDICTOR}.num_code_groups", 8),
        "16 code groups, but its code_predictor_config 8",
    ),
    "fewer rows of text than ids": (
        put(f"{_TALKER}.text_vocab_size", 260),
        "has the id 26.; the text embedding has 260 rows",
    ),
    "a tokenizer without the markup": (
        also(
            put("added_tokens", [], "tokenizer.json"),
            drop("added_tokens_decoder", "tokenizer_config.json"),
        ),
        "cuts the markup around a text into",
    ),
}  # fmt: skip

FIELDS: dict[str, tuple[Change, str]] = {
    "no tts_model_type": (drop("tts_model_type"), "config.json lacks tts_model_type"),
    "tts_model_type is null": (put("tts_model_type", None), "config.json lacks tts_model_type"),
    "another tts_model_type": (
        put("tts_model_type", "singing"),
        "'singing'.*custom_voice, voice_design, base",
    ),
    "no talker_config": (drop(_TALKER), "lacks talker_config"),
    "no text_vocab_size": (
        drop(f"{_TALKER}.text_vocab_size"),
        "lacks talker_config.text_vocab_size",
    ),
    "no languages": (drop(f"{_TALKER}.codec_language_id"), "lacks talker_config.codec_language_id"),
    "a talker in a list": (put(_TALKER, []), "talker_config is wrong: expected `object`"),
    "a size that is a word": (
        put(f"{_TALKER}.hidden_size", "big"),
        "talker_config.hidden_size is wrong.*`int`, got `str`, not 'big'",
    ),
    "a size of zero": (put(f"{_TALKER}.num_hidden_layers", 0), "num_hidden_layers is wrong"),
    **{
        f"a billion of {field}": (put(field, 10**9, file), f"{field} is wrong.*<= 999, not")
        for field, file in (
            (f"{_TALKER}.num_hidden_layers", CONFIG),
            (f"{_PREDICTOR}.num_hidden_layers", CONFIG),
            ("decoder_config.num_hidden_layers", _TOKENIZER),
            ("decoder_config.num_quantizers", _TOKENIZER),
        )
    },
    "an epsilon that is no number": (put(f"{_TALKER}.rms_norm_eps", math.nan), "rms_norm_eps"),
    "heads that do not divide": (
        put(f"{_TALKER}.num_key_value_heads", 3),
        "4 heads of size 32 and 3 key-value heads",
    ),
    "another activation": (put(f"{_TALKER}.hidden_act", "gelu"), "hidden_act is 'gelu'; only silu"),
    "a sliding window": (put(f"{_TALKER}.use_sliding_window", True), "use_sliding_window is true"),
    "another rotation": (
        put(f"{_TALKER}.rope_scaling", {"rope_type": "yarn", "factor": 4.0}),
        "rope_scaling has the type 'yarn'",
    ),
    "a temperature that is a word": (
        put("temperature", "hot", _GENERATION),
        "generation_config.json: temperature is wrong.*'hot'",
    ),
    "a temperature that is no number": (put("temperature", math.nan, _GENERATION), "temperature"),
    "an infinite penalty": (
        put("repetition_penalty", math.inf, _GENERATION),
        "repetition_penalty is wrong.*inf",
    ),
    "a top_p of two": (put("top_p", 2, _GENERATION), "top_p is wrong"),
    "a negative top_k": (put("subtalker_top_k", -1, _GENERATION), "subtalker_top_k is wrong"),
    "no frames at all": (put("max_new_tokens", 0, _GENERATION), "max_new_tokens is wrong"),
    "sampling in a list": (write(_GENERATION, "[]"), "a JSON list, not an object"),
    "half a generation_config.json": (cut(_GENERATION, 20), "is not JSON"),
    "half a config.json": (cut(CONFIG, 200), "config.json cannot be read: it is not JSON"),
    "a config.json that is no text": (write(CONFIG, b"\x80\x81\x82\x83"), "not UTF-8 text"),
    "a config.json in UTF-16": (recoded(CONFIG, "utf-16"), "encoded as UTF-16, not as UTF-8"),
    "a config.json without an end": (write(CONFIG, "[" * 200_000), "nested too deeply"),
    "no codebook_dim": (
        drop("decoder_config.codebook_dim", _TOKENIZER),
        "speech_tokenizer/config.json lacks decoder_config.codebook_dim",
    ),
    "another rate of samples": (
        put("decode_upsample_rate", 960, _TOKENIZER),
        "decode_upsample_rate is 960, but the decoder makes 1920",
    ),
    "another output rate": (put("output_sample_rate", 48000, _TOKENIZER), "48000.*24000"),
}

FILES: dict[str, tuple[Change, str]] = {
    "no weights": (remove(WEIGHTS), r"no \*.safetensors weights"),
    "weights under another name": (
        lambda folder: (folder / WEIGHTS).rename(folder / "weights.safetensors"),
        "has no model.safetensors; it has weights.safetensors",
    ),
    "an optimizer alone": (
        also(remove(WEIGHTS), save("optimizer.safetensors", state=_PARTS)),
        "has no model.safetensors; it has optimizer.safetensors",
    ),
    "a missing shard": (sharded(lost=True), "has no model-00002-of-00002.safetensors"),
    "a missing shard without an index": (
        sharded(index=False, lost=True),
        "has no model-00002-of-00002.safetensors",
    ),
    "an index that leads outside": (
        sharded(folder_name="../"),
        r"names '../model.*only files in the same folder",
    ),
    "an index without a map": (
        also(sharded(), write(f"{WEIGHTS}.index.json", "{}")),
        "has no weight_map",
    ),
    "a link to nothing": (
        also(remove(WEIGHTS), lambda folder: (folder / WEIGHTS).symlink_to("gone")),
        "model.safetensors is a link to a missing file.*Get it again",
    ),
    "weights that are a folder": (
        also(remove(WEIGHTS), lambda folder: (folder / WEIGHTS).mkdir()),
        "model.safetensors is not a regular file.*Get it again",
    ),
    "cut weights": (cut(WEIGHTS, 900_000), "model.safetensors .*is truncated: it has 900,000 of"),
    "weights cut in their header": (cut(WEIGHTS, 100), "is truncated: it ends after 100 bytes"),
    "a pointer of git-lfs": (
        write(WEIGHTS, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"),
        "a pointer of Git LFS",
    ),
    "a web page": (write(WEIGHTS, "<!DOCTYPE html><title>Sign in</title>"), "is a web page"),
    "no codec's weights": (
        remove(_CODEC_WEIGHTS),
        "speech_tokenizer has no model.safetensors: the download is incomplete",
    ),
    "no codec's config": (
        remove(_TOKENIZER),
        "speech_tokenizer has no config.json: the download is incomplete",
    ),
    "no codec": (
        remove(CODEC),
        "speech_tokenizer has no model.safetensors: the download is incomplete",
    ),
    "a cut codec": (
        cut(_CODEC_WEIGHTS, 90_000),
        "speech_tokenizer/model.safetensors .*is truncated",
    ),
    "no tokenizer": (remove("tokenizer.json"), "no text tokenizer: no tokenizer.json"),
    "half a tokenizer": (cut("tokenizer.json", 500), "tokenizer.json cannot be read"),
    "a tokenizer in UTF-16": (
        recoded("tokenizer.json", "utf-16-le"),
        "tokenizer.json cannot be read: it is encoded as UTF-16-LE",
    ),
    "a tokenizer of another kind": (
        write("tokenizer.json", "{}"),
        "has no readable text tokenizer",
    ),
    "a missing tensor": (
        without("talker.codec_head.weight"),
        "a tensor is missing: talker.codec_head.weight",
    ),
    "tensors named by a training wrapper": (
        tensors(_wrapped("module.talker.")),
        "tensors are missing: .*under names that begin with 'module.'.*Remove 'module.'",
    ),
    "a tensor of another shape": (
        tensors(_narrower("talker.codec_head.weight")),
        r"codec_head.weight has the shape \(1272, 64\), but config.json describes \(1280, 64\)",
    ),
    "layers that are not there": (
        put(f"{_TALKER}.num_hidden_layers", 4),
        "11 tensors are missing: talker.model.layers.3.*and 8 more",
    ),
    "a missing tensor of the codec": (
        without("decoder.pre_conv.conv.bias", _CODEC_WEIGHTS),
        "speech_tokenizer: a tensor is missing: decoder.pre_conv.conv.bias",
    ),
    "a missing codebook": (
        without("decoder.quantizer.rvq_rest.vq.layers.3._codebook.embedding_sum", _CODEC_WEIGHTS),
        "a tensor is missing: decoder.quantizer.rvq_rest.vq.layers.3",
    ),
    "a codebook of another size": (
        tensors(
            _narrower("decoder.quantizer.rvq_first.vq.layers.0._codebook.embedding_sum"),
            _CODEC_WEIGHTS,
        ),
        r"has the shape \(248, 68\), but config.json describes \(256, 68\)",
    ),
}

BASE: dict[str, tuple[Change, str]] = {
    "a Base without its speaker encoder": (
        without("speaker_encoder.fc.weight"),
        "a tensor is missing: speaker_encoder.fc.weight",
    ),
    "a Base without its speech encoder": (
        without("encoder.downsample.conv.weight", _CODEC_WEIGHTS),
        "speech_tokenizer: a tensor is missing: encoder_model.downsample",
    ),
    "a Base whose embedding is of another size": (
        put("speaker_encoder_config.enc_dim", 32),
        "enc_dim is 32, but talker_config.hidden_size is 64",
    ),
}
REFUSED = {**IDS, **FIELDS, **FILES}
