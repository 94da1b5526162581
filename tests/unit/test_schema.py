from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args

import jsonschema
import pytest

from sidecar.audio.formats import ENCODINGS
from sidecar.models import inventory
from sidecar.rpc import schema
from sidecar.rpc.contract.speech import Encoding
from sidecar.rpc.methods import METHODS
from tests.support.wire import ROOT, SCHEMA, check


def test_the_committed_schema_is_the_generated_one() -> None:
    committed = (ROOT / "protocol" / "schema.json").read_text()
    assert committed == schema.render(), "run `make schema` and commit the result"


def test_every_method_of_the_contract_has_a_handler() -> None:
    sent = {name for name, method in METHODS.items() if method.handler is None}
    assert sent == {"window/logMessage", "$/progress"}
    assert all(callable(method.handler()) for method in METHODS.values() if method.handler)


def test_the_definitions_are_valid_json_schema() -> None:
    for definition in SCHEMA["$defs"].values():
        jsonschema.Draft202012Validator.check_schema(definition)


def test_the_encodings_of_the_contract_are_those_that_can_be_made() -> None:
    assert get_args(Encoding) == ENCODINGS


def test_the_schema_itself_refuses_what_the_server_refuses() -> None:
    check(
        {"text": "a", "sampling": {"temperature": 0, "subtalker": {"topP": 1}}}, "SynthesizeParams"
    )
    for bad in ({}, {"text": 1}, {"text": "a", "nope": 1}, {"text": "a", "encoding": "mp9"}):
        with pytest.raises(jsonschema.ValidationError):
            check(bad, "SynthesizeParams")


def test_audio_is_marked_as_base64() -> None:
    assert SCHEMA["$defs"]["AudioProgress"]["properties"]["audio"]["contentEncoding"] == "base64"
    assert SCHEMA["errors"]["cancelled"] == -32800


def test_the_specification_names_every_method_and_error() -> None:
    text = (ROOT / "protocol" / "README.md").read_text()
    missing = [name for name in [*SCHEMA["methods"], *SCHEMA["errors"]] if f"`{name}`" not in text]
    assert not missing


def fields() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Return the name of each field with its definition; a tag of a union explains itself."""
    for definition, struct in SCHEMA["$defs"].items():
        for name, field in struct.get("properties", {}).items():
            if name != "kind" or len(field["enum"]) > 1:
                yield f"{definition}.{name}", name, field


def test_everything_has_a_description() -> None:
    bare = [name for name, schema in SCHEMA["$defs"].items() if not schema.get("description")]
    bare += [name for name, method in SCHEMA["methods"].items() if not method["description"]]
    bare += [path for path, _, field in fields() if not description(field)]
    bare += [name for name in SCHEMA["errors"] if not SCHEMA["errorDescriptions"][name]]
    assert not bare


def choices(field: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in field.get("anyOf", [field]) if one.get("type") != "null"]


def description(field: dict[str, Any]) -> str:
    own = [field.get("description"), *(one.get("description") for one in choices(field))]
    return next((text for text in own if text), "")


def is_number(field: dict[str, Any]) -> bool:
    """Return whether a field is a number, and neither one of a few values nor an id or a token."""
    return all(one.get("type") in {"integer", "number"} for one in choices(field))


UNIT = re.compile(
    r"\b(milliseconds|seconds|bytes|Bytes|Milliseconds|Seconds|Hz|dBFS|[Bb]its|codec frames|"
    r"characters \(Unicode code points\))"
)
# Counts, places in a row, and numbers without a unit.
WITHOUT_UNIT = re.compile(r"^Number of |^Index of |[Dd]imensionless|seed|Version of|process id")
NAMED = {
    "Ms": r"[Mm]illiseconds",
    "Bytes": r"[Bb]ytes",
    "Seconds": r"seconds",
    "Hz": r"Hz",
    "Rate": r"Hz",
    "Chars": r"characters",
    "Frames": r"codec frames",
}


def test_every_number_has_its_unit() -> None:
    numbers = [
        (path, name, description(field)) for path, name, field in fields() if is_number(field)
    ]
    assert len(numbers) > 60
    bare = [
        path for path, _, text in numbers if not (UNIT.search(text) or WITHOUT_UNIT.search(text))
    ]
    assert not bare
    other = [
        path
        for path, name, text in numbers
        for suffix, unit in NAMED.items()
        if name.endswith(suffix) and not re.search(unit, text)
    ]
    assert not other


def test_every_optional_param_has_its_default() -> None:
    bare = [
        path
        for path, _, field in fields()
        if path.split(".")[0].endswith(("Params", "Sampling", "Chunking", "Pauses"))
        and "default" in field
        and "efault" not in description(field)
    ]
    assert not bare


def test_the_names_of_the_catalogue_are_examples() -> None:
    """The names are only examples: any other string is accepted as well."""
    entries = inventory.entries()
    models, voices, languages = (
        SCHEMA["$defs"][kind] for kind in ("ModelName", "VoiceName", "LanguageName")
    )
    assert models["examples"] == [entry.name for entry in entries if entry.known or not entry.repo]
    catalogue = [entry.known.info for entry in entries if entry.known]
    presets = {voice.name for info in catalogue for voice in info.voices}
    assert set(voices["examples"]) == {"slt", "rms", *presets}
    assert "ryan" in presets
    spoken = {name for info in catalogue for name in (*info.languages, *info.dialects)}
    assert set(languages["examples"]) == spoken
    assert {"auto", "japanese", "beijing_dialect"} <= spoken
    for names in (models, voices, languages):
        assert len(set(names["examples"])) == len(names["examples"])
        assert "enum" not in names
    check({"text": "a", "model": "./mine", "voice": "Anna", "language": "x"}, "SynthesizeParams")
    with pytest.raises(jsonschema.ValidationError):
        check({"text": "a", "model": ""}, "SynthesizeParams")
