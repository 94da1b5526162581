"""The answer to a message that is too long to be kept: its id is read from its beginning."""

from __future__ import annotations

from sidecar.errors import Figures, MessageTooLong
from sidecar.wire.framing import MAX_BODY_BYTES, Oversized
from sidecar.wire.jsonrpc import EnvelopeError
from sidecar.wire.leading import leading_members


def refusal(frame: Oversized) -> EnvelopeError:
    """Return the error that answers an oversized frame, with the id that it is answered under."""
    members = leading_members(frame.head)
    method = members.get("method")
    what = f"The message ({method[:100]})" if isinstance(method, str) else "The message"
    error = MessageTooLong(
        f"{what} has {frame.length} bytes; at most {MAX_BODY_BYTES} are read.",
        hint="Look at limits.maxMessageBytes before you write. Name a recording by its `path`, and "
        "send a long text in pieces.",
        figures=Figures(message_bytes=frame.length, limit_bytes=MAX_BODY_BYTES),
    )
    id = members.get("id")
    return EnvelopeError(error, id if isinstance(id, int | str) else None)
