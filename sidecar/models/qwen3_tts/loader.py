"""Loads a Qwen3-TTS checkpoint into mlx-audio's modules; nothing is missing, nothing is guessed.

mlx-audio's own loader reads every *.safetensors file in the folder, has the defaults of one
published model, and continues if a tokenizer or a codec is missing or does not fit. Here the
modules get the official defaults and the weights that transformers would read, and are checked.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import mlx.core as mx
from mlx_audio.tts.models.qwen3_tts.config import ModelConfig
from mlx_audio.tts.models.qwen3_tts.qwen3_tts import Model
from mlx_audio.utils import apply_quantization

from sidecar.errors import ModelLoadFailed
from sidecar.models.checkpoint import Checkpoint, foreign, quantised
from sidecar.models.checkpoint.failures import explained_errors
from sidecar.models.checkpoint.weights import weight_files
from sidecar.models.qwen3_tts import (
    config,
    counts,
    memory,
    schema,
    speech_tokenizer,
    tensors,
    text_tokenizer,
)
from sidecar.models.qwen3_tts.quantisation import quantise

log = logging.getLogger(__name__)

_HINT = (
    "Get the checkpoint again, or compare its files with those of the model that it was made from; "
    "the sidecar's stderr has the traceback."
)
_DTYPES = {"float32": mx.float32, "bfloat16": mx.bfloat16, "float16": mx.float16}


@dataclass(frozen=True)
class Parts:
    """A loaded checkpoint: mlx-audio's modules, and the codebooks in float32."""

    talker: Any
    speaker_encoder: Any
    tokenizer: Any
    encoder: Any
    decoder: Any
    tables: mx.array
    samples_per_frame: int
    dtype: str


def load(checkpoint: Checkpoint, dtype: str | None, bits: int | None = None) -> Parts:
    """Load, cast and check every part of a checkpoint.

    Args:
        dtype: of the talker; None is that of its weights.
        bits: quantises the talker, from the weights as they are stored.

    Raises:
        NotACheckpoint: a file is missing or invalid.
        ModelLoadFailed: tensors are missing or have the wrong shape.
    """
    with explained_errors(checkpoint, log, _HINT):
        model, codec = _open(checkpoint)
        if bits is not None:
            quantise(model, bits)
        name = dtype or _stored_dtype(model.talker)
        # The talker stays lazy: its layers are read one by one as they are arranged.
        model.talker.set_dtype(_DTYPES[name])
        if model.speaker_encoder is not None:
            model.speaker_encoder.set_dtype(mx.float32)
            mx.eval(model.speaker_encoder.parameters())
        return Parts(
            talker=model.talker,
            speaker_encoder=model.speaker_encoder,
            tokenizer=model.tokenizer,
            encoder=codec.encoder,
            decoder=codec.decoder,
            tables=codec.tables,
            samples_per_frame=codec.samples_per_frame,
            dtype=name,
        )


def open_model(checkpoint: Checkpoint) -> Any:
    """Return mlx-audio's model of a complete checkpoint; its weights are not read yet.

    Raises:
        NotACheckpoint, ModelLoadFailed: as `load`.
    """
    with explained_errors(checkpoint, log, _HINT):
        return _open(checkpoint)[0]


def _open(checkpoint: Checkpoint) -> tuple[Any, speech_tokenizer.Codec]:
    """Return model and codec; check all JSON files before any weights are read."""
    fields = config.read_fields(checkpoint)
    codec_fields = speech_tokenizer.read_fields(checkpoint, fields)
    tokenizer = text_tokenizer.load(checkpoint, fields.talker_config.text_vocab_size)
    stored = list(memory.tensors(checkpoint))
    quantised.check_tensors(stored, checkpoint.path)
    foreign.check_merged(stored, checkpoint.path)
    counts.check_talker(fields, (tensor.name for tensor in stored), checkpoint.path)
    clones = fields.tts_model_type == "base"
    codec_fields = speech_tokenizer.check_counts(checkpoint, codec_fields, clones)
    model = _talker(checkpoint, fields)
    model.tokenizer = tokenizer
    return model, speech_tokenizer.load(checkpoint, codec_fields, clones)


def _talker(checkpoint: Checkpoint, fields: schema.Model) -> Any:
    """Return the model without its tokenizers."""
    model: Any = Model(ModelConfig.from_dict(schema.to_mlx_audio(fields)))
    weights = model.sanitize(tensors.read(weight_files(checkpoint.path)))
    how = quantised.stored(checkpoint.config)
    if how is not None:
        apply_quantization(model, {"quantization": how}, weights, model.model_quant_predicate)
    elif any(name.endswith(".scales") for name in weights):
        raise ModelLoadFailed(
            f"{checkpoint.path} has quantised weights, but its config.json has no `quantization`.",
            hint="Use the config.json that belongs to these weights.",
            field="model",
        )
    tensors.fill(model, weights, checkpoint.path)
    model.eval()
    return model


def _stored_dtype(talker: Any) -> str:
    stored = talker.model.norm.weight.dtype
    return next((name for name, dtype in _DTYPES.items() if dtype == stored), "bfloat16")
