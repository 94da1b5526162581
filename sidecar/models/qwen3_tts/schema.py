"""The fields of a checkpoint's configuration files, with the official classes' defaults.

Source of the defaults: `configuration_qwen3_tts.py` and `configuration_qwen3_tts_tokenizer_v2.py`
of qwen-tts 0.1.1, and MimiConfig of transformers. mlx-audio's own defaults differ: they are those
of one published model. A field without a default here has none there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct, field

from sidecar.errors import NotACheckpoint
from sidecar.structs import learn

Count = Annotated[int, Meta(gt=0, lt=2**31)]
# Numbers of modules, which Python makes one by one before any weights are read.
Modules = Annotated[int, Meta(gt=0, lt=1000)]
Positive = Annotated[float, Meta(gt=0, lt=1e30)]  # not infinite
Temperature = Annotated[float, Meta(ge=0, lt=1e30)]
TopK = Annotated[int, Meta(ge=0, lt=2**31)]
Fraction = Annotated[float, Meta(ge=0, le=1)]
# One module for each; the official models have at most five.
Counts = Annotated[tuple[Count, ...], Meta(max_length=16)]
T = TypeVar("T")


class Layers(Struct, kw_only=True):
    """The fields that the three stacks of decoder layers share."""

    num_attention_heads: Count = 16
    head_dim: Count | None = None  # the hidden size over the heads
    hidden_act: str = "silu"
    attention_bias: bool = False
    rms_norm_eps: Positive = 1e-6
    rope_theta: Positive = 10000.0
    rope_scaling: dict[str, Any] | None = None
    rope_parameters: dict[str, Any] | None = None  # as transformers 5 writes theta and scaling
    max_position_embeddings: Count = 32768


class CodePredictor(Layers, kw_only=True):
    vocab_size: Count = 2048
    hidden_size: Count = 1024
    intermediate_size: Count = 3072
    num_hidden_layers: Modules = 5
    num_key_value_heads: Count = 8
    head_dim: Count | None = 128
    use_sliding_window: bool = False
    num_code_groups: Annotated[int, Meta(ge=2, lt=1000)] = 32


class TalkerConfig(Layers, kw_only=True):
    code_predictor_config: CodePredictor = field(default_factory=CodePredictor)
    vocab_size: Count = 3072
    hidden_size: Count = 1024
    intermediate_size: Count = 2048
    num_hidden_layers: Modules = 20
    num_key_value_heads: Count = 2
    use_sliding_window: bool = False
    num_code_groups: Annotated[int, Meta(ge=2, lt=1000)] = 32
    text_hidden_size: Count = 2048
    text_vocab_size: Count
    codec_eos_token_id: int = 4198
    codec_think_id: int = 4202
    codec_nothink_id: int = 4203
    codec_think_bos_id: int = 4204
    codec_think_eos_id: int = 4205
    codec_pad_id: int = 4196
    codec_bos_id: int = 4197
    # `checks` examines the values one by one, so that errors name the speaker or language.
    codec_language_id: dict[str, Any]
    spk_id: dict[str, Any] = {}
    spk_is_dialect: dict[str, Any] = {}


class SpeakerEncoder(Struct, kw_only=True):
    mel_dim: Count = 128
    enc_dim: Count = 1024
    enc_channels: Counts = (512, 512, 512, 512, 1536)
    enc_kernel_sizes: Counts = (5, 3, 3, 3, 1)
    enc_dilations: Counts = (1, 2, 3, 4, 1)
    enc_attention_channels: Count = 128
    enc_res2net_scale: Modules = 8
    enc_se_channels: Count = 128
    sample_rate: Count = 24000


class Model(Struct, kw_only=True):
    """config.json."""

    tts_model_type: str
    talker_config: TalkerConfig
    speaker_encoder_config: SpeakerEncoder = field(default_factory=SpeakerEncoder)
    tokenizer_type: str | None = None
    tts_model_size: str | None = None
    tts_pad_token_id: int = 151671
    tts_bos_token_id: int = 151672
    tts_eos_token_id: int = 151673
    sample_rate: Count = 24000


class CodecDecoder(Layers, kw_only=True):
    codebook_size: Count = 2048
    codebook_dim: Count
    hidden_size: Count = 1024
    latent_dim: Count = 1024
    num_key_value_heads: Count = 16
    sliding_window: Count = 72
    intermediate_size: Count = 3072
    layer_scale_initial_scale: float = 0.01
    rms_norm_eps: Positive = 1e-5
    num_hidden_layers: Modules = 8
    num_quantizers: Modules = 16
    upsample_rates: Counts = (8, 5, 4, 3)
    upsampling_ratios: Counts = (2, 2)
    decoder_dim: Count = 1536


class CodecEncoder(Struct, kw_only=True):
    audio_channels: Count = 1
    codebook_dim: Count = 256
    codebook_size: Count = 2048
    compress: Count = 2
    dilation_growth_rate: Count = 2
    head_dim: Count | None = None
    hidden_size: Count = 512
    intermediate_size: Count = 2048
    kernel_size: Count = 7
    last_kernel_size: Count = 3
    norm_eps: Positive = 1e-5
    num_attention_heads: Count = 8
    num_filters: Count = 64
    num_hidden_layers: Modules = 8
    num_key_value_heads: Count = 8
    num_quantizers: Modules = 32
    num_residual_layers: Modules = 1
    num_semantic_quantizers: Modules = 1
    residual_kernel_size: Count = 3
    rope_theta: Positive = 10000.0
    sampling_rate: Count = 24000
    sliding_window: Count = 250
    upsampling_ratios: Counts = (8, 6, 5, 4)
    use_causal_conv: bool = True
    use_conv_shortcut: bool = False
    vector_quantization_hidden_dimension: Count = 256


class SpeechTokenizer(Struct, kw_only=True):
    """speech_tokenizer/config.json."""

    model_type: str = "qwen3_tts_tokenizer_12hz"
    decoder_config: CodecDecoder
    encoder_config: CodecEncoder | None = None
    encoder_valid_num_quantizers: Modules = 16
    input_sample_rate: Count = 24000
    output_sample_rate: Count = 24000
    decode_upsample_rate: Count = 1920
    encode_downsample_rate: Count = 1920


class Generation(Struct, kw_only=True):
    """generation_config.json; the defaults are those of Qwen3TTSModel._merge_generate_kwargs."""

    do_sample: bool = True
    temperature: Temperature = 0.9
    top_k: TopK = 50
    top_p: Fraction = 1.0
    repetition_penalty: Positive = 1.05
    subtalker_dosample: bool = True
    subtalker_temperature: Temperature = 0.9
    subtalker_top_k: TopK = 50
    subtalker_top_p: Fraction = 1.0
    max_new_tokens: Count = 2048


learn(Model, SpeechTokenizer, Generation)


def to_mlx_audio(fields: Struct) -> dict[str, Any]:
    """Return fields as arguments of mlx-audio's configuration classes.

    Those classes neither derive the head size from the hidden size, nor know the place in which
    transformers 5 writes the base of the rotation.
    """
    return {
        name: _plain(value)
        for name, value in {**msgspec.structs.asdict(fields), **_derived(fields)}.items()
        if value is not None
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Struct):
        return to_mlx_audio(value)
    return list(value) if isinstance(value, tuple) else value


def _derived(fields: Any) -> dict[str, Any]:
    derived: dict[str, Any] = {}
    if hasattr(fields, "head_dim"):
        derived["head_dim"] = fields.head_dim or fields.hidden_size // fields.num_attention_heads
    theta = (getattr(fields, "rope_parameters", None) or {}).get("rope_theta")
    if isinstance(theta, int | float) and not isinstance(theta, bool):
        derived["rope_theta"] = float(theta)
    return derived


def convert(values: dict[str, Any], kind: type[T], path: Path) -> T:
    """Return the fields of one configuration file; missing and null fields get their defaults.

    Args:
        values: the content of the file.
        path: the file, for errors.

    Raises:
        NotACheckpoint: a field is missing or of the wrong type.
    """
    try:
        return msgspec.convert(_without_nulls(values), kind)
    except msgspec.ValidationError as error:
        raise _refused(path, str(error), values) from None
    except RecursionError:
        raise NotACheckpoint(f"{path} is nested too deeply.", field="model") from None


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return value


def _refused(path: Path, said: str, values: dict[str, Any]) -> NotACheckpoint:
    """Return the error for a message of msgspec, which ends with "at `$.a.b`" for inner fields."""
    what, _, place = said.partition(" - at `$")
    inside = [part for part in place.rstrip("`").split(".") if part]
    if what.startswith("Object missing required field"):
        name = ".".join([*inside, what.split("`")[1]])
        return NotACheckpoint(
            f"{path} lacks {name}, for which the official model has no default.",
            hint="Copy it from the config.json of the model that this model was made from.",
            field="model",
        )
    got: Any = values
    for part in inside:
        got = got.get(part.partition("[")[0]) if isinstance(got, dict) else None
    shown = "" if got is None or isinstance(got, dict) else f", not {_short(got)}"
    return NotACheckpoint(
        f"{path}: {'.'.join(inside)} is wrong: {what[0].lower()}{what[1:]}{shown}.",
        hint="Compare it with the same file of the model that this model was made from.",
        field="model",
    )


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:60] + "…"
