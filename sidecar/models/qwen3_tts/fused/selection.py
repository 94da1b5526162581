"""Decides at load whether the codec runs on the kernels, and says why if not."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from typing import Any

import mlx.core as mx

from sidecar.models.qwen3_tts.backend import CodecKernels
from sidecar.models.qwen3_tts.codec_layers import Step
from sidecar.models.qwen3_tts.cuda.weights import Unsuitable
from sidecar.models.qwen3_tts.fused.operations import Operations
from sidecar.models.qwen3_tts.fused.steps import steps

log = logging.getLogger(__name__)

# Set to 0 to compare with the layered path, or if a GPU should ever trip over the kernels.
SWITCH = "QWEN_TTS_SIDECAR_CODEC_KERNELS"
# How far samples may be from the layered path's, relative to their norm. Products in TensorFloat-32
# have ten bits.
TOLERANCE = 0.02

# Decodes codes of rows in two chunks with these parts, which are on the kernels or not: float32
# samples.
Decode = Callable[[Sequence[Step], bool], mx.array]


def choose(
    decoder: Any,
    layered: Sequence[Step],
    kernels: CodecKernels | None,
    decode: Decode,
) -> Sequence[Step] | None:
    """Return the codec's parts on the kernels; None, with a reason in the log, if they do not fit.

    Args:
        layered: the parts on separate operations, to compare with.
        kernels: None leaves the layered path, without a word.
        decode: runs a given list of parts on some codes.
    """
    if kernels is None:
        return None
    try:
        if os.environ.get(SWITCH) == "0":
            raise Unsuitable(f"{SWITCH} is 0")
        window = decoder.pre_transformer.config.sliding_window - 1
        made = steps(decoder, layered, Operations(kernels.launcher(), window), kernels.by_windows)
        _compare(decode(made, True), decode(layered, False))
    except (Unsuitable, RuntimeError, ValueError) as error:
        log.warning("the codec takes many kernels instead of few: %s", error)
        return None
    log.info("the codec takes few kernels")
    return made


def _compare(ours: mx.array, expected: mx.array) -> None:
    difference = (mx.linalg.norm(ours - expected) / mx.linalg.norm(expected)).item()
    assert isinstance(difference, float)
    log.debug("the codec's kernels differ by %.2g from the layered path", difference)
    if not difference <= TOLERANCE:  # NaN does not pass
        raise Unsuitable(f"their samples differ by {difference:.2g} from the layered path's")
