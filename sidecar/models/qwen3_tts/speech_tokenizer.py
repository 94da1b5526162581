"""The speech tokenizer of a checkpoint, which has a folder with its own config.json and weights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlx.core as mx
from mlx_audio.tts.models.qwen3_tts.config import (
    Qwen3TTSTokenizerConfig,
    Qwen3TTSTokenizerDecoderConfig,
    Qwen3TTSTokenizerEncoderConfig,
    filter_dict_for_dataclass,
)
from mlx_audio.tts.models.qwen3_tts.speech_tokenizer import Qwen3TTSSpeechTokenizer
from msgspec.structs import replace

from sidecar.errors import NotACheckpoint
from sidecar.models.checkpoint import Checkpoint
from sidecar.models.checkpoint.jsonfile import read_object
from sidecar.models.checkpoint.weights import advise_download, read_headers, weight_files
from sidecar.models.qwen3_tts import checks, counts, schema, tensors
from sidecar.models.qwen3_tts.codec import codebook_tables, in_float32
from sidecar.models.qwen3_tts.tensors import Weights

FOLDER = "speech_tokenizer"
_ENCODER = "encoder_model."
# What has the sizes in config.json also where the blocks of the decoder get narrower.
_ALWAYS_FIXED = ("decoder.quantizer.", "decoder.pre_transformer.layers.")


@dataclass(frozen=True)
class Codec:
    """mlx-audio's modules in float32.

    Attributes:
        encoder: None if the checkpoint has none.
        tables: float32 [codebooks, size, dim], the decoder's codebooks.
    """

    encoder: Any
    decoder: Any
    tables: mx.array
    samples_per_frame: int


def load(checkpoint: Checkpoint, fields: schema.SpeechTokenizer, clones: bool) -> Codec:
    """Return the codec, all of it in memory.

    Args:
        clones: whether the model is a Base model, which needs the encoder, too.

    Raises:
        NotACheckpoint: a file is missing.
        ModelLoadFailed: tensors are missing or have the wrong shape.
    """
    folder = checkpoint.path / FOLDER
    raw = tensors.read(weight_files(folder))
    codec = Qwen3TTSSpeechTokenizer(_config(fields))
    _check_decoder(codec.decoder, raw, fields.decoder_config, folder)
    _fill(codec, raw, clones, folder)
    # After a lenient load, mlx-audio computes the encoder's codebooks from their sums.
    if codec.encoder_model is not None:
        quantizer: Any = codec.encoder_model.quantizer
        for part in (quantizer.rvq_first, quantizer.rvq_rest):
            for layer in part.vq.layers:
                layer.codebook.update_in_place()
        codec.encoder_model.set_dtype(mx.float32)
        mx.eval(codec.encoder_model.parameters())
    decoder, tables = in_float32(codec.decoder), codebook_tables(raw)
    mx.eval(decoder.parameters(), tables)
    return Codec(codec.encoder_model, decoder, tables, fields.decode_upsample_rate)


def read_fields(checkpoint: Checkpoint, model: schema.Model) -> schema.SpeechTokenizer:
    """Return the checked fields of speech_tokenizer/config.json.

    Raises:
        NotACheckpoint: it is missing, or does not fit the model.
    """
    path = checkpoint.path / FOLDER / "config.json"
    try:
        values = read_object(path)
    except FileNotFoundError:
        raise NotACheckpoint(
            f"{path.parent} has no config.json: the download is incomplete.",
            hint=advise_download(path.parent),
            field="model",
        ) from None
    if str(values.get("model_type", "")).endswith("25hz"):
        raise checks.wrong_tokenizer_error(checkpoint.path, str(values["model_type"]))
    given = schema.convert(values, schema.SpeechTokenizer, path)
    checks.check_codec(given, model, checkpoint.path)
    return given


def check_counts(
    checkpoint: Checkpoint, fields: schema.SpeechTokenizer, clones: bool
) -> schema.SpeechTokenizer:
    """Compare the fields with the headers of the weights, before anything is built.

    Returns:
        The fields, without those of an encoder that the model does not need and the file lacks.

    Raises:
        NotACheckpoint: a file is missing, or has no readable header.
        ModelLoadFailed
    """
    folder = checkpoint.path / FOLDER
    names = [tensor.name for tensor in read_headers(folder, weight_files(folder))]
    if not clones and not counts.has_encoder(names):
        fields = replace(fields, encoder_config=None)
    counts.check_codec(fields, names, folder)
    return fields


def _config(fields: schema.SpeechTokenizer) -> Qwen3TTSTokenizerConfig:
    given = schema.to_mlx_audio(fields)
    for name, kind in (
        ("decoder_config", Qwen3TTSTokenizerDecoderConfig),
        ("encoder_config", Qwen3TTSTokenizerEncoderConfig),
    ):
        if name in given:
            given[name] = kind(**filter_dict_for_dataclass(kind, given[name]))
    return Qwen3TTSTokenizerConfig(**filter_dict_for_dataclass(Qwen3TTSTokenizerConfig, given))


def _fill(codec: Any, raw: Weights, clones: bool, folder: Path) -> None:
    """Load the weights in the file; only Base models need the encoder, which encodes references."""
    weights = Qwen3TTSSpeechTokenizer.sanitize(dict(raw))
    expected = tensors.parameters_of(codec)
    without = codec.encoder_model is None
    known = {name for name in weights if without and name.startswith(_ENCODER)}
    if clones:
        needed = {
            name: value
            for name, value in expected.items()
            if name.startswith(_ENCODER) and not name.endswith(".initialized")
        }
        tensors.check_complete(needed, weights, folder)
    tensors.drop_unexpected(weights, expected.keys() | known, folder)
    codec.load_weights([(n, v) for n, v in weights.items() if n in expected], strict=False)
    codec.eval()


def _check_decoder(decoder: Any, raw: Weights, fields: schema.CodecDecoder, folder: Path) -> None:
    """Check that the file has every weight of the decoder.

    mlx-audio guesses the layout of convolutions from their sizes; a wrong guess changes the order
    of a shape but not its numbers. So the sorted shapes are compared here, and the first product
    checks the order. In the codecs of `training/` the blocks get narrower, for which there is no
    field: only that product checks their shapes.
    """
    expected = {
        f"decoder.{name}": value.shape
        for name, value in tensors.parameters_of(decoder).items()
        if ".codebook.embed." not in name and not _is_unused(name)
    }
    expected |= _codebooks(fields)
    tensors.check_names(expected, raw, folder)
    for name in expected:
        tensors.check_floating(name, raw[name], folder)
    for name, shape in expected.items():
        is_fixed = bool(fields.upsample_rates) or name.startswith(_ALWAYS_FIXED)
        if is_fixed and sorted(raw[name].shape) != sorted(shape):
            raise tensors.shape_error(name, raw[name].shape, shape, folder)


def _is_unused(name: str) -> bool:
    """Return whether decoding needs no such tensor: the quantizers' input projections are for
    encoding, and rotations are computed."""
    return name.endswith("_inv_freq") or ("quantizer" in name and "input_proj" in name)


def _codebooks(fields: schema.CodecDecoder) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    for part, count in (("rvq_first", 1), ("rvq_rest", fields.num_quantizers - 1)):
        for index in range(count):
            book = f"decoder.quantizer.{part}.vq.layers.{index}._codebook."
            shapes[book + "embedding_sum"] = (fields.codebook_size, fields.codebook_dim // 2)
            shapes[book + "cluster_usage"] = (fields.codebook_size,)
    return shapes
