"""What a bridge answers to a browser that asks for a page: files, and who may ask for them."""

from __future__ import annotations

import http
from collections.abc import Mapping
from dataclasses import dataclass, replace

from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from qwen_tts_client.bridge.door import Door

_NAMES = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True)
class Page:
    """A file for browsers. It is sent without a token, so it must be no secret."""

    content: bytes

    media_type: str
    """As the header Content-Type has it: `text/html; charset=utf-8`."""


class PageDoor:
    """Gives files to browsers, and lets the pages among them connect.

    It answers only where the address in the browser is its own. Otherwise a page from elsewhere,
    whose host name is made to mean 127.0.0.1, could ask as if it were one of these.

    Args:
        door: who else may connect.
        files: the files by their paths, such as `/`.
    """

    def __init__(self, door: Door, files: Mapping[str, Page]) -> None:
        self._door, self._files = door, dict(files)

    def check(self, connection: ServerConnection, request: Request) -> Response | None:
        """Return a file, or the refusal of a request; None if the connection may be opened."""
        port: int = connection.local_address[1]
        host = _own_host(request, port)
        if host is None:
            refusal = f"The address of this server is http://127.0.0.1:{port}/.\n"
            return connection.respond(http.HTTPStatus.MISDIRECTED_REQUEST, refusal)
        page = self._files.get(request.path.partition("?")[0])
        if page is not None and not request.headers.get("Upgrade"):
            return _response(page, host)
        own = frozenset((*self._door.origins, f"http://{host}"))
        return replace(self._door, origins=own).check(connection, request)


def _own_host(request: Request, port: int) -> str | None:
    """Return the host of the address that was asked for; None unless it is this bridge."""
    hosts = [host.lower() for host in request.headers.get_all("Host")]
    known = [f"{name}:{port}" for name in _NAMES] + (list(_NAMES) if port == 80 else [])
    return hosts[0] if len(hosts) == 1 and hosts[0] in known else None


def _response(page: Page, host: str) -> Response:
    headers = Headers(
        {
            "Content-Type": page.media_type,
            "Content-Length": str(len(page.content)),
            "Content-Security-Policy": _policy(host),
            "Permissions-Policy": "camera=(), geolocation=(), microphone=(self)",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
            "Connection": "close",
        }
    )
    return Response(http.HTTPStatus.OK.value, http.HTTPStatus.OK.phrase, headers, page.content)


def _policy(host: str) -> str:
    """Return what a page may do: use its own files and its own bridge, and nothing else.

    Safari before 15.4 does not count `ws:` to 'self', so the address is named.
    """
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "media-src blob:",
            f"connect-src 'self' ws://{host}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )
