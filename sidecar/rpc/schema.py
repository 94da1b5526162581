"""Generate protocol/schema.json from METHODS: `python -m sidecar.rpc.schema` prints it."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from typing import Any, cast

import msgspec

from sidecar import errors
from sidecar.models import catalog, registry
from sidecar.models.base import ModelInfo
from sidecar.models.known import KNOWN, LANGUAGES
from sidecar.rpc.contract.common import LanguageName, ModelName, VoiceName
from sidecar.rpc.contract.lifecycle import PROTOCOL_VERSION
from sidecar.rpc.methods import METHODS, Method
from sidecar.wire.jsonrpc import ErrorData

_DEFS = "#/$defs/{name}"


def build() -> dict[str, Any]:
    """Return the schema: methods, error codes, and JSON Schema 2020-12 `$defs`."""
    structs: list[type[Any]] = [ErrorData]
    for method in METHODS.values():
        structs += [s for s in (method.params, method.result, *method.progress) if s is not None]
    unique = list(dict.fromkeys(structs))
    _, components = msgspec.json.schema_components(unique, ref_template=_DEFS)
    # Before Python 3.13 a docstring has the indentation of its source.
    for component in components.values():
        component["description"] = inspect.cleandoc(component["description"])
    names = _names()
    components = _with_references(components, names) | names
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "qwen-tts-sidecar protocol",
        "protocolVersion": PROTOCOL_VERSION,
        "methods": {name: _method(method) for name, method in METHODS.items()},
        "errors": {name: error.code for name, error in _errors().items()},
        "errorDescriptions": {
            name: inspect.cleandoc(error.__doc__ or "") for name, error in _errors().items()
        },
        "presetGenders": {
            voice.name: voice.gender
            for model in _catalogue()
            for voice in model.voices
            if voice.gender is not None
        },
        "$defs": dict(sorted(components.items())),
    }


def _catalogue() -> list[ModelInfo]:
    """Return what is known of the bundled model and of those in the catalogue."""
    bundled = registry.describe(catalog.resolve(catalog.BUNDLED))
    return [bundled, *(known.info for known in KNOWN.values())]


def _names() -> dict[str, dict[str, Any]]:
    """Return the definitions of names, with those in the catalogue as examples."""
    models = _catalogue()
    examples: dict[str, tuple[Any, list[str]]] = {
        "ModelName": (ModelName, [catalog.BUNDLED, *KNOWN]),
        "VoiceName": (VoiceName, [voice.name for model in models for voice in model.voices]),
        "LanguageName": (
            LanguageName,
            ["auto", *LANGUAGES, *(name for model in models for name in model.dialects)],
        ),
    }
    return {
        title: msgspec.json.schema(name) | {"examples": list(dict.fromkeys(known))}
        for title, (name, known) in examples.items()
    }


def _with_references(schema: Any, names: Mapping[str, Mapping[str, Any]]) -> Any:
    """Return the schema with a reference in place of each string that has one of the titles.

    msgspec itself makes definitions of Structs only.
    """
    if isinstance(schema, list):
        return [_with_references(one, names) for one in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    node = cast("dict[str, Any]", schema)
    if node.get("type") != "string" or node.get("title") not in names:
        return {key: _with_references(value, names) for key, value in node.items()}
    title = node["title"]
    kept = [key for key in ("description", "default") if key in node]
    own = {key: node[key] for key in kept if node[key] != names[title].get(key)}
    return {"$ref": _DEFS.format(name=title), **own}


def _method(method: Method) -> dict[str, Any]:
    row: dict[str, Any] = {
        "direction": "serverToClient" if method.handler is None else "clientToServer",
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


def _errors() -> dict[str, type[errors.SidecarError]]:
    """Return the first error class of each type, in the order of their codes."""
    found: dict[str, type[errors.SidecarError]] = {}
    pending = errors.SidecarError.__subclasses__()
    while pending:
        error = pending.pop(0)
        found.setdefault(error.type, error)
        pending += error.__subclasses__()
    return dict(sorted(found.items(), key=lambda item: abs(item[1].code)))


def render() -> str:
    """Return the text of protocol/schema.json."""
    return msgspec.json.format(msgspec.json.encode(build()), indent=2).decode() + "\n"


if __name__ == "__main__":
    sys.stdout.write(render())
