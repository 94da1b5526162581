"""A lexicon: whole words, the longest first, in a text in any pieces; and the files of one."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sidecar.errors import BadLexicon, InvalidParams
from sidecar.lexicon.entries import Entry, Lexicon
from sidecar.lexicon.files import read_lexicon
from sidecar.lexicon.reader import LexiconReader
from sidecar.ssml.reader import SsmlReader
from sidecar.synthesis.segments import SegmentSource
from sidecar.synthesis.token_source import TokenSource
from sidecar.text.markup import Markup
from sidecar.text.runs import Run, join_runs
from tests.support.pieces import SIZES, covers, pieces

LEXICON = Lexicon(
    [
        Entry("SQL", "sequel"),
        Entry("New York", "noo york"),
        Entry("New York City", "the big apple"),
        Entry("Polish", "from Poland", case_sensitive=True),
        Entry("polish", "shine"),
        Entry("C++", "see plus plus"),
        Entry("café", "coffee house"),
        Entry("東京", "とうきょう"),
        Entry("서울", "the capital"),
        Entry("chat", "cat", language="fr"),
        Entry("chat", "talk", language="en"),
        Entry("don't", "do not"),
        Entry("Dr. Oz", "doctor oz"),
    ]
)


def read_runs(text: str, sizes: list[int], language: str | None = "english") -> list[Run]:
    reader = LexiconReader(Markup(), (LEXICON,), language)
    return [run for piece in pieces(text, sizes) for run in reader.feed(piece)] + reader.finish()


def said(text: str, language: str | None = "english") -> str:
    return join_runs(read_runs(text, [10**6], language))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SQL and sql, MySQL, SQLite", "sequel and sequel, MySQL, SQLite"),
        ("SQL's SQL-like", "sequel's sequel-like"),
        ("New York, New  York\nCity and New Yorkers", "noo york, the big apple and New Yorkers"),
        ("Polish the polish POLISH", "from Poland the shine shine"),
        ("C++ or C+", "see plus plus or C+"),
        ("Café cafe\u0301 CAFÉS cafes", "coffee house coffee house CAFÉS cafes"),
        ("東京都は東京です", "とうきょう都はとうきょうです"),
        ("서울에 대서울", "the capital에 대서울"),
        ("a chat", "a talk"),
        ("Don’t we don't", "do not we do not"),
        ("**New** York *SQL*", "noo york sequel"),
        ("Ask Dr. Oz now.", "Ask doctor oz now."),
        ("New\n\nYork", "New\n\nYork"),
        ("New [pause 1s] York", "New York"),
        ("the SQ", "the SQ"),
        ("the SQL", "the sequel"),
    ],
)  # fmt: skip
def test_whole_words_are_found_the_longest_first(text: str, expected: str) -> None:
    assert said(text).replace("\n\n\n", "\n\n") == expected


def test_an_entry_may_be_for_one_language() -> None:
    assert said("un chat", "fr-CA") == "un cat"
    assert said("ein chat", "german") == "ein chat"
    assert said("Le petit chat dort sur la table de la cuisine.", None).split()[2] == "cat"


def test_the_first_of_two_lexicons_counts_but_the_longest_more() -> None:
    other = Lexicon([Entry("SQL", "squirrel"), Entry("SQL server", "machine")])
    reader = LexiconReader(Markup(), (LEXICON, other), "english")
    assert join_runs(reader.feed("SQL, SQL server.") + reader.finish()) == "sequel, machine."


def test_what_ssml_says_already_stays() -> None:
    reader = LexiconReader(SsmlReader(), (LEXICON,), "english")
    runs = reader.feed('<speak>SQL <sub alias="an SQL">x</sub> &amp; SQL</speak>')
    assert join_runs(runs + reader.finish()) == "sequel an SQL & sequel"


def test_a_sentence_ends_where_its_spoken_words_do() -> None:
    source = SegmentSource("english", True, True, reader=LexiconReader(Markup(), (LEXICON,), "en"))
    text = "Go and ask Dr. Oz about it. He is in New York."
    source.feed(text)
    source.end()
    found = [source.next(), source.next()]
    assert [one.text for one in found if one] == [
        "Go and ask doctor oz about it.", "He is in noo york.",
    ]  # fmt: skip
    assert [text[one.start : one.end] for one in found if one] == [
        "Go and ask Dr. Oz about it. ", "He is in New York.",
    ]  # fmt: skip


WORDS = [
    "New",
    " ",
    "  ",
    "York",
    " City",
    "SQL",
    "s",
    "C",
    "++",
    "東",
    "京",
    "**",
    "\n\n",
    "chat",
    "’",
]
TEXTS = st.lists(
    st.sampled_from([*WORDS, "café", "cafe\u0301", "don't", ". ", "5 km "]), max_size=30
)


@settings(max_examples=60)
@given(TEXTS.map("".join), SIZES)
def test_the_pieces_of_a_text_do_not_matter(text: str, sizes: list[int]) -> None:
    def read(sizes: list[int], *, by_token: bool) -> list[tuple[int, int, str]]:
        reader = LexiconReader(Markup(), (LEXICON,), None)
        found: list[tuple[int, int, str]] = []
        if not by_token:
            source = SegmentSource(None, True, True, reader=reader)
            for piece in [*pieces(text, sizes), None]:
                source.end() if piece is None else source.feed(piece)
                while one := source.next():
                    found.append((one.start, one.end, one.text))
            return found
        tokens, words = TokenSource(None, True, reader=reader), ""
        for piece in [*pieces(text, sizes), None]:
            tokens.end() if piece is None else tokens.feed(piece)
            while part := tokens.take():
                words += part.text
                if part.segment is not None:
                    found.append((part.segment.start, part.segment.end, words))
                    words = ""
        return found

    for by_token in (False, True):
        whole = read([1], by_token=by_token)
        assert read(sizes, by_token=by_token) == whole
        covers([(start, end) for start, end, _ in whole], text)


@pytest.mark.parametrize("unit", ["a ", "New ", "New York ", "東", "a", "New\t", "é", "C+"])
def test_the_time_is_linear(unit: str) -> None:
    phrase = (unit * 100)[:99] + "x"
    lexicon = Lexicon([Entry(phrase, "y")])

    def measure(size: int) -> float:
        reader = LexiconReader(Markup(), (lexicon,), "english")
        begun = time.thread_time()
        reader.feed(unit * (size // len(unit)))
        reader.finish()
        return time.thread_time() - begun

    assert any((late := measure(8000)) < 0.02 or late < 24 * measure(1000) for _ in range(3))


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        (Entry(" ", "x"), "lexicon[0].written"),
        (Entry("x" * 101, "x"), "lexicon[0].written"),
        (Entry("x", ""), "lexicon[0].spoken"),
        (Entry("x", "y", "klingonian"), "lexicon[0].language"),
    ],
)
def test_an_entry_that_cannot_be_used_is_refused_by_name(entry: Entry, field: str) -> None:
    with pytest.raises(InvalidParams) as caught:
        Lexicon([entry])
    assert caught.value.field == field


FILES = {
    "a.csv": '\ufeffwritten,spoken,caseSensitive\nSQL,sequel,true\n"a, b",c,\n',
    "a.json": '[{"written":"SQL","spoken":"sequel","caseSensitive":true},'
    '{"written":"a, b","spoken":"c"}]',
    "a.pls": '<?xml version="1.0"?><lexicon version="1.0" xml:lang="en-US" alphabet="ipa" '
    'xmlns="http://www.w3.org/2005/01/pronunciation-lexicon"><lexeme><grapheme>SQL</grapheme>'
    "<alias>sequel</alias></lexeme><lexeme><grapheme>a, b</grapheme><alias> c </alias></lexeme>"
    "<lexeme><grapheme>x</grapheme><phoneme>y</phoneme></lexeme></lexicon>",
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_lexicon_may_be_a_file(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(FILES[name])
    lexicon = read_lexicon(str(tmp_path / name))
    reader = LexiconReader(Markup(), (lexicon,), "english")
    assert join_runs(reader.feed("SQL, sql, a, b.") + reader.finish()) == "sequel, sql, c."


def test_words_with_phonemes_only_are_named(tmp_path: Path) -> None:
    for name in FILES:
        (tmp_path / name).write_text(FILES[name])
    assert read_lexicon(str(tmp_path / "a.csv")).notice is None
    assert read_lexicon(str(tmp_path / "a.json")).notice is None
    notice = read_lexicon(str(tmp_path / "a.pls")).notice or ""
    assert "1 word without <alias>" in notice
    assert notice.endswith("'x'.")
    only = "<lexeme><grapheme>{}</grapheme><phoneme>y</phoneme></lexeme>"
    (tmp_path / "b.pls").write_text(f"<lexicon>{''.join(map(only.format, 'abcdefg'))}</lexicon>")
    with pytest.raises(BadLexicon, match="phonemes only"):
        read_lexicon(str(tmp_path / "b.pls"))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", "", "another suffix"),
        ("a.csv", "SQL,sequel\n", "must name the columns"),
        ("a.csv", "written,spoken\nSQL\n", "line 2"),
        ("a.csv", "written,spoken\n,x\n", "entry 0"),
        ("a.json", "[", "truncated"),
        ("a.json", '[{"written":"a","spokn":"b"}]', "spokn"),
        ("a.pls", "<lexicon>", "ends inside"),
        ("a.pls", "<a/>", "not <lexicon>"),
        ("a.pls", '<!DOCTYPE a [<!ENTITY b "c">]><lexicon/>', "must not declare"),
        ("a.json", b"\xff", "codec"),
    ],
)
def test_a_file_that_is_no_lexicon_is_refused(
    name: str, content: str | bytes, message: str, tmp_path: Path
) -> None:
    data = content if isinstance(content, bytes) else content.encode()
    (tmp_path / name).write_bytes(data)
    with pytest.raises(BadLexicon, match=message):
        read_lexicon(str(tmp_path / name))
    with pytest.raises(BadLexicon, match=r"there is no such file|suffix"):
        read_lexicon(str(tmp_path / f"no-{name}"))
