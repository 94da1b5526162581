"""The counts in a checkpoint's configuration, compared with its tensors before anything is built.

Building modules costs time and memory for each of them, also where the file has none of their
weights. Does not import MLX.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from sidecar.errors import ModelLoadFailed
from sidecar.models.qwen3_tts import schema

_ENCODER = "encoder."


def check_talker(fields: schema.Model, names: Iterable[str], path: Path) -> None:
    """Refuse more layers or code groups than the weights have.

    Args:
        names: of all tensors of the talker's files.

    Raises:
        ModelLoadFailed
    """
    talker = fields.talker_config
    predictor = talker.code_predictor_config
    counts = {
        "talker.model.layers.": ("talker_config.num_hidden_layers", talker.num_hidden_layers),
        "talker.code_predictor.model.layers.": (
            "talker_config.code_predictor_config.num_hidden_layers",
            predictor.num_hidden_layers,
        ),
        "talker.code_predictor.lm_head.": (
            "talker_config.num_code_groups, less one,",
            talker.num_code_groups - 1,
        ),
    }
    _check(counts, set(names), path)


def check_codec(fields: schema.SpeechTokenizer, names: Iterable[str], path: Path) -> None:
    """Refuse more layers or codebooks than the weights of the speech tokenizer have.

    Args:
        names: of all tensors of the speech tokenizer's files.

    Raises:
        ModelLoadFailed
    """
    decoder, encoder, stored = fields.decoder_config, fields.encoder_config, set(names)
    counts = {
        "decoder.pre_transformer.layers.": (
            "decoder_config.num_hidden_layers",
            decoder.num_hidden_layers,
        ),
        "decoder.quantizer.rvq_rest.vq.layers.": (
            "decoder_config.num_quantizers, less one,",
            decoder.num_quantizers - 1,
        ),
    }
    if encoder is not None:
        counts |= {
            "encoder.encoder_transformer.layers.": (
                "encoder_config.num_hidden_layers",
                encoder.num_hidden_layers,
            ),
            "encoder.quantizer.acoustic_residual_vector_quantizer.layers.": (
                "encoder_config.num_quantizers, less num_semantic_quantizers,",
                encoder.num_quantizers - encoder.num_semantic_quantizers,
            ),
            "encoder.quantizer.semantic_residual_vector_quantizer.layers.": (
                "encoder_config.num_semantic_quantizers",
                encoder.num_semantic_quantizers,
            ),
        }
    _check(counts, stored, path)


def has_encoder(names: Iterable[str]) -> bool:
    return any(name.startswith(_ENCODER) for name in names)


def _check(counts: dict[str, tuple[str, int]], names: set[str], path: Path) -> None:
    for prefix, (field, count) in counts.items():
        number = re.compile(re.escape(prefix) + r"(\d{1,9})\.")
        found = [int(match[1]) for name in names if (match := number.match(name))]
        # Where a file has none, all its names are foreign, which a later check explains.
        stored = max(found) + 1 if found else len(names)
        if count > stored:
            raise ModelLoadFailed(
                f"{path}: by config.json, {field} is {count}, but the weights have "
                f"{stored if found else 'none'}.",
                hint="The weights and config.json belong to different models, or one of them is "
                "damaged.",
                field="model",
            )
