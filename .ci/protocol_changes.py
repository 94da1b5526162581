"""Fail if protocol/schema.json would break clients of the last release.

python .ci/protocol_changes.py             compare with the schema of the last release's tag, v1.2.3
python .ci/protocol_changes.py OLD.json    compare with this schema

The policy is in protocol/README.md under "Versions". Changes of meaning cannot be seen here.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = "protocol/schema.json"
LOWER = ("minimum", "exclusiveMinimum", "minLength")
UPPER = ("maximum", "exclusiveMaximum", "maxLength")
Json = dict[str, Any]


def breaking_changes(old: Json, new: Json) -> list[str]:
    """Return what clients of `old` can no longer rely on: nothing if the version has changed."""
    if old["protocolVersion"] != new["protocolVersion"]:
        return []
    return [*_methods(old, new), *_errors(old, new), *_definitions(old, new)]


def _methods(old: Json, new: Json) -> Iterator[str]:
    for name, before in old["methods"].items():
        after = new["methods"].get(name, {})
        for key in ("direction", "kind", "params", "result"):
            if after.get(key) != before.get(key):
                yield f"{name}: {key} was {before.get(key)}, is {after.get(key)}"


def _errors(old: Json, new: Json) -> Iterator[str]:
    for name, code in old["errors"].items():
        if new["errors"].get(name) != code:
            yield f"error {name}: code was {code}, is {new['errors'].get(name)}"


def _definitions(old: Json, new: Json) -> Iterator[str]:
    sent = _sent_by_clients(old)
    for name, before in old["$defs"].items():
        after = new["$defs"].get(name)
        if after is None:
            yield f"{name}: removed"
        elif "properties" in before:
            yield from _fields(name, before, after, name in sent)


def _sent_by_clients(schema: Json) -> set[str]:
    """Return the definitions that params of clients consist of."""
    methods = schema["methods"].values()
    pending = [_refs(m["params"]) for m in methods if m["direction"] == "clientToServer"]
    found: set[str] = set()
    while pending:
        names = pending.pop() - found
        found |= names
        pending += [_refs(schema["$defs"][name]) for name in names]
    return found


def _refs(schema: Any) -> set[str]:
    """Return the names of the definitions that a schema refers to."""
    if isinstance(schema, list):
        return set().union(*map(_refs, schema))
    if not isinstance(schema, dict):
        return set()
    own = {schema["$ref"].rpartition("/")[2]} if isinstance(schema.get("$ref"), str) else set()
    return own.union(*map(_refs, schema.values()))


def _fields(name: str, old: Json, new: Json, sent: bool) -> Iterator[str]:
    was_required, is_required = set(old.get("required", [])), set(new.get("required", []))
    changed = is_required - was_required if sent else was_required - is_required
    for field in sorted(changed):
        yield f"{name}.{field}: {'now required' if sent else 'may now be absent'}"
    if not sent:  # a newer client would refuse what an older sidecar sends
        for field in sorted(is_required - old["properties"].keys()):
            yield f"{name}.{field}: new, so it must be optional"
    for field, before in old["properties"].items():
        after = new.get("properties", {}).get(field)
        if after is None:
            yield f"{name}.{field}: removed"
        else:
            yield from _values(f"{name}.{field}", before, after, sent)


def _values(path: str, old: Json, new: Json, sent: bool) -> Iterator[str]:
    before, after = _choices(old), _choices(new)
    for kind, choice in before.items():
        other = after.get(kind)
        if other is None:
            if sent:
                yield f"{path}: {kind} is no longer accepted"
            continue
        gone = [
            value for value in choice.get("enum", []) if value not in other.get("enum", [value])
        ]
        if gone:
            yield f"{path}: no longer has {gone}"
        if sent and _is_narrower(choice, other):
            yield f"{path}: accepts less than before"
        if "items" in choice:
            yield from _values(f"{path}[]", choice["items"], other["items"], sent)
    if not sent:
        for kind in after.keys() - before.keys():
            yield f"{path}: may now be {kind}"


def _choices(schema: Json) -> dict[str, Json]:
    """Return the alternatives of a schema by their type or the definition that they refer to."""
    choices = [
        one
        for one in schema.get("anyOf", [schema])
        if "$ref" in one or "type" in one or "enum" in one
    ]
    return {_kind(one): one for one in choices}


def _kind(choice: Json) -> str:
    if "$ref" in choice:
        return str(choice["$ref"])
    return str(choice.get("type") or type(choice["enum"][0]).__name__)


def _is_narrower(old: Json, new: Json) -> bool:
    no_lower, no_upper = float("-inf"), float("inf")
    return (
        any(new.get(key, no_lower) > old.get(key, no_lower) for key in LOWER)
        or any(new.get(key, no_upper) < old.get(key, no_upper) for key in UPPER)
        or ("enum" in new and "enum" not in old)
    )


def released() -> Json | None:
    """Return the schema of the last release before this commit, if there was one."""
    git = ["git", "-C", str(ROOT)]
    tag = subprocess.run(
        [*git, "describe", "--tags", "--abbrev=0", "--match", "v[0-9]*", "HEAD^"],
        capture_output=True,
        text=True,
        check=False,
    )
    if tag.returncode != 0:
        return None
    shown = [*git, "show", f"{tag.stdout.strip()}:{SCHEMA}"]
    return json.loads(subprocess.run(shown, capture_output=True, check=True).stdout)


def main() -> int:
    old = json.loads(Path(sys.argv[1]).read_text()) if len(sys.argv) > 1 else released()
    if old is None:
        print("There is no release to compare the protocol with.")
        return 0
    changes = breaking_changes(old, json.loads((ROOT / SCHEMA).read_text()))
    for change in changes:
        print(f"breaking: {change}", file=sys.stderr)
    return 1 if changes else 0


if __name__ == "__main__":
    sys.exit(main())
