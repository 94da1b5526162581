"""Weights of a Qwen3-TTS checkpoint, loaded by mlx-audio and checked by us.

mlx-audio warns on stdout and carries on where a tokenizer or a codec is missing or does not
fit; here that is an error before the first request.
"""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlx.core as mx
from mlx.utils import tree_flatten
from mlx_audio.tts.models.qwen3_tts.speech_tokenizer import Qwen3TTSSpeechTokenizerDecoder
from mlx_audio.tts.utils import load_model
from transformers.utils import logging as transformers_logging

from sidecar.errors import ModelLoadFailed, is_out_of_memory
from sidecar.models.backend import on_cpu
from sidecar.models.catalog import Checkpoint
from sidecar.models.qwen3_tts.codec import codebook_tables, in_float32
from sidecar.models.qwen3_tts.quantisation import quantise

log = logging.getLogger(__name__)

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


def load(checkpoint: Checkpoint, dtype: str, bits: int | None = None) -> Parts:
    """Loads, casts and checks every part of a checkpoint.

    Args:
        bits: to quantise the talker to, from the weights as they are stored.

    Raises:
        ModelLoadFailed: something is missing, has the wrong shape, or cannot be read.
    """
    with _readable(checkpoint):
        model = opened(checkpoint)
        if bits is not None:
            quantise(model, bits)
        return _parts(model, checkpoint, dtype)


def opened(checkpoint: Checkpoint) -> Any:
    """mlx-audio's model, its weights not read yet.

    Raises:
        ModelLoadFailed: something is missing, or cannot be read.
    """
    with _readable(checkpoint), _captured() as printed:
        # Lazy: casts and quantising happen before the weights are first in memory.
        model = load_model(checkpoint.path, lazy=True)
        log.debug("mlx-audio printed: %s", printed.getvalue())
        _check_complete(model, checkpoint, printed.getvalue())
        _check_vocabulary(model, checkpoint)
    return model


@contextlib.contextmanager
def _readable(checkpoint: Checkpoint) -> Iterator[None]:
    try:
        yield
    except ModelLoadFailed:
        raise
    # mlx-audio and MLX raise whatever the file made them raise.
    except Exception as error:
        if is_out_of_memory(error):
            raise
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise ModelLoadFailed(
            f"{checkpoint.path} could not be loaded: {reason}", field="model"
        ) from error


def _parts(model: Any, checkpoint: Checkpoint, dtype: str) -> Parts:
    name = _dtype(model.talker, dtype)
    model.talker.set_dtype(_DTYPES[name])
    codec = model.speech_tokenizer
    weights = _codec_weights(checkpoint.path / "speech_tokenizer")
    decoder = in_float32(_uncompiled(codec.decoder))
    _check_shapes(decoder, weights, checkpoint)
    if codec.encoder_model is not None:
        codec.encoder_model.set_dtype(mx.float32)
    if model.speaker_encoder is not None:
        model.speaker_encoder.set_dtype(mx.float32)
    tables = codebook_tables(weights)
    # The talker stays lazy: its layers are read one by one as they are arranged.
    mx.eval(decoder.parameters(), tables)
    return Parts(
        talker=model.talker,
        speaker_encoder=model.speaker_encoder,
        tokenizer=model.tokenizer,
        encoder=codec.encoder_model,
        decoder=decoder,
        tables=tables,
        samples_per_frame=int(codec.decode_upsample_rate),
        dtype=name,
    )


def _uncompiled(decoder: Any) -> Any:
    """mlx-audio wraps the decoder in mx.compile, which hides its attributes, not its modules."""
    return next(m for m in decoder.modules() if isinstance(m, Qwen3TTSSpeechTokenizerDecoder))


def _dtype(talker: Any, asked: str) -> str:
    """The CPU has fast products in float32 only."""
    if asked != "auto":
        return asked
    if on_cpu():
        return "float32"
    stored = talker.model.norm.weight.dtype
    return next((name for name, dtype in _DTYPES.items() if dtype == stored), "bfloat16")


def _codec_weights(folder: Path) -> dict[str, mx.array]:
    weights: dict[str, mx.array] = {}
    for file in sorted(folder.glob("*.safetensors")):
        weights.update(mx.load(str(file)))  # pyright: ignore[reportArgumentType, reportCallIssue]
    return weights


def _check_shapes(decoder: Any, weights: dict[str, mx.array], checkpoint: Checkpoint) -> None:
    """mlx-audio loads the codec leniently; every weight must have come from the file.

    It also guesses the layout of convolutions from their sizes; a wrong guess changes the
    order of a shape but not its numbers, so those are compared sorted here and the order is
    checked by the first product.
    """
    parameters: list[tuple[str, Any]] = tree_flatten(decoder.parameters())  # pyright: ignore[reportAssignmentType]
    for name, value in parameters:
        if ".codebook.embed." in name or name.endswith(("_inv_freq", "input_proj.weight")):
            continue
        stored = weights.get(f"decoder.{name}")
        if stored is None or sorted(stored.shape) != sorted(value.shape):
            found = "is missing" if stored is None else f"has shape {tuple(stored.shape)}"
            raise ModelLoadFailed(
                f"{checkpoint.path}/speech_tokenizer: weight decoder.{name} {found}; "
                f"expected {tuple(value.shape)}.",
                field="model",
            )


def _check_complete(model: Any, checkpoint: Checkpoint, printed: str) -> None:
    """mlx-audio only prints why a part could not be loaded; that belongs into the error."""
    parts = {
        "text tokenizer (tokenizer.json or vocab.json)": model.tokenizer,
        "speech tokenizer (the folder speech_tokenizer)": model.speech_tokenizer,
    }
    for name, part in parts.items():
        if part is None:
            warnings = [line for line in printed.splitlines() if line.startswith("Warning")]
            raise ModelLoadFailed(
                f"{checkpoint.path} has no readable {name}. {' '.join(warnings)}".strip(),
                hint="The checkpoint is incomplete: download it again, with all its files.",
                field="model",
            )


def _check_vocabulary(model: Any, checkpoint: Checkpoint) -> None:
    """MLX does not check an index: a token without an embedding would read foreign memory."""
    tokens, rows = len(model.tokenizer), model.talker.model.text_embedding.weight.shape[0]
    if tokens > rows:
        raise ModelLoadFailed(
            f"{checkpoint.path}: the tokenizer has {tokens} tokens, the model embeds {rows}.",
            hint="tokenizer.json belongs to another checkpoint.",
            field="model",
        )


@contextlib.contextmanager
def _captured() -> Iterator[io.StringIO]:
    """Keeps what mlx-audio prints, and transformers' warnings about a config it does not know."""
    verbosity = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity_error()
    try:
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            yield printed
    finally:
        transformers_logging.set_verbosity(verbosity)
