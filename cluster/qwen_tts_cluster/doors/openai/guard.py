"""Which requests are let in. Any web page can send some, though it cannot read the answers."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders

from qwen_tts_cluster.doors.openai.errors import HttpError, bad_request

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
# A name or an address, and perhaps a port, which may be empty.
_HOST = re.compile(r"(?P<name>\[[\da-fA-F:.]+\]|[^\s:/?#@[\]\\]+)(:\d{0,5})?")
# The response headers that a page may read, besides the body and its type.
_EXPOSED = "x-request-id, x-ignored-parameters, retry-after, allow"


class Guard:
    """Decides by names of hosts and by origins.

    Args:
        hosts: names of this server, besides those of the loopback. They matter only if anybody may
            ask: a page whose own name was made to point here (DNS rebinding) knows no key.
        origins: of the pages that may send requests and read the answers.
        is_open: whether anybody may ask, without a key.
    """

    def __init__(self, hosts: Collection[str], origins: Collection[str], is_open: bool) -> None:
        self._hosts = {*_LOOPBACK, *(name.lower().strip("[]") for name in hosts)}
        self._origins = {origin.lower().rstrip("/") for origin in origins}
        self._is_open = is_open

    def check(self, headers: Headers) -> None:
        """Refuse requests for another host name, and those of pages that are not allowed.

        Raises:
            HttpError: 400 `Host` is no host; 403 `wrong_host` or `wrong_origin`.
        """
        host = headers.get("host", "localhost")
        name = _host_name(host)
        if self._is_open and name not in self._hosts:
            raise HttpError(
                403,
                f"This server does not answer to the name {json.dumps(name)}. `http.hosts` of the "
                "settings lists the names that it answers to while it needs no key.",
                "wrong_host",
            )
        origin = headers.get("origin")
        # If a page only embeds or opens something, the browser sends no `Origin`.
        if origin is None and headers.get("sec-fetch-site") not in ("cross-site", "same-site"):
            return
        if origin is not None and (self.allows(origin) or _is_same(origin, host)):
            return
        page = "another origin" if origin is None else json.dumps(origin)
        raise HttpError(
            403,
            f"Web pages of {page} may not use this server. `access.origins` of the settings lists "
            "the origins whose pages may.",
            "wrong_origin",
        )

    def allows(self, origin: str | None) -> bool:
        """Return whether the pages of an origin may send requests and read the answers."""
        return origin is not None and origin.lower() in self._origins

    def add_cors(self, response: MutableHeaders, request: Headers) -> None:
        """Let the pages of listed origins read a response. `Vary` keeps caches from mixing them."""
        response.append("vary", "Origin")
        origin = request.get("origin")
        if origin is not None and self.allows(origin):
            response["access-control-allow-origin"] = origin
            response["access-control-expose-headers"] = _EXPOSED


def is_preflight(method: str, headers: Headers) -> bool:
    """Return whether a browser asks if a page may send a request."""
    return (
        method == "OPTIONS" and "origin" in headers and "access-control-request-method" in headers
    )


def preflight_headers(headers: Headers) -> dict[str, str]:
    """Return the answer for a page whose origin was accepted.

    SDKs send headers of their own, so all are allowed: origin and key decide.
    """
    asked = headers.get("access-control-request-headers", "authorization, content-type")
    answer = {
        "access-control-allow-methods": "GET, HEAD, POST",
        "access-control-allow-headers": asked,
        "access-control-max-age": "600",
        "vary": "Access-Control-Request-Headers, Access-Control-Request-Private-Network",
    }
    if headers.get("access-control-request-private-network") == "true":
        answer["access-control-allow-private-network"] = "true"
    return answer


def _host_name(host: str) -> str:
    if found := _HOST.fullmatch(host):
        return found["name"].strip("[]").lower()
    raise bad_request(f"The Host header {json.dumps(host)} is not a host name.")


def _is_same(origin: str, host: str) -> bool:
    page = urlsplit(origin)
    return page.scheme in ("http", "https") and page.netloc.lower() == host.lower()
