"""Errors in the form of OpenAI's API: `{"error": {message, type, param, code}}`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from qwen_tts_cluster.doors.openai.wording import http_message, http_param
from qwen_tts_cluster.errors import SpeechError

# HTTP status by the protocol's type of error; all others are mistakes in the request, a 400.
_STATUS = {
    "unknownModel": 404,
    "unknownRevision": 404,
    "modelNotDownloaded": 404,
    "messageTooLong": 413,
    "hubAccessDenied": 502,
    "hubUnreachable": 502,
    "corruptDownload": 502,
    "hubRateLimited": 503,
    "diskFull": 507,
    "modelInUse": 409,
    "queueFull": 429,
    "rateLimited": 429,
    "outOfMemory": 503,
    "shuttingDown": 503,
    "sidecarExited": 503,
    "engineStalled": 503,
    "modelLoadFailed": 500,
    "generationFailed": 500,
    "internalError": 500,
}
# With these statuses, a client is told when to try again.
_MAY_RETRY = (429, 503)
# The others are the type in snake case.
_CODES = {"unknownModel": "model_not_found", "sidecarExited": "sidecar_unavailable"}


class HttpError(Exception):
    """A refusal, with its HTTP status.

    Args:
        code: a stable name, to decide by.
        param: the field of the request at fault.
        headers: more headers of the response.
    """

    def __init__(
        self,
        status: int,
        message: str,
        code: str | None = None,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.param = status, code, param
        self.headers = dict(headers or {})

    @property
    def content(self) -> dict[str, Any]:
        """The error as the body of a response, or of an event, has it."""
        kind = _kind_of(self.status)
        return {"message": str(self), "type": kind, "param": self.param, "code": self.code}


def bad_request(message: str, param: str | None = None, code: str | None = None) -> HttpError:
    """Return a 400."""
    return HttpError(400, message, code, param)


def to_http_error(error: BaseException) -> HttpError:
    """Return what a client is told about an error."""
    if isinstance(error, HttpError):
        return error
    if isinstance(error, SpeechError):
        return _from_speech(error)
    # A bug in this program, whose text is not for clients.
    return HttpError(500, "The server had an error.", "internal_error")


def _from_speech(error: SpeechError) -> HttpError:
    code = _CODES.get(error.type) or _snake_case(error.type)
    status = _STATUS.get(error.type, 400)
    hint = f"\n{error.hint}" if error.hint else ""
    headers = {"retry-after": str(error.retry_after)} if status in _MAY_RETRY else {}
    message = http_message(f"{error.message}{hint}")
    return HttpError(status, message, code, http_param(error.field), headers)


def _kind_of(status: int) -> str:
    if status == 429:
        return "rate_limit_error"
    return "server_error" if status >= 500 else "invalid_request_error"


def _snake_case(name: str) -> str:
    return re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", name)
