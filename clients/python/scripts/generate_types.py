"""Generate qwen_tts_client/protocol.py from protocol/schema.json; with --check, only compare them.

It supports the part of JSON Schema that the sidecar uses, and stops at anything else. What the
sidecar sends becomes Structs, and what calls take becomes TypedDicts, both in Python's spelling.
"""

from __future__ import annotations

import json
import keyword
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
SOURCE = ROOT / "protocol" / "schema.json"
TARGET = Path(__file__).resolve().parents[1] / "qwen_tts_client" / "protocol.py"
WIDTH = 100

PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}

# The keyword arguments of calls: the params without what the client fills in, or names itself.
CALLS = {
    "SpeechParams": (
        "SynthesizeParams",
        {"text", "moreText", "textTimeoutMs", "partialResultToken"},
    ),
    "LiveSpeechParams": (
        "SynthesizeParams",
        {"text", "moreText", "splitSentences", "partialResultToken"},
    ),
    "LoadParams": ("ModelLoadParams", {"model", "workDoneToken"}),
    "VoiceParams": ("VoiceCreateParams", {"voice", "workDoneToken"}),
}

HEADER = '''"""What the protocol sends and takes, with Python's spelling of its names.

Generated from protocol/schema.json by scripts/generate_types.py; do not edit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias, TypedDict

import msgspec

if TYPE_CHECKING:
    from typing_extensions import Required

'''

Schema = dict[str, Any]


def snake(name: str) -> str:
    """Return Python's spelling of a name; fail if the way back would give another one."""
    spelled = re.sub(r"[A-Z]", lambda match: f"_{match[0].lower()}", name)
    head, *rest = spelled.split("_")
    assert head + "".join(word.title() for word in rest) == name, name
    assert not keyword.iskeyword(spelled), name
    return spelled


def ref_name(schema: Schema) -> str:
    return schema["$ref"].rpartition("/")[2]


class Generator:
    """Writes the types of one schema."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.definitions: dict[str, Schema] = schema["$defs"]

    def text(self) -> str:
        answers = [
            method.get(part, {})
            for method in self.schema["methods"].values()
            if method["direction"] == "clientToServer"
            for part in ("result", "progress")
        ]
        sent = self._reach([*answers, {"$ref": "#/$defs/ErrorData"}])
        taken = self._reach(
            value
            for name, omitted in CALLS.values()
            for field, value in self.definitions[name]["properties"].items()
            if field not in omitted
        )
        taken |= {"ClientInfo"}
        parts = [
            HEADER,
            f"PROTOCOL_VERSION: Final = {self.schema['protocolVersion']}\n",
            docstring("The version of the protocol that this client speaks."),
            *(
                self._definition(name, name in sent)
                for name in self.definitions
                if name in sent | taken
            ),
            *(self._call(name, *source) for name, source in CALLS.items()),
            self._errors(),
            self._genders(),
        ]
        return "".join(parts)

    def _reach(self, schemas: Iterable[Schema]) -> set[str]:
        """Return the definitions that schemas refer to, directly or not."""
        found: set[str] = set()
        waiting: list[Any] = list(schemas)
        while waiting:
            value = waiting.pop()
            if isinstance(value, list):
                waiting += value
            elif isinstance(value, dict):
                name = ref_name(value) if "$ref" in value else None
                if name is not None and name not in found:
                    found.add(name)
                    waiting.append(self.definitions[name])
                waiting += value.values()
        return found

    def _type(self, schema: Schema, is_sent: bool) -> str:
        if "$ref" in schema:
            name = ref_name(schema)
            # A Struct cannot have a union of literals and strings.
            return "str" if is_sent and "examples" in self.definitions[name] else name
        if "enum" in schema:
            # Newer sidecars may send other values.
            return "str" if is_sent else f"Literal[{', '.join(map(quoted, schema['enum']))}]"
        if "anyOf" in schema:
            return " | ".join(dict.fromkeys(self._type(one, is_sent) for one in schema["anyOf"]))
        if "contentEncoding" in schema:
            return "bytes"
        if "additionalProperties" in schema:
            return f"dict[str, {self._type(schema['additionalProperties'], is_sent)}]"
        if schema["type"] == "array":
            return f"list[{self._type(schema['items'], is_sent)}]"
        return PLAIN[schema["type"]]

    def _definition(self, name: str, is_sent: bool) -> str:
        schema = self.definitions[name]
        if "examples" in schema:
            known = "".join(f"    {quoted(value)},\n" for value in schema["examples"])
            alias = f'{name}: TypeAlias = """Literal[\n{known}] | str"""\n'
            return f"\n{alias}{docstring(schema['description'])}"
        if is_sent:
            return self._struct(name, schema)
        fields = schema["properties"].items()
        return self._typed_dict(name, schema, [(field, value) for field, value in fields])

    def _struct(self, name: str, schema: Schema) -> str:
        options = 'frozen=True, kw_only=True, rename="camel", omit_defaults=True'
        tags = [
            field
            for field, value in schema["properties"].items()
            if len(value.get("enum", ())) == 1
        ]
        for field in tags:
            tag = schema["properties"][field]["enum"][0]
            options += f", tag_field={quoted(field)}, tag={quoted(tag)}"
        head = f"\n\nclass {name}(msgspec.Struct, {options}):\n"
        head += docstring(schema["description"], "    ")
        fields = ""
        for field, value in schema["properties"].items():
            if field in tags:
                continue
            hint = self._type(value, is_sent=True)
            optional = "" if field in schema["required"] else " = None"
            if optional and "None" not in hint:
                hint += " | None"
            fields += f"\n    {snake(field)}: {hint}{optional}\n"
            fields += docstring(describe(value), "    ")
        return head + fields

    def _typed_dict(
        self, name: str, schema: Schema, fields: list[tuple[str, Schema]], about: str | None = None
    ) -> str:
        text = f"\n\nclass {name}(TypedDict, total=False):\n"
        text += docstring(about or schema["description"], "    ")
        for field, value in fields:
            hint = self._type(without_null(value), is_sent=False)
            if (name, field) == ("Reference", "audio"):
                hint = "bytes | str"
            if field in schema["required"]:
                hint = f"Required[{hint}]"
            text += f"\n    {snake(field)}: {hint}\n{docstring(describe(value), '    ')}"
        return text

    def _call(self, name: str, source: str, omitted: set[str]) -> str:
        schema = self.definitions[source]
        fields = [(f, value) for f, value in schema["properties"].items() if f not in omitted]
        return self._typed_dict(name, schema, fields)

    def _errors(self) -> str:
        rows = "".join(
            f"    {quoted(kind)}: {code},\n" for kind, code in self.schema["errors"].items()
        )
        types = "".join(f"    {quoted(kind)},\n" for kind in self.schema["errors"])
        return (
            f"\n\nERROR_CODES: Final[dict[str, int]] = {{\n{rows}}}\n"
            + docstring("JSON-RPC's number (`code`) of each `type` of an error.")
            + f'\nErrorType: TypeAlias = """Literal[\n{types}] | str"""\n'
            + docstring("The stable name of an error. Newer sidecars may have other ones.")
        )

    def _genders(self) -> str:
        rows = "".join(
            f"    {quoted(voice)}: {quoted(gender)},\n"
            for voice, gender in self.schema["presetGenders"].items()
        )
        return f"\nPRESET_GENDERS: Final[dict[str, str]] = {{\n{rows}}}\n" + docstring(
            "How the preset voices in the catalogue sound."
        )


def quoted(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def without_null(schema: Schema) -> Schema:
    """Return the schema without null, which means the same as absent for an optional field."""
    if "anyOf" not in schema:
        return schema
    return {**schema, "anyOf": [one for one in schema["anyOf"] if one.get("type") != "null"]}


def describe(schema: Schema) -> str:
    """Return the description of a field, with its values and its range."""
    inner = schema["anyOf"][0] if "anyOf" in schema else schema
    notes = [schema.get("description") or inner.get("description", "")]
    if "enum" in inner:
        notes.append(f"Values: {', '.join(map(str, inner['enum']))}.")
    low = inner.get("minimum")
    if low is not None or "exclusiveMinimum" in inner:
        start = f"more than {inner['exclusiveMinimum']}" if low is None else f"from {low}"
        end = f" to {inner['maximum']}" if "maximum" in inner else ""
        notes.append(f"Range: {start}{end}.")
    return " ".join(filter(None, notes))


def docstring(text: str, indent: str = "") -> str:
    """Return a docstring whose lines are not too long; nothing for no text."""
    text = " ".join(text.split())
    if not text:
        return ""
    one = f'{indent}"""{text}"""'
    if len(one) <= WIDTH:
        return one + "\n"
    lines = textwrap.wrap(text, WIDTH - len(indent) - 3, break_on_hyphens=False)
    return textwrap.indent('"""' + "\n".join(lines) + '\n"""\n', indent)


def formatted(text: str) -> str:
    """Return a program as ruff lays it out."""
    command = (sys.executable, "-m", "ruff", "format", "-")
    done = subprocess.run(
        command, input=text, stdout=subprocess.PIPE, encoding="utf-8", cwd=TARGET.parent, check=True
    )
    return done.stdout


def main() -> None:
    """Write the types, or compare them.

    Raises:
        SystemExit: with --check, the file is not what the schema says.
    """
    text = formatted(Generator(json.loads(SOURCE.read_text("utf-8"))).text())
    if "--check" not in sys.argv:
        TARGET.write_text(text, "utf-8")
    elif TARGET.read_text("utf-8") != text:
        sys.exit(f"{TARGET.relative_to(ROOT)} is not what the schema says: make schema")


if __name__ == "__main__":
    main()
