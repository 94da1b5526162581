"""The reference of the protocol, from protocol/schema.json: its methods, errors and types."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from docs.site.pages import ROOT

Schema = dict[str, Any]

_INTRODUCTION = """# Methods and types

This page is generated from [`schema.json`](../source/protocol/schema.json). It has every method,
error and field.
[The protocol](../protocol/index.md) explains how they work together; read that first.

Types are named as in JSON: a `string`, a `number`, an `integer`, a `boolean`, an `object`, or an
`array of` one of them.
"""


def render() -> str:
    """Return the page."""
    schema = json.loads((ROOT / "protocol" / "schema.json").read_text("utf-8"))
    lines = [_INTRODUCTION, "## Methods", ""]
    lines += _methods(schema)
    lines += ["## Errors", "", *_errors(schema)]
    lines += ["## Types", ""]
    for name, definition in schema["$defs"].items():
        lines += _type(name, definition)
    return "\n".join(lines) + "\n"


def _methods(schema: Schema) -> Iterator[str]:
    for name, method in schema["methods"].items():
        sender = "the client" if method["direction"] == "clientToServer" else "the sidecar"
        yield f"### `{name}`\n"
        yield f"{method['description']} It is a {method['kind']} of {sender}.\n"
        for part in ("params", "result", "progress"):
            if part in method:
                yield f"- {part}: {kind(method[part])}"
        yield ""


def _errors(schema: Schema) -> Iterator[str]:
    yield "`error.data.type` has the type. Each one leads to what you can do about it.\n"
    yield "| type | code | meaning |\n|---|---|---|"
    for name, code in schema["errors"].items():
        meaning = _cell(schema["errorDescriptions"][name])
        yield f"| [`{name}`](../troubleshooting.md#{name.lower()}) | {code} | {meaning} |"
    yield ""


def _type(name: str, definition: Schema) -> Iterator[str]:
    yield f"### {name}\n"
    yield f"{definition.get('description', '')}\n"
    if examples := definition.get("examples"):
        yield "It may be, for example, " + ", ".join(f"`{one}`" for one in examples) + ".\n"
    properties = definition.get("properties", {})
    if not properties:
        return
    required = definition.get("required", [])
    yield "| field | type | meaning |\n|---|---|---|"
    for field, value in properties.items():
        optional = "" if field in required else ", optional"
        yield f"| `{field}` | {kind(value)}{optional} | {_cell(_meaning(value))} |"
    yield ""


def kind(value: Schema) -> str:
    """Return the type of a field in words, with links to the types that it names."""
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in value:
        kinds = [kind(one) for one in value["anyOf"] if one.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if "enum" in value:
        return ", ".join(f"`{json.dumps(one)}`" for one in value["enum"] if one is not None)
    if value.get("type") == "array":
        return f"array of {kind(value.get('items', {}))}"
    if isinstance(value.get("additionalProperties"), dict):
        return f"object of {kind(value['additionalProperties'])}"
    return str(value.get("type", "any value"))


def _meaning(value: Schema) -> str:
    own = [value.get("description"), *(one.get("description") for one in value.get("anyOf", []))]
    return next((text for text in own if text), "")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
