"""Texts with much to split in them, and their sentences."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from hypothesis import strategies as st
from msgspec.structs import replace

from sidecar.synthesis.token_source import TokenSource
from sidecar.text.languages import TextLanguage
from sidecar.text.markup import SKIPPED, Markup
from sidecar.text.sentences import Sentence, SentenceSplitter
from sidecar.text.stream import SpeakableStream

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

# Parts of 300 to 3,000 characters that are not spoken; some are never closed.
_WORDS = st.sampled_from(
    ["x = y + 1\n", "Hm. So it is 5, or not? ", "\n", "- one\n", "word", "```py\n"]
)
_FRAMES = st.sampled_from(
    [
        ("```py\n", "\n```\n"),
        ("\n~~~\n", "~~~"),
        ("<think>", "</think>"),
        ("\n<thinking>\n", "\n</thinking>\n\n"),
        ("<think>\n```\n", "\n```\n</think> "),
        ("<!--", "-->"),
        (" <script>", "</script>"),
        ("<style type='x'>", "</style >"),
        ("漢<rt>", "</rt>"),
        ('<img src="data:', '">'),
        ("![](data:image/png;base64,", ")"),
        ("", ""),
    ]
)
_LONG_PARTS = st.builds(
    lambda frame, words, size, is_closed: frame[0] + (words * size)[:size] + frame[1] * is_closed,
    _FRAMES,
    _WORDS,
    st.integers(300, 3000),
    st.integers(0, 3).map(bool),
)
_TAGS = st.builds(
    lambda tag, count: tag * count,
    st.sampled_from(["<td></td>", "<i>", "<br>", "|---|\n", "<!-- x -->", "<img src=x>", "\n\n"]),
    st.integers(100, 500),
)
SILENT_TEXTS = st.lists(st.one_of(_FRAGMENTS, _LONG_PARTS, _TAGS), min_size=1, max_size=8).map(
    "".join
)


def portions(text: str, sizes: Iterable[int]) -> Iterator[str]:
    """Yield the text in portions of these sizes, and then the rest of it."""
    at = 0
    for size in sizes:
        yield text[at : at + size]
        at += size
    yield text[at:]


def split(
    text: str,
    language: str | None = None,
    limit: int = 300,
    least: int = 0,
    sizes: Iterable[int] = (),
    *,
    normalize: bool = True,
) -> list[Sentence]:
    """Return the sentences of a text that arrives in portions of these sizes."""
    splitter, markup = SentenceSplitter(language, limit, least), Markup(normalize)
    found = [s for part in portions(text, sizes) for s in splitter.feed(markup.feed(part))]
    found += splitter.finish(markup.finish())
    return [replace(sentence, text="") for sentence in found]


class WordStream:
    """A text that is still being written, in pieces → what is said of it."""

    def __init__(
        self, language: str | None, normalize: bool = True, skip: Collection[str] = SKIPPED
    ) -> None:
        self.markup = Markup(normalize, skip)
        self.words = SpeakableStream(TextLanguage(language), normalize)

    def feed(self, text: str) -> str:
        return self.words.feed(self.markup.feed(text))

    def finish(self) -> str:
        return self.words.feed(self.markup.finish()) + self.words.finish()


def stream_speakable(
    text: str, language: str | None, sizes: Iterable[int], normalize: bool = True
) -> list[str]:
    """Return what is said of each portion of a text, and at its end."""
    stream = WordStream(language, normalize)
    return [*map(stream.feed, portions(text, sizes)), stream.finish()]


def dictate(text: str, language: str | None, size: int) -> str:
    """Return what is said of a text that arrives in portions of this size."""
    source = TokenSource(language, normalize=True)
    said: list[str] = []
    for part in [*portions(text, [size] * (len(text) // size)), None]:
        source.end() if part is None else source.feed(part)
        while piece := source.take():
            said.append(piece.text)
    return "".join(said)


def spans(text: str, sentences: list[Sentence]) -> list[str]:
    """Return the text of each sentence."""
    return [text[s.start : s.end] for s in sentences]
