from __future__ import annotations

from typing import get_args

import jsonschema
import pytest

from sidecar.audio.formats import ENCODINGS
from sidecar.rpc import schema
from sidecar.rpc.handlers import HANDLERS
from sidecar.rpc.methods import METHODS
from sidecar.rpc.types import Encoding
from tests.harness import ROOT, SCHEMA, check


def test_the_committed_schema_is_the_generated_one() -> None:
    committed = (ROOT / "protocol" / "schema.json").read_text()
    assert committed == schema.render(), "run `make schema` and commit the result"


def test_every_method_of_the_contract_has_a_handler() -> None:
    assert set(HANDLERS) == {name for name, method in METHODS.items() if not method.from_server}


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
