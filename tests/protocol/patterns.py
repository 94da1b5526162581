"""The patterns of protocol/vectors/README.md."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from tests.support.harness import Message


def matches(pattern: Any, value: Any, bound: dict[str, Any]) -> bool:
    """Return whether a value matches a pattern of a conversation.

    Args:
        bound: the remembered values, to which the pattern adds its own.
    """
    if isinstance(pattern, dict):
        if len(pattern) == 1 and (name := next(iter(pattern))).startswith("$"):
            return _special(name, pattern[name], value, bound)
        return isinstance(value, dict) and all(
            _member(p, name, value, bound) for name, p in pattern.items()
        )
    if isinstance(pattern, list):
        return (
            isinstance(value, list)
            and len(value) == len(pattern)
            and all(matches(p, v, bound) for p, v in zip(pattern, value, strict=True))
        )
    if isinstance(pattern, bool) or isinstance(value, bool):
        return pattern is value
    return pattern == value


def _member(pattern: Any, name: str, value: Message, bound: dict[str, Any]) -> bool:
    if pattern == {"$absent": True}:
        return name not in value
    return name in value and matches(pattern, value[name], bound)


_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,), "boolean": (bool,), "null": (type(None),), "array": (list,),
    "object": (dict,), "number": (int, float), "integer": (int,),
}  # fmt: skip


def _special(name: str, argument: Any, value: Any, bound: dict[str, Any]) -> bool:
    match name:
        case "$any":
            return True
        case "$type":
            is_bool = isinstance(value, bool) and argument != "boolean"
            return isinstance(value, _TYPES[argument]) and not is_bool
        case "$regex":
            return isinstance(value, str) and re.search(argument, value) is not None
        case "$range":
            number = isinstance(value, int | float) and not isinstance(value, bool)
            return number and argument[0] <= value <= argument[1]
        case "$base64":
            return isinstance(value, str) and argument[0] <= _decoded_size(value) <= argument[1]
        case "$bind":
            bound[argument] = value
            return True
        case "$ref":
            return bound[argument] == value
        case "$not":
            return not matches(argument, value, bound)
        case "$all":
            return all(matches(p, value, bound) for p in argument)
        case _:
            raise ValueError(f"unknown pattern {name}")


def _decoded_size(text: str) -> int:
    try:
        return len(base64.b64decode(text, validate=True))
    except binascii.Error:
        return -1
