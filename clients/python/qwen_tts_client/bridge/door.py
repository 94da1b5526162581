"""Who may open a connection: path, origin, token, subprotocol, and how many there are."""

from __future__ import annotations

import hmac
import http
from collections.abc import Callable, Collection, Sequence

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import InvalidHeaderFormat
from websockets.headers import parse_subprotocol
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

SUBPROTOCOL = Subprotocol("qwen-tts.v1")
_TOKEN_PREFIX = "qwen-tts.token."


class Door:
    """Looks at the request for a WebSocket before it is opened.

    Args:
        token: what a client has to know.
        origins: the origins of pages that may connect.
        has_room: returns whether there may be another connection.
    """

    def __init__(self, token: str, origins: Collection[str], has_room: Callable[[], bool]) -> None:
        self._token = token.encode()
        self._origins = frozenset(origins)
        self._has_room = has_room

    def check(self, connection: ServerConnection, request: Request) -> Response | None:
        """Return the refusal of a request; None if the connection may be opened.

        The token is in no refusal, nor in the log.
        """
        refusal = self._refusal(request)
        return None if refusal is None else connection.respond(refusal[0], f"{refusal[1]}\n")

    def _refusal(self, request: Request) -> tuple[http.HTTPStatus, str] | None:
        origins = request.headers.get_all("Origin")
        if request.path != "/":
            return http.HTTPStatus.NOT_FOUND, "The WebSocket is at the path /."
        if any(origin not in self._origins for origin in origins):
            return (
                http.HTTPStatus.FORBIDDEN,
                "This page may not connect. Start the server with --allow-origin and its origin.",
            )
        try:
            names = offered(request)
        except InvalidHeaderFormat:  # Its text has the whole header, and with it the token.
            return http.HTTPStatus.BAD_REQUEST, "The header Sec-WebSocket-Protocol is malformed."
        if not self._knows_token(request, names):
            return (
                http.HTTPStatus.UNAUTHORIZED,
                "The token is missing or wrong. Send `Authorization: Bearer TOKEN`.",
            )
        if SUBPROTOCOL not in names:
            return http.HTTPStatus.BAD_REQUEST, f"Offer the subprotocol {SUBPROTOCOL}."
        if not self._has_room():
            return (
                http.HTTPStatus.SERVICE_UNAVAILABLE,
                "There are too many connections. Try again when one has ended.",
            )
        return None

    def _knows_token(self, request: Request, names: Sequence[str]) -> bool:
        headers = request.headers.get_all("Authorization")
        if headers:
            scheme, _, token = headers[0].partition(" ")
            tokens = [token.strip()] if len(headers) == 1 and scheme.lower() == "bearer" else []
        else:
            tokens = [
                name.removeprefix(_TOKEN_PREFIX) for name in names if name.startswith(_TOKEN_PREFIX)
            ]
        given = tokens[0] if len(tokens) == 1 else ""
        return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), self._token)


def offered(request: Request) -> list[str]:
    """Return the subprotocols that a client offers.

    Raises:
        InvalidHeaderFormat: the header is malformed.
    """
    lines = request.headers.get_all("Sec-WebSocket-Protocol")
    return [name for line in lines for name in parse_subprotocol(line)]


def select(_: ServerConnection, subprotocols: Sequence[Subprotocol]) -> Subprotocol | None:
    """Return the one subprotocol that the server selects: never the one with the token."""
    return SUBPROTOCOL if SUBPROTOCOL in subprotocols else None
