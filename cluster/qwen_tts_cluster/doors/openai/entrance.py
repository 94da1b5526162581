"""What every HTTP request passes: its id, the guard, its key, the log."""

from __future__ import annotations

import logging
import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qwen_tts_cluster.access import bearer
from qwen_tts_cluster.doors.openai.errors import HttpError, bad_request, to_http_error
from qwen_tts_cluster.doors.openai.guard import Guard, is_preflight, preflight_headers
from qwen_tts_cluster.doors.openai.streaming import BodyCut
from qwen_tts_cluster.doors.openai.visit import Visit
from qwen_tts_cluster.errors import SpeechError
from qwen_tts_cluster.service import Service

log = logging.getLogger(__name__)

# A base URL that ends with a slash makes clients ask for `//v1/…` or `/v1//…`.
_DOUBLED = re.compile("//?v1//?")
# A load balancer, which asks these, has no key.
_OPEN = ("/health", "/health/ready")


class Entrance:
    """Wraps an application. WebSockets pass through it untouched."""

    def __init__(self, app: ASGIApp, service: Service, guard: Guard) -> None:
        self._app, self._service, self._guard = app, service, guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        visit = Visit(scope, headers.get("x-request-id"), self._service.observer)
        has_started = False

        async def reply(message: Message) -> None:
            nonlocal has_started
            if message["type"] == "http.response.start":
                has_started = True
                visit.status = message["status"]
                answer = MutableHeaders(scope=message)
                answer["x-request-id"] = visit.id
                self._guard.add_cors(answer, headers)
            await send(message)

        try:
            response = self._checked(scope, headers, visit)
            await (response or self._app)(scope, receive, reply)
        except Exception as error:
            if isinstance(error, BodyCut):
                log.warning("The body of %s was cut: %s", visit.id, error)
            elif not isinstance(error, HttpError):
                log.exception("The request %s failed", visit.id)
            if has_started:
                raise  # The server cuts the body.
            await error_response(error, visit)(scope, receive, reply)
        finally:
            visit.ended()

    def _checked(self, scope: Scope, headers: Headers, visit: Visit) -> Response | None:
        """Return an answer that needs no route; None: the request goes on.

        Raises:
            HttpError: it is refused.
        """
        self._guard.check(headers)
        if is_preflight(scope["method"], headers):
            return Response(status_code=204, headers=preflight_headers(headers))
        route = _normalise(scope)
        visit.key = self._service.keys.find(bearer(headers.get("authorization")))
        if visit.key is None and route not in _OPEN and scope["method"] != "OPTIONS":
            raise HttpError(
                401,
                "The API key is missing or wrong.",
                "invalid_api_key",
                headers={"www-authenticate": "Bearer"},
            )
        return None


def error_response(error: Exception, visit: Visit) -> Response:
    """Return the response that reports an error."""
    told = to_http_error(error)
    visit.outcome = error.type if isinstance(error, SpeechError) else (told.code or "badRequest")
    return JSONResponse({"error": told.content}, told.status, told.headers)


def _normalise(scope: Scope) -> str:
    """Write a path in the one spelling that is routed; return it without the app's prefix.

    Raises:
        HttpError: 400 if it begins with two slashes: it could be read as a host.
    """
    root: str = scope.get("root_path", "")
    path: str = scope["path"].removeprefix(root)
    path = _DOUBLED.sub("/v1/", path, count=1) if _DOUBLED.match(path) else path
    if path.startswith("//"):
        raise bad_request("The path must begin with one slash.")
    if len(path) > 1:
        path = path.rstrip("/")
    scope["path"] = root + path
    return path
