"""The errors of a server with OpenAI's API, as those of the protocol."""

from __future__ import annotations

import re
from typing import Any, cast

import httpx2 as httpx

from qwen_tts_cluster.errors import SpeechError

# The type of an error by its HTTP status, where its code says nothing more exact.
_TYPES = {
    400: "invalidParams",
    404: "unknownModel",
    413: "textTooLong",
    422: "invalidParams",
    429: "queueFull",
    503: "sidecarExited",
}
# Codes of this project's own doors, and OpenAI's, that are more exact than the status.
_CODES = {
    "model_not_found": "unknownModel",
    "unknown_voice": "unknownVoice",
    "empty_text": "emptyText",
    "text_too_long": "textTooLong",
    "string_above_max_length": "textTooLong",
    "unsupported": "unsupported",
    "shutting_down": "shuttingDown",
}
_FIELDS = {"input": "text", "instructions": "instruct", "response_format": "encoding"}
_MOST = 500  # characters of a message that are passed on


def as_speech_error(response: httpx.Response) -> SpeechError:
    """Return the error in a response that was read."""
    message, code, param = _content(response)
    status = response.status_code
    if status in (401, 403):
        # The server's words may have its key.
        return SpeechError("internalError", f"The server behind this one refuses its key: {status}")
    kind = _CODES.get(code or "") or _TYPES.get(status, "generationFailed")
    text = f"The server behind this one answered {status}: {message}"
    field = _FIELDS.get(param or "", param)
    return SpeechError(kind, text, field=field, retry_after=_retry_after(response))


def unreachable(error: httpx.HTTPError) -> SpeechError:
    """Return the error for a server that does not answer, or stops in the middle."""
    what = str(error) or type(error).__name__
    return SpeechError("sidecarExited", f"The server behind this one does not answer: {what}")


def _content(response: httpx.Response) -> tuple[str, str | None, str | None]:
    """Return message, code and param: OpenAI's form, FastAPI's `detail`, or the text itself."""
    try:
        content: Any = response.json()
    except ValueError:
        content = None
    error: Any = content.get("error", content) if isinstance(content, dict) else None  # pyright: ignore
    if not isinstance(error, dict):
        return (response.text.strip()[:_MOST] or response.reason_phrase), None, None
    found = cast(dict[str, Any], error)
    message = found.get("message") or found.get("detail") or response.reason_phrase
    code, param = found.get("code"), found.get("param")
    text = message if isinstance(message, str) else str(message)
    return (
        text[:_MOST],
        code if isinstance(code, str) else None,
        param if isinstance(param, str) else None,
    )


def _retry_after(response: httpx.Response) -> int:
    given = response.headers.get("retry-after", "")
    return int(given) if re.fullmatch(r"\d{1,4}", given) else 1
