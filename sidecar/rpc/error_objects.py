"""Exceptions → errors on the wire."""

from __future__ import annotations

import logging

from sidecar.errors import InternalError, OutOfMemory, SidecarError
from sidecar.logs import redact
from sidecar.wire.jsonrpc import ErrorData, ErrorObject
from sidecar.wording import is_out_of_memory

_MAX_CHARS = 1000

log = logging.getLogger(__name__)


def error_object(error: Exception) -> ErrorObject:
    """Return the error object of an exception. Nothing else makes one."""
    if not isinstance(error, SidecarError) and is_out_of_memory(error):
        log.error("out of memory", exc_info=error)
        error = OutOfMemory(
            "There was not enough memory for the request.",
            hint="Unload a model, send less at a time, or give the process more memory.",
        )
    if not isinstance(error, SidecarError):
        log.error("internal error", exc_info=error)
        error = InternalError(
            f"Internal error: {type(error).__name__}.", hint="See the sidecar's stderr."
        )
    field = None if error.field is None else shortened(error.field)
    data = ErrorData(
        error.type,
        field,
        None if error.hint is None else shortened(error.hint),
        **{name: getattr(error.figures, name) for name in error.figures.__struct_fields__},
    )
    return ErrorObject(error.code, shortened(error.message), data)


def shortened(text: str) -> str:
    """Return a text as it may be sent: of a bounded length, and without access tokens.

    A message that repeats a client's name of 30 MB would be of no use. Half a surrogate pair, which
    comes from a file's name that is not UTF-8, could not be written at all.
    """
    text = text if len(text) <= _MAX_CHARS else text[:_MAX_CHARS] + "…"
    return redact(text.encode(errors="replace").decode())
