"""The first members of a message, read from its beginning alone."""

from __future__ import annotations

import re
from typing import Any

import msgspec

Id = int | str

_SPACE = rb"[ \t\r\n]*"
_STRING = rb'"(?:[^"\\]|\\.)*"'
# The pattern includes the mark after the value, so that a number cut off by the head's end fails.
_MEMBER = re.compile(
    _SPACE + b"(" + _STRING + b")" + _SPACE + b":" + _SPACE
    + b"(" + _STRING + rb"|[^\s,{}\[\]\"]+)" + _SPACE + b"([,}])",
    re.DOTALL,
)  # fmt: skip
_START = re.compile(_SPACE + rb"\{")
_LEADING = ("jsonrpc", "id", "method")


def leading_members(head: bytes) -> dict[str, Id]:
    """Return `jsonrpc`, `id` and `method` as far as they are the first members of an object.

    The search ends at the first member that has another name, that is neither a string nor an
    integer, that occurs for the second time, or that is cut off. So nothing inside a string or an
    inner object is taken for a member of the message.

    Args:
        head: the first bytes of the message's JSON.
    """
    found: dict[str, Id] = {}
    start = _START.match(head)
    at = start.end() if start else len(head)
    while match := _MEMBER.match(head, at):
        try:
            name: Any = msgspec.json.decode(match[1])
            value = msgspec.json.decode(match[2], type=int | str)
        except (msgspec.DecodeError, UnicodeDecodeError):
            break
        if name in found:
            del found[name]
            break
        if name not in _LEADING:
            break
        found[name] = value
        if match[3] == b"}":
            break
        at = match.end()
    return found
