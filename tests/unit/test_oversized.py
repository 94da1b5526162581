"""The id of the answer to an oversized message, which must come before any large member."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.wire.framing import HEAD_BYTES, MAX_BODY_BYTES, Oversized
from sidecar.wire.oversized import leading_members, refusal


@pytest.mark.parametrize(
    ("head", "id"),
    [
        (b'{"jsonrpc":"2.0","id":7,"method":"x","params":{"text":"aaa', 7),
        (b'{"id":"seven","params":{"text":"aaa', "seven"),
        (b' {\r\n"id" :\t-7 , "params": "', -7),
        (b'{"method":"x","\\u0069d":"a\\"b\\u00e9","params":{', 'a"bé'),
        (b'{"id":123456789012345678901234567890,"params":{', 123456789012345678901234567890),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping"}   ', 1),
        # It stands after the big member, or inside of it.
        (b'{"method":"x","params":{"id":3},"id":4}', None),
        (b'{"params":"aaa","id":3,"method":"x"}', None),
        (b'{"method":"\\"id\\":5,","params":{', None),
        (b'{"params":"\\",\\"id\\":5,", "', None),
        # It is cut, or no id.
        (b'{"id":12', None),
        (b'{"id":"tw', None),
        (b'{"id":1.0,"method":"x",', None),
        (b'{"id":1e3,"method":"x",', None),
        (b'{"id":007,"method":"x",', None),
        (b'{"id":true,"method":"x",', None),
        (b'{"id":null,"method":"x",', None),
        (b'{"id":"\\ud800","method":"x",', None),
        (b'{"id":"\xff","method":"x",', None),
        (b'{"id":[1],"method":"x",', None),
        # Which of the two it is, would be known only at the end.
        (b'{"id":1,"id":2,"method":"x",', None),
        # No object of JSON.
        (b'[{"jsonrpc":"2.0","id":1,"method":"ping"},', None),
        (b'\xef\xbb\xbf{"id":1,"method":"x",', None),
        (b'{"jsonrpc":"2.0",,"id":5,', None),
        (b'{"id":5]', None),
        (b"", None),
    ],
)
def test_the_id_is_found_where_it_leads(head: bytes, id: Any) -> None:
    refused = refusal(Oversized(MAX_BODY_BYTES + 1, head))
    assert refused.id == id
    assert type(refused.id) is type(id)
    assert refused.error.figures.message_bytes == MAX_BODY_BYTES + 1
    assert refused.error.figures.limit_bytes == MAX_BODY_BYTES


members = st.dictionaries(
    st.sampled_from(["jsonrpc", "id", "method", "params", "x"]),
    st.text(max_size=8) | st.integers() | st.floats() | st.none() | st.booleans()
    | st.dictionaries(st.sampled_from(["id", "a"]), st.integers() | st.text(max_size=3)),
)  # fmt: skip


@given(members, st.booleans(), st.integers(0, 200))
def test_what_is_found_is_what_the_message_says(
    message: dict[str, Any], ascii: bool, most: int
) -> None:
    head = json.dumps(message, ensure_ascii=ascii).encode()[:most]
    for name, value in leading_members(head).items():
        assert message[name] == value
        assert type(message[name]) is type(value)


@given(st.binary(max_size=HEAD_BYTES))
def test_no_bytes_are_too_strange(head: bytes) -> None:
    assert leading_members(head).keys() <= {"jsonrpc", "id", "method"}
    assert leading_members(b'{"id":1,' + head).get("id") in (None, 1)
