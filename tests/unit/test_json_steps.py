"""Large JSON that is read in steps: the same as read at once, whatever the strings contain."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.models.checkpoint import steps

# What looks like the border of two entries, in a string.
_text = st.text(st.sampled_from('a"\\[]{}:, 1é中'), max_size=8) | st.sampled_from(
    ['1,"', '],["', '","', '1","a":1,"', '"],["', "\\"]
)
_pairs = st.lists(st.tuples(_text, _text), max_size=40)
_forms = st.sampled_from([(",", ":"), (", ", ": "), (" ,\n  ", " : ")])


@pytest.fixture(autouse=True, scope="module")
def small_steps() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(steps, "_STEP_BYTES", 16)
        yield


def raw(value: object, separators: tuple[str, str]) -> msgspec.Raw:
    text = json.dumps(value, separators=separators, ensure_ascii=False)
    return msgspec.Raw(f" {text}\n".encode())


@given(pairs=_pairs, form=_forms)
def test_a_list_of_pairs(pairs: list[tuple[str, str]], form: tuple[str, str]) -> None:
    parts = steps.decode(raw(pairs, form), list[tuple[str, str]])
    assert [pair for part in parts for pair in part] == pairs


@given(texts=st.lists(_text, max_size=40), form=_forms)
def test_a_list_of_strings(texts: list[str], form: tuple[str, str]) -> None:
    parts = steps.decode(raw(texts, form), list[str])
    assert [text for part in parts for text in part] == texts


@given(ids=st.dictionaries(_text, st.integers(0, 200_000), max_size=40), form=_forms)
def test_an_object(ids: dict[str, int], form: tuple[str, str]) -> None:
    read: dict[str, int] = {}
    for part in steps.decode(raw(ids, form), dict[str, int]):
        read.update(part)
    assert read == ids


@given(text=st.text('[]{}",:1 ', max_size=60))
def test_what_is_not_json_is_refused(text: str) -> None:
    def read() -> list[Any]:
        return [one for part in steps.decode(msgspec.Raw(text.encode()), list[Any]) for one in part]

    try:
        expected = msgspec.json.decode(text, type=list[Any])
    except msgspec.MsgspecError:
        with pytest.raises(msgspec.MsgspecError):
            read()
    else:
        assert read() == expected


def test_much_is_read_in_many_steps() -> None:
    ids = {f"token {at}": at for at in range(1000)}
    parts = list(steps.decode(raw(ids, (",", ":")), dict[str, int]))
    assert len(parts) > 400
    assert sum(map(len, parts)) == 1000
