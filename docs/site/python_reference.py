"""The reference of the Python client, from its doc comments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import griffe

from docs.site.pages import ROOT

_INTRODUCTION = """# Python

This page is generated from the doc comments of `qwen_tts_client`.
[The client's page](../clients/python.md) shows how to use it. The structs that calls take and
return, such as `SynthesizeResult`, have the fields of [the protocol's types](protocol.md#types), in
Python's spelling: `durationMs` is `duration_ms`.
"""


def render() -> str:
    """Return the page."""
    package = griffe.load(
        "qwen_tts_client",
        search_paths=[ROOT / "clients" / "python"],
        docstring_parser=griffe.Parser.google,
        resolve_aliases=True,
    )
    lines = [_INTRODUCTION]
    exported = [name for name in package.exports or () if isinstance(name, str)]
    for name in sorted(exported, key=lambda name: (_rank(name), name)):
        if not name.startswith("_"):
            lines += _member(package[name], name, 2)
    return "\n".join(lines) + "\n"


def _rank(name: str) -> int:
    """Order what a newcomer needs first."""
    first = ("Sidecar", "SpeechStream", "Models", "Voices", "SyncSidecar", "connect")
    return first.index(name) if name in first else len(first) + name.endswith("Error")


def _member(member: Any, path: str, level: int) -> Iterator[str]:
    yield f"{'#' * level} `{path}`\n"
    if member.is_function:
        yield f"```python\n{signature(member, path)}\n```\n"
    elif member.is_attribute and member.annotation is not None:
        yield f"```python\n{path}: {member.annotation}\n```\n"
    if member.docstring:
        yield from _docstring(member.docstring.parsed)
    if member.is_class:
        yield from _class(member, path, level)


def _class(found: Any, path: str, level: int) -> Iterator[str]:
    public = [
        one.final_target if one.is_alias else one
        for name, one in found.all_members.items()
        if not name.startswith("_") and one.has_docstring
    ]
    initial = found.all_members.get("__init__")
    if initial is not None and initial.is_function and len(initial.parameters) > 1:
        yield f"```python\n{signature(initial, path)}\n```\n"
        if initial.docstring:
            yield from _docstring(initial.docstring.parsed)
    attributes = [one for one in public if one.is_attribute]
    if attributes:
        yield "| field | type | meaning |\n|---|---|---|"
        for one in attributes:
            yield f"| `{one.name}` | {_code(one.annotation)} | {_cell(one.docstring.value)} |"
        yield ""
    for one in public:
        if not one.is_attribute:
            yield from _member(one, f"{path}.{one.name}", level + 1)


def signature(function: Any, path: str) -> str:
    """Return a function's signature as it would be written, one parameter a line if it is long."""
    parameters: list[str] = []
    is_keyword = False
    for one in function.parameters:
        if one.name == "self":
            continue
        kind = str(one.kind.value)
        stars = {"variadic positional": "*", "variadic keyword": "**"}.get(kind, "")
        if kind == "keyword-only" and not is_keyword:
            parameters.append("*")
        is_keyword = is_keyword or kind in ("keyword-only", "variadic positional")
        annotation = f": {one.annotation}" if one.annotation is not None else ""
        equals = " = " if annotation else "="
        default = f"{equals}{one.default}" if one.default is not None and not stars else ""
        parameters.append(f"{stars}{one.name}{annotation}{default}")
    prefix = "async def " if "async" in function.labels else "def "
    returns = f" -> {function.returns}" if function.returns is not None else ""
    if function.name == "__init__":
        prefix, returns = "", ""
    whole = f"{prefix}{path}({', '.join(parameters)}){returns}"
    if len(whole) <= 100:
        return whole
    inner = "".join(f"    {one},\n" for one in parameters)
    return f"{prefix}{path}(\n{inner}){returns}"


def _docstring(sections: Sequence[Any]) -> Iterator[str]:
    for section in sections:
        if section.kind is griffe.DocstringSectionKind.text:
            yield f"{_examples(section.value)}\n"
        elif section.kind is griffe.DocstringSectionKind.raises:
            yield "Raises:\n"
            for one in section.value:
                yield f"- `{one.annotation}`: {' '.join(one.description.split())}"
            yield ""
        elif section.kind is griffe.DocstringSectionKind.returns:
            yield "".join(f"Returns {one.description}\n" for one in section.value)
        else:
            for one in section.value:
                yield f"- `{one.name}`: {' '.join(one.description.split())}"
            yield ""


def _examples(text: str) -> str:
    """Return a text whose indented examples are blocks of Python."""
    parts: list[str] = []
    is_code = False
    for line in text.splitlines():
        if line.startswith("    ") and not is_code:
            parts.append("```python")
            is_code = True
        elif is_code and line.strip() and not line.startswith("    "):
            while not parts[-1]:
                parts.pop()
            parts += ["```", ""]
            is_code = False
        parts.append(line.removeprefix("    ") if is_code else line)
    return "\n".join([*parts, "```"] if is_code else parts)


def _code(annotation: object) -> str:
    return f"`{annotation}`" if annotation is not None else ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
