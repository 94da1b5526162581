"""Changes of the configuration with which a checkpoint is refused, and the words of the error."""

from __future__ import annotations

import math

from tests.support.checkpoints.changing import (
    CODEC,
    CONFIG,
    Change,
    also,
    cut,
    drop,
    put,
    recoded,
    write,
)

_GENERATION, _CODEC_CONFIG = "generation_config.json", f"{CODEC}/config.json"
_TALKER, _PREDICTOR = "talker_config", "talker_config.code_predictor_config"

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
        put("decoder_config.num_quantizers", 8, _CODEC_CONFIG),
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
            ("decoder_config.num_hidden_layers", _CODEC_CONFIG),
            ("decoder_config.num_quantizers", _CODEC_CONFIG),
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
        drop("decoder_config.codebook_dim", _CODEC_CONFIG),
        "speech_tokenizer/config.json lacks decoder_config.codebook_dim",
    ),
    "another rate of samples": (
        put("decode_upsample_rate", 960, _CODEC_CONFIG),
        "decode_upsample_rate is 960, but the decoder makes 1920",
    ),
    "another output rate": (put("output_sample_rate", 48000, _CODEC_CONFIG), "48000.*24000"),
}
