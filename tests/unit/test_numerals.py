"""How much of a text the library receives that spells figures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sidecar.text import numerals
from sidecar.text.speakable import make_speakable

LANGUAGES = ("english", "chinese", "japanese")


class Library:
    """Stands for the library: it counts what it receives, and spells every digit."""

    def __init__(self) -> None:
        self.spans: list[str] = []

    def normalize(self, span: str) -> str:
        self.spans.append(span)
        return "".join("零一二三四五六七八九"[int(c)] if c in "0123456789" else c for c in span)


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    counting = Library()
    monkeypatch.setattr(numerals, "_load_normalizer", lambda _: counting)
    numerals.verbalize.cache_clear()
    yield counting
    numerals.verbalize.cache_clear()


# It holds the interpreter's lock: meanwhile nothing else runs, not even an answer to a ping.
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "unit", ["1½", "1", "1 ", "1,", "1:", "-1", "1年", "1点", "$1", "1kg", "5-"]
)
def test_the_library_receives_short_spans_and_no_more_of_them_than_the_text_is_long(
    library: Library, language: str, unit: str
) -> None:
    text = "1." + unit * (4096 // len(unit))
    make_speakable(text, language)
    assert max(map(len, library.spans), default=0) <= numerals.LONGEST
    assert sum(map(len, library.spans)) <= 8 * len(text)
