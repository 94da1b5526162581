from __future__ import annotations

import json
import tracemalloc
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.errors import InvalidRequest, NotFinite, ParseError
from sidecar.wire.jsonrpc import (
    EnvelopeError,
    Notification,
    Request,
    Response,
    decode,
    encode,
)

ids = st.integers() | st.text()
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


def body(**fields: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", **fields}).encode()


@given(ids, st.text(), st.dictionaries(st.text(), json_values, max_size=4))
def test_requests_come_through_whole(id: int | str, method: str, params: dict[str, Any]) -> None:
    request = decode(body(id=id, method=method, params=params))
    assert isinstance(request, Request)
    assert (request.id, request.method) == (id, method)
    assert type(request.id) is type(id)
    assert json.loads(bytes(request.params)) == params


@given(ids)
def test_an_id_comes_back_as_it_was(id: int | str) -> None:
    answer = json.loads(encode(Response(id, {})))
    assert answer == {"id": id, "result": {}, "jsonrpc": "2.0"}
    assert type(answer["id"]) is type(id)


@pytest.mark.parametrize("params", [{}, {"params": None}, {"params": {}}])
def test_no_params_null_and_empty_are_the_same(params: dict[str, Any]) -> None:
    message = decode(body(method="ping", **params))
    assert isinstance(message, Notification)
    assert bytes(message.params) == b"{}"


def test_a_response_is_nobodys() -> None:
    assert decode(body(id=1, result=None)) is None
    assert decode(body(id=1, error={"code": 1, "message": "x"})) is None


@pytest.mark.parametrize(
    ("message", "id"),
    [
        (b"[]", None),
        (b"42", None),
        (b"{}", None),
        (b'{"jsonrpc": "2.0", "id": 7}', 7),
        (b'{"jsonrpc": "2.0", "id": "seven", "method": 5}', "seven"),
        (b'{"jsonrpc": "1.0", "id": 7, "method": "ping"}', 7),
        (b'{"id": 7, "method": "ping"}', 7),
        (b'{"jsonrpc": "2.0", "id": null, "method": "ping"}', None),
        (b'{"jsonrpc": "2.0", "id": 1.5, "method": "ping"}', None),
        (b'{"jsonrpc": "2.0", "id": true, "method": "ping"}', None),
        (b'{"jsonrpc": "2.0", "id": {}, "method": "ping"}', None),
    ],
)
def test_json_that_is_no_request(message: bytes, id: int | str | None) -> None:
    with pytest.raises(EnvelopeError) as caught:
        decode(message)
    assert isinstance(caught.value.error, InvalidRequest)
    assert caught.value.id == id


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"{",
        b"{'a': 1}",
        b'{"jsonrpc": "2.0", "id": 1, "method": "\xff"}',
        b'{"jsonrpc": "2.0", "id": 1, "method": "ping"} trailing',
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b"[" * 100_000,
        b'{"x": NaN',
        b"NaN" + b"[" * 100_000,
    ],
)
def test_bodies_that_are_not_json(message: bytes) -> None:
    with pytest.raises(EnvelopeError) as caught:
        decode(message)
    assert isinstance(caught.value.error, ParseError)
    assert caught.value.id is None


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_json_does_not_have_are_named(number: str) -> None:
    message = (
        f'{{"jsonrpc": "2.0", "id": 7, "method": "m", "params": {{"a": [1, {{"b": {number}}}]}}}}'
    )
    with pytest.raises(EnvelopeError) as caught:
        decode(message.encode())
    assert isinstance(caught.value.error, NotFinite)
    assert caught.value.error.field == "a[1].b"
    assert caught.value.id == 7


@pytest.mark.parametrize(
    ("items", "error"), [("0,", InvalidRequest), ("[NaN],", ParseError), ('"\\ud800",', ParseError)]
)
def test_a_long_wrong_message_is_not_taken_apart(items: str, error: type[Exception]) -> None:
    """It once took 250 bytes of memory for each item of a list, and seconds."""
    params = f'{{"a": [{items * 500_000} 0]}}'
    message = f'{{"jsonrpc": 2, "id": 7, "method": "m", "params": {params}}}'.encode()
    if error is ParseError:
        message = message.replace(b"2", b'"2.0"', 1)
    tracemalloc.start()
    try:
        with pytest.raises(EnvelopeError) as caught:
            decode(message)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert isinstance(caught.value.error, error)
    assert caught.value.id == 7
    assert peak < 4 * len(message)


def test_a_result_that_cannot_be_encoded_is_still_answered() -> None:
    answer = json.loads(encode(Response(7, object())))
    assert answer["id"] == 7
    assert answer["error"]["code"] == -32603


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_an_envelope_error(data: bytes) -> None:
    with suppress(EnvelopeError):
        message = decode(data)
        assert message is None or isinstance(message, Request | Notification)
        assert msgspec.json.decode(data) is not None
