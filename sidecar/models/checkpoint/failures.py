"""What a checkpoint that cannot be loaded is answered with, whoever loads it."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

from sidecar.errors import ModelLoadFailed, SidecarError
from sidecar.models.checkpoint import Checkpoint
from sidecar.wording import describe, is_out_of_memory


@contextlib.contextmanager
def explained_errors(
    checkpoint: Checkpoint, log: logging.Logger, hint: str, as_what: str = ""
) -> Iterator[None]:
    """Turn all errors of mlx-audio and MLX into a ModelLoadFailed; the log has the details.

    Args:
        hint: what to do about it.
        as_what: what it was to be loaded as, after "could not be loaded".

    Raises:
        SidecarError: as it was raised.
        Exception: memory has run out, for which the engine has an error of its own.
    """
    try:
        yield
    except SidecarError:
        raise
    except Exception as error:
        if is_out_of_memory(error):
            raise
        log.error("failed to load %s", checkpoint.path, exc_info=error)
        raise ModelLoadFailed(
            f"{checkpoint.path} could not be loaded{as_what}: {describe(error)}.",
            hint=hint,
            field="model",
        ) from error
