"""A lexicon of a request and of a file, in the real process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.harness import RpcError, Sidecar, sidecar
from tests.support.silences import PARAMS

LEXICON: dict[str, Any] = {"lexicon": [{"written": "SQL", "spoken": "sequel"}]}


def test_a_word_is_said_as_the_lexicon_says(server: Sidecar) -> None:
    text = "We like **SQL** in every database."
    spoken = server.speak("We like **sequel** in every database.", **PARAMS)
    assert server.speak(text, **PARAMS, **LEXICON).audio == spoken.audio
    assert server.dictate([*text], textMode="full", **PARAMS, **LEXICON).audio == spoken.audio
    tokens = server.dictate([*text], textMode="stream", **PARAMS, **LEXICON)
    assert tokens.sentences[-1]["textEnd"] == len(text)
    other = server.dictate(["We like sequel in every database."], textMode="stream", **PARAMS)
    assert tokens.audio == other.audio


def test_an_entry_that_cannot_be_used_is_refused_by_name(server: Sidecar) -> None:
    with pytest.raises(RpcError) as caught:
        server.speak("Hello.", lexicon=[{"written": "a", "spoken": "b", "language": "xx"}])
    assert (caught.value.type, caught.value.data["field"]) == (
        "invalidParams",
        "lexicon[0].language",
    )


def test_a_file_is_for_all_requests_but_a_request_counts_more(tmp_path: Path) -> None:
    file = tmp_path / "words.csv"
    file.write_text("written,spoken\nSQL,squirrel\nDB,database\n")
    with sidecar("--lexicon", str(file)) as process:
        one = process.speak("We like SQL in a DB.", **PARAMS, **LEXICON)
        assert one.audio == process.speak("We like sequel in a database.", **PARAMS).audio


def test_words_of_a_file_that_cannot_be_said_are_named_at_the_start(tmp_path: Path) -> None:
    file = tmp_path / "words.pls"
    file.write_text(
        "<lexicon><lexeme><grapheme>SQL</grapheme><alias>sequel</alias></lexeme>"
        "<lexeme><grapheme>gif</grapheme><phoneme>dʒɪf</phoneme></lexeme></lexicon>"
    )
    with sidecar("--lexicon", str(file)) as process:
        process.shutdown()
        line = next(one for one in process.whole_log().splitlines() if "without <alias>" in one)
    assert "WARNING" in line
    assert "'gif'" in line
    assert "SQL" not in line
