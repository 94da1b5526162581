"""Texts with much to split in them, and their sentences."""

from __future__ import annotations

from hypothesis import strategies as st

from sidecar.text.sentences import Sentence, SentenceSplitter

# Random letters rarely make a sentence; these do.
_FRAGMENTS = st.sampled_from(
    [
        "Hi. ",
        "Dr. ",
        "U.S. ",
        "No! ",
        "3.14 ",
        '"',
        "“",
        "”",
        "« ",
        " »",
        "。",
        "？",
        "好",
        "…",
        "a",
        "\n",
        "\n\n",
        "# ",
        "- ",
        "```\n",
        "---\n",
        "~~~",
        " ",
        "\r\n",
        "z. B. ",
        "é",
        "👨\u200d👩\u200d👧",
        "word ",
        ", ",
        "1. ",
        "Я ",
        "は",
        "́",
        "\u200d",
        ".",
        "| ",
    ]
)
TEXTS = st.lists(st.one_of(_FRAGMENTS, st.text(max_size=5)), max_size=40).map("".join)


def split(
    text: str, language: str | None = None, limit: int = 300, least: int = 0
) -> list[Sentence]:
    splitter = SentenceSplitter(language, limit, least)
    return [*splitter.feed(text), *splitter.finish()]


def spans(text: str, sentences: list[Sentence]) -> list[str]:
    return [text[s.start : s.end] for s in sentences]
