"""Who may open a connection: path, origin, token, subprotocol, and how many there are."""

from __future__ import annotations

import hmac
import http
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import InvalidHeaderFormat
from websockets.headers import parse_subprotocol
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

SUBPROTOCOL = Subprotocol("qwen-tts.v1")
_TOKEN_PREFIX = "qwen-tts.token."


Headers = Callable[[str], Sequence[str]]
"""Returns all values of a header, which may have been sent several times."""


@dataclass(frozen=True)
class Door:
    """Looks at the request for a WebSocket before it is opened.

    Args:
        knows: returns whether a token is right, in a time that does not depend on the token.
        origins: the origins of pages that may connect.
        has_room: returns whether there may be another connection.
    """

    knows: Callable[[str], bool]
    origins: Collection[str]
    has_room: Callable[[], bool]

    def check(self, connection: ServerConnection, request: Request) -> Response | None:
        """Return the refusal of a request; None if the connection may be opened.

        The token is in no refusal, nor in the log.
        """
        if request.path != "/":
            refusal = http.HTTPStatus.NOT_FOUND, "The WebSocket is at the path /."
        else:
            refusal = self.refusal(request.headers.get_all)
        return None if refusal is None else connection.respond(refusal[0], f"{refusal[1]}\n")

    def refusal(self, headers: Headers) -> tuple[http.HTTPStatus, str] | None:
        """Return with what to refuse a request for a WebSocket; None if it may be opened."""
        if any(origin not in self.origins for origin in headers("Origin")):
            return (
                http.HTTPStatus.FORBIDDEN,
                "This page may not connect. The server has to be told to allow its origin.",
            )
        try:
            names = offered(headers)
        except InvalidHeaderFormat:  # Its text has the whole header, and with it the token.
            return http.HTTPStatus.BAD_REQUEST, "The header Sec-WebSocket-Protocol is malformed."
        if not self.knows(given_token(headers, names)):
            return (
                http.HTTPStatus.UNAUTHORIZED,
                "The token is missing or wrong. Send `Authorization: Bearer TOKEN`.",
            )
        if SUBPROTOCOL not in names:
            return http.HTTPStatus.BAD_REQUEST, f"Offer the subprotocol {SUBPROTOCOL}."
        if not self.has_room():
            return (
                http.HTTPStatus.SERVICE_UNAVAILABLE,
                "There are too many connections. Try again when one has ended.",
            )
        return None


def same_token(right: str) -> Callable[[str], bool]:
    """Return a function that compares a token with the right one, in constant time."""
    expected = right.encode()
    return lambda given: hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected)


def given_token(headers: Headers, names: Sequence[str]) -> str:
    """Return the token that a client sends; an empty one if there is none, or several.

    Args:
        names: the subprotocols that it offers.
    """
    values = headers("Authorization")
    if values:
        scheme, _, token = values[0].partition(" ")
        tokens = [token.strip()] if len(values) == 1 and scheme.lower() == "bearer" else []
    else:
        tokens = [
            name.removeprefix(_TOKEN_PREFIX) for name in names if name.startswith(_TOKEN_PREFIX)
        ]
    return tokens[0] if len(tokens) == 1 else ""


def offered(headers: Headers) -> list[str]:
    """Return the subprotocols that a client offers.

    Raises:
        InvalidHeaderFormat: the header is malformed.
    """
    lines = headers("Sec-WebSocket-Protocol")
    return [name for line in lines for name in parse_subprotocol(line)]


def select(_: ServerConnection, subprotocols: Sequence[Subprotocol]) -> Subprotocol | None:
    """Return the one subprotocol that the server selects: never the one with the token."""
    return SUBPROTOCOL if SUBPROTOCOL in subprotocols else None
