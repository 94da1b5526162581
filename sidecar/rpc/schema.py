"""`python -m sidecar.rpc.schema`: prints protocol/schema.json, generated from METHODS."""

from __future__ import annotations

import sys
from typing import Any

import msgspec

from sidecar import errors
from sidecar.rpc.methods import METHODS, PROTOCOL_VERSION, Method
from sidecar.wire.jsonrpc import ErrorData

_DEFS = "#/$defs/{name}"


def build() -> dict[str, Any]:
    """Returns the schema: JSON Schema 2020-12 `$defs`, the methods, and the error codes."""
    structs: list[type[Any]] = [ErrorData]
    for method in METHODS.values():
        structs += [s for s in (method.params, method.result, *method.progress) if s is not None]
    unique = list(dict.fromkeys(structs))
    _, components = msgspec.json.schema_components(unique, ref_template=_DEFS)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "qwen-tts-sidecar protocol",
        "protocolVersion": PROTOCOL_VERSION,
        "methods": {name: _method(method) for name, method in METHODS.items()},
        "errors": _errors(),
        "$defs": dict(sorted(components.items())),
    }


def _method(method: Method) -> dict[str, Any]:
    row: dict[str, Any] = {
        "direction": "serverToClient" if method.from_server else "clientToServer",
        "kind": "notification" if method.result is None else "request",
        "description": method.doc,
        "params": {"$ref": _DEFS.format(name=method.params.__name__)},
    }
    if method.result is not None:
        row["result"] = {"$ref": _DEFS.format(name=method.result.__name__)}
    progress = [{"$ref": _DEFS.format(name=one.__name__)} for one in method.progress]
    if progress:
        row["progress"] = progress[0] if len(progress) == 1 else {"anyOf": progress}
    return row


def _errors() -> dict[str, int]:
    found: dict[str, int] = {}
    pending: list[type[errors.SidecarError]] = [errors.SidecarError]
    while pending:
        error = pending.pop(0)
        found.setdefault(error.type, error.code)
        pending += error.__subclasses__()
    return dict(sorted(found.items(), key=lambda item: -item[1] if item[1] < 0 else item[1]))


def render() -> str:
    return msgspec.json.format(msgspec.json.encode(build()), indent=2).decode() + "\n"


if __name__ == "__main__":
    sys.stdout.write(render())
