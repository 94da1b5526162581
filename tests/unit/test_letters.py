"""The letters that a tokenizer loses: those without a token, and none that it rewrites."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from sidecar.errors import EmptyText
from sidecar.models import catalog
from sidecar.models.qwen3_tts.letters import Letters
from sidecar.text.silence import is_silent
from sidecar.text.unspoken import MAX_NAMED, list_letters


class Bundled:
    """The tokenizer of the bundled voice."""

    special_tokens = ()

    def __init__(self) -> None:
        path = catalog.resolve(catalog.BUNDLED).path / "tokenizer.json"
        self._tokenizer = Tokenizer.from_file(str(path))

    def encode(self, text: str) -> list[int]:
        return self._tokenizer.encode(text).ids

    def decode(self, ids: list[int]) -> str:
        return self._tokenizer.decode(ids, skip_special_tokens=False)


BUNDLED = Bundled()
LATIN = Letters(BUNDLED)


class Bytes:
    """A tokenizer that has a token for everything, like Qwen's."""

    special_tokens = ()

    def encode(self, text: str) -> list[int]:
        return list(text.encode())

    def decode(self, ids: list[int]) -> str:
        return bytes(ids).decode()


def lost(text: str) -> str:
    return "".join(LATIN.find_lost(text, BUNDLED.encode(text)))


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Hello, WORLD!", ""),
        ("Ünïcode straße naïve œuvre Ærø Łódź ﬁnal", ""),
        ("½ cup, 10² cm, №5 and 1st", ""),
        ("Hello Привет friend", "Привет"),
        ("near 日本 and 日", "日本"),
        ("… «» — ☃ 🙂", ""),
    ],
)
def test_letters_are_lost_where_nothing_stands_for_them(text: str, gone: str) -> None:
    assert lost(text) == gone


@given(st.text(max_size=60))
def test_what_is_lost_is_a_letter_of_the_text(text: str) -> None:
    gone = lost(text)
    assert set(gone) <= set(list_letters(text))
    assert len(gone) <= MAX_NAMED + 1
    if len(gone) <= MAX_NAMED:
        assert lost("".join(char for char in text if char not in gone)) == ""


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_a_tokenizer_of_bytes_loses_nothing(text: str) -> None:
    whole = Letters(Bytes())
    assert whole.find_lost(text, Bytes().encode(text)) == []
    whole.check(text, Bytes().encode(text), "text")


@given(st.text(max_size=30) | st.text("Привет 日本,.!?", max_size=10))
def test_what_is_left_has_a_letter_or_it_is_refused(text: str) -> None:
    ids = BUNDLED.encode(text)
    try:
        LATIN.check(text, ids, "text")
    except EmptyText:
        assert is_silent(BUNDLED.decode(ids))
        assert lost(text)
    else:
        assert is_silent(text) or not is_silent(BUNDLED.decode(ids))
