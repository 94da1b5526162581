"""The answers that the protocol's text requires; this shares no code with the sidecar.

`Kind.LOOSE` means that the sidecar may choose: it need not look into members that it ignores.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

Key = tuple[type, Any]

MAX_MESSAGE_BYTES = 16 * 2**20
_HEAD_BYTES = 4096
# In a message over the limit, only names and short strings may come before the id.
_LEADING_ID = re.compile(
    rb'\s*\{(?:\s*"(?:jsonrpc|method)"\s*:\s*"[^"\\]*"\s*,)*\s*"id"\s*:\s*("[^"\\]*"|-?[0-9]+)\s*,'
)

# Other threads than the reader's answer these, so later frames may be answered before them.
DEFERRED = frozenset(
    f"{prefix}/{name}"
    for prefix, names in {
        "speech": ("synthesize",),
        "model": ("load", "unload", "list", "download", "delete"),
        "voice": ("list", "create", "delete"),
    }.items()
    for name in names
)


class Kind(Enum):
    SILENT = "silent"  # a notification, a response
    NULL = "null"  # one error under the id null
    ID = "id"  # one answer under its id
    LOOSE = "loose"  # at most one answer, under null or an id that the body mentions


@dataclass(frozen=True)
class Expected:
    """The answer that a body must have; `method` and `params` if it is a request."""

    kind: Kind
    id: Any = None
    method: str | None = None
    params: Any = None

    @property
    def deferred(self) -> bool:
        return self.method in DEFERRED


class _Doubled(ValueError):
    """A member occurs twice in one object."""


def expected(body: bytes) -> Expected:
    """Return the answer that the protocol requires for a body."""
    if len(body) > MAX_MESSAGE_BYTES:
        leading = _LEADING_ID.match(body, 0, _HEAD_BYTES)
        return Expected(Kind.ID, json.loads(leading[1])) if leading else Expected(Kind.NULL)
    if re.search(rb"[0-9]{300}|NaN|Infinity", body) or _deep(body):
        return Expected(Kind.LOOSE)
    try:
        body.decode()
    except UnicodeDecodeError:
        return Expected(Kind.NULL)
    try:
        message = json.loads(body.decode(), object_pairs_hook=_no_doubles)
    except _Doubled:
        return Expected(Kind.LOOSE)
    except ValueError:
        # The syntax is wrong, perhaps in a member that the sidecar does not look into.
        return Expected(Kind.LOOSE if b"{" in body else Kind.NULL)
    if _has_infinity(message) or _has_half_pair(body, message):
        return Expected(Kind.LOOSE)
    return _classified(message)


def _deep(body: bytes) -> bool:
    return body.count(b"[") + body.count(b"{") > 60


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise _Doubled
    return members


def _has_infinity(value: Any) -> bool:
    if isinstance(value, dict | list):
        inner: Iterable[Any] = value.values() if isinstance(value, dict) else value
        return any(_has_infinity(item) for item in inner)
    return isinstance(value, float) and not math.isfinite(value)


def _has_half_pair(body: bytes, message: Any) -> bool:
    """Return whether a string cannot be written in UTF-8; only an escape can have made it so."""
    try:
        return b"\\u" in body and not json.dumps(message, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True


def _classified(message: Any) -> Expected:
    if not isinstance(message, dict):
        return Expected(Kind.NULL)
    id, method = message.get("id"), message.get("method")
    named = type(id) in (int, str)
    refused = Expected(Kind.ID, id) if named else Expected(Kind.NULL)
    if message.get("jsonrpc") != "2.0" or (id is not None and not named):
        return refused
    if "method" not in message:
        return Expected(Kind.SILENT) if {"result", "error"} & message.keys() else refused
    if not isinstance(method, str):
        return refused
    if "id" not in message:
        return Expected(Kind.SILENT, None, method, message.get("params"))
    return Expected(Kind.ID, id, method, message.get("params")) if named else refused
