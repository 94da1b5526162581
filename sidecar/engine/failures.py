"""Turns whatever was raised into a SidecarError, and logs the details."""

from __future__ import annotations

import logging

from sidecar.errors import GenerationFailed, OutOfMemory, SidecarError
from sidecar.wording import describe, has_lost_gpu, is_out_of_memory

log = logging.getLogger(__name__)


def as_sidecar_error(
    error: BaseException, doing: str, otherwise: type[SidecarError] = GenerationFailed
) -> SidecarError:
    """Return a SidecarError as it is; log anything else in full and return an `otherwise`.

    The returned error may leave the engine thread. It carries no traceback, because the frames of
    a traceback hold MLX arrays and half-loaded models, and those must be freed now and here.
    """
    if isinstance(error, SidecarError):
        log.debug("failed while %s", doing, exc_info=error)
        error.__traceback__ = error.__cause__ = error.__context__ = None
        return error
    log.error("failed while %s", doing, exc_info=error)
    text = describe(error)
    if is_out_of_memory(error):
        return OutOfMemory(
            f"Not enough memory while {doing}: {text}",
            hint="Unload a model, use a quantised one, or run fewer streams.",
        )
    if has_lost_gpu(error):
        return otherwise(
            f"The GPU broke off while {doing}, and this process cannot use it any more: {text}",
            hint="Restart the sidecar. If it happens again, set QWEN_TTS_SIDECAR_FRAME_KERNELS=0 "
            "in its environment, which turns the kernels for whole frames off, and report it.",
        )
    return otherwise(f"Failed while {doing}: {text}", hint="See the sidecar's stderr.")


def not_finite(what: str) -> GenerationFailed:
    return GenerationFailed(
        f"The model's {what} became infinite or not a number.",
        hint="Try another seed or the dtype bfloat16 or float32; the checkpoint may be damaged.",
    )
