"""Checks that the ids and sizes in a checkpoint's files fit together. Does not import MLX.

MLX does not check an index: an id outside its table reads other memory, and the voice is noise.
PyTorch raises an error; here the error comes when the model is loaded.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sidecar.errors import NotACheckpoint
from sidecar.models.qwen3_tts.schema import (
    CodecDecoder,
    CodePredictor,
    Model,
    SpeechTokenizer,
    TalkerConfig,
)

# The last ids of codebook 0's vocabulary are control codes, never audio.
CONTROL_CODES = 1024
AnyLayers = TalkerConfig | CodePredictor | CodecDecoder
_TOKENIZER = "qwen3_tts_tokenizer_12hz"
_CODEC_IDS = (
    "codec_bos_id", "codec_eos_token_id", "codec_pad_id", "codec_think_id", "codec_nothink_id",
    "codec_think_bos_id", "codec_think_eos_id",
)  # fmt: skip
_TEXT_IDS = ("tts_bos_token_id", "tts_eos_token_id", "tts_pad_token_id")


def check_variant(model: Model, variants: tuple[str, ...], path: Path) -> None:
    """Refuse an unknown variant, and a speech tokenizer that is not the 12 Hz one."""
    if model.tts_model_type not in variants:
        raise _refused(
            path, f"tts_model_type is {model.tts_model_type!r}, not one of {', '.join(variants)}"
        )
    if model.tokenizer_type not in (None, _TOKENIZER):
        raise wrong_tokenizer_error(path, str(model.tokenizer_type))


def wrong_tokenizer_error(path: Path, name: str) -> NotACheckpoint:
    """Return the error for a checkpoint with a speech tokenizer that is not the 12 Hz one."""
    rate = "25 Hz" if "25hz" in name.lower() else repr(name)
    return NotACheckpoint(
        f"{path} uses the {rate} speech tokenizer; only the 12 Hz one is supported.",
        hint="Use a model of the Qwen3-TTS-12Hz series.",
        field="model",
    )


def check_token_ids(model: Model, given: dict[str, Any], path: Path) -> None:
    """Refuse control ids outside their table.

    Args:
        given: the content of config.json, which tells its own ids from defaults.
    """
    talker = model.talker_config
    if talker.vocab_size <= CONTROL_CODES:
        raise _refused(
            path,
            f"talker_config.vocab_size is {talker.vocab_size}, of which the last {CONTROL_CODES} "
            "are control codes: no code is left for audio",
        )
    own: Any = given.get("talker_config")
    for name in _CODEC_IDS:
        _inside(
            path,
            f"talker_config.{name}",
            getattr(talker, name),
            talker.vocab_size,
            "codec embedding",
            own.get(name) is None,
        )
    for name in _TEXT_IDS:
        _inside(
            path,
            name,
            getattr(model, name),
            talker.text_vocab_size,
            "text embedding",
            given.get(name) is None,
        )


def read_speakers(talker: TalkerConfig, path: Path) -> dict[str, int]:
    """Return the preset voices, by their names in lower case."""
    return dict(_named_ids(talker, "spk_id", "the speaker", path))


def read_languages(talker: TalkerConfig, path: Path) -> dict[str, int]:
    """Return the languages and dialects, by their names in lower case."""
    return dict(_named_ids(talker, "codec_language_id", "the language", path))


def read_dialects(
    talker: TalkerConfig, speakers: dict[str, int], languages: dict[str, int], path: Path
) -> dict[str, str]:
    """Return the dialects of speakers that have one; entries of other speakers are ignored."""
    found: dict[str, str] = {}
    for name, dialect in talker.spk_is_dialect.items():
        if name.lower() not in speakers or dialect is False:
            continue
        if not isinstance(dialect, str) or dialect.lower() not in languages:
            raise _refused(
                path,
                f"talker_config.spk_is_dialect has {dialect!r} of the speaker {name!r}, "
                "which is not a language in codec_language_id",
            )
        found[name.lower()] = dialect.lower()
    return found


def check_layers(model: Model, path: Path) -> None:
    """Refuse settings that the layers here do not compute as the official model does."""
    talker = model.talker_config
    for where, one in (
        ("talker_config", talker),
        ("talker_config.code_predictor_config", talker.code_predictor_config),
    ):
        _attention(one, where, path)
        if one.use_sliding_window:
            raise _refused(path, f"{where}.use_sliding_window is true, which is not supported")
    groups, own = talker.num_code_groups, talker.code_predictor_config.num_code_groups
    if groups != own:
        raise _refused(
            path, f"talker_config has {groups} code groups, but its code_predictor_config {own}"
        )
    size = model.speaker_encoder_config.enc_dim
    if model.tts_model_type == "base" and size != talker.hidden_size:
        raise _refused(
            path,
            f"speaker_encoder_config.enc_dim is {size}, but talker_config.hidden_size is "
            f"{talker.hidden_size}",
        )


def check_codec(tokenizer: SpeechTokenizer, model: Model, path: Path) -> None:
    """Refuse a speech tokenizer that does not decode the talker's codes.

    Args:
        path: the checkpoint's folder.
    """
    decoder, talker = tokenizer.decoder_config, model.talker_config
    folder = path / "speech_tokenizer"
    if tokenizer.model_type != _TOKENIZER:
        raise wrong_tokenizer_error(path, tokenizer.model_type)
    _attention(decoder, "decoder_config", folder)
    if decoder.codebook_dim % 2:
        raise _refused(
            folder, f"decoder_config.codebook_dim is {decoder.codebook_dim}, an odd number"
        )
    if decoder.num_quantizers != talker.num_code_groups:
        raise _refused(
            folder,
            f"decoder_config.num_quantizers is {decoder.num_quantizers}, but the model has "
            f"{talker.num_code_groups} codes per frame",
        )
    samples = math.prod([*decoder.upsample_rates, *decoder.upsampling_ratios])
    if samples != tokenizer.decode_upsample_rate:
        raise _refused(
            folder,
            f"decode_upsample_rate is {tokenizer.decode_upsample_rate}, but the decoder makes "
            f"{samples} samples per frame",
        )
    if tokenizer.output_sample_rate != model.sample_rate:
        raise _refused(
            folder,
            f"output_sample_rate is {tokenizer.output_sample_rate}, but the model's sample_rate is "
            f"{model.sample_rate}",
        )
    codes_of = {
        "talker_config.vocab_size": talker.vocab_size - CONTROL_CODES,
        "code_predictor_config.vocab_size": talker.code_predictor_config.vocab_size,
    }
    for name, codes in codes_of.items():
        if codes > decoder.codebook_size:
            raise _refused(
                folder,
                f"decoder_config.codebook_size is {decoder.codebook_size}, but by {name} the model "
                f"generates codes up to {codes - 1}",
            )


def _named_ids(
    talker: TalkerConfig, field: str, what: str, path: Path
) -> Iterator[tuple[str, int]]:
    for name, value in getattr(talker, field).items():
        # Some training scripts write a list with one id, which PyTorch accepts.
        id = value[0] if isinstance(value, list) and len(value) == 1 else value
        if isinstance(id, bool) or not isinstance(id, int):
            raise _refused(
                path,
                f"talker_config.{field} gives {what} {name!r} the id {value!r}, not an integer",
            )
        _inside(
            path, f"{what} {name!r} of talker_config.{field}", id, talker.vocab_size,
            "codec embedding",
        )  # fmt: skip
        yield name.lower(), id


def _inside(path: Path, name: str, id: int, rows: int, table: str, default: bool = False) -> None:
    if not 0 <= id < rows:
        whose = ", the official default, since the file has no value" if default else ""
        raise NotACheckpoint(
            f"{path}/config.json: {name} has the id {id}{whose}; the {table} has {rows} rows, 0 to "
            f"{rows - 1}.",
            hint="Correct the id, or use the config.json that belongs to these weights.",
            field="model",
        )


def _attention(one: AnyLayers, where: str, path: Path) -> None:
    if one.hidden_act != "silu":
        raise _refused(path, f"{where}.hidden_act is {one.hidden_act!r}; only silu is supported")
    for field in ("rope_scaling", "rope_parameters"):
        scaling: dict[str, Any] = getattr(one, field) or {}
        rotation = scaling.get("rope_type", scaling.get("type", "default"))
        if rotation not in ("default", "mrope"):
            raise _refused(
                path, f"{where}.{field} has the type {rotation!r}; only default is supported"
            )
    heads, size = (
        one.num_attention_heads,
        one.head_dim or one.hidden_size // one.num_attention_heads,
    )
    if heads % one.num_key_value_heads or size < 2 or size % 2:
        raise _refused(
            path,
            f"{where} has {heads} heads of size {size} and {one.num_key_value_heads} key-value "
            "heads, which do not fit together",
        )


def _refused(path: Path, why: str) -> NotACheckpoint:
    return NotACheckpoint(
        f"{path}/config.json: {why}.",
        hint="Compare it with the config.json of the model that this model was made from.",
        field="model",
    )
