"""The ways to name and send a recording, and the error for each mistake."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sidecar.audio import reference
from sidecar.audio.sources import decode_base64, resolve_path
from sidecar.errors import BadReferenceAudio, InvalidParams
from tests.support.sounds import encoded, tone


@settings(max_examples=100)
@given(st.binary(max_size=60), st.lists(st.integers(0, 80), max_size=4), st.booleans())
def test_base64_is_taken_however_it_is_written(
    data: bytes, breaks: list[int], padded: bool
) -> None:
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        text = encode(data).decode()
        text = text if padded else text.rstrip("=")
        assert decode_base64(text) == data
        assert decode_base64(f"data:audio/mpeg;base64,{text}") == data
        for at in sorted(breaks, reverse=True):
            text = text[:at] + "\r\n " + text[at:]
        assert decode_base64(text) == data


@pytest.mark.parametrize(
    "uri",
    [
        "data:audio/mpeg;base64,//8+Pw==",
        "DATA:;base64,//8+Pw",
        "data:audio/webm;codecs=opus;base64,__8-Pw==",
        "data:audio/x-m4a;base64,%2F%2F8%2BPw%3D%3D",
        " data:audio/wav;base64,\n//8+\nPw==\n",
    ],
)
def test_data_uris(uri: str) -> None:
    assert decode_base64(uri) == b"\xff\xff\x3e\x3f"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("?", "the character '?'"),
        ("not base64!", "the character '!'"),
        ("AAAA====", "no whole bytes"),
        ("AAAAA", "no whole bytes"),
        ("AA=A", "the character '='"),
        ("AA===", "no whole bytes"),
        ("a-b+", "the character '-'"),  # of both alphabets
        ("data:audio/wav,abc", ";base64,"),
        ("data:audio/wav;base64", ";base64,"),
        ("data:audio/wav;base64,ä", "the character 'ä'"),
        ("https://example.com/a.wav", "a URL is not fetched"),
    ],
)
def test_what_is_no_base64_says_where_and_what_to_do(text: str, words: str) -> None:
    with pytest.raises(InvalidParams) as caught:
        decode_base64(text)
    assert words in caught.value.message
    assert caught.value.message.endswith(".")
    assert caught.value.hint
    assert caught.value.field == "reference.audio"


@pytest.mark.parametrize(
    ("given_", "path"),
    [
        ("voice.wav", "voice.wav"),
        ("/a/b c.wav", "/a/b c.wav"),
        ("a:b.wav", "a:b.wav"),
        ("take 2: final.wav", "take 2: final.wav"),
        ("100%.wav", "100%.wav"),
        ("file:///a/b%20c%25.wav", "/a/b c%.wav"),
        ("FILE://localhost/a", "/a"),
        ("file:/a", "/a"),
        ("file:///%E4%BD%A0.wav", "/你.wav"),
    ],
)
def test_paths_and_file_uris(given_: str, path: str) -> None:
    assert resolve_path(given_) == path


@pytest.mark.parametrize(
    ("given_", "words"),
    [
        ("https://example.com/a.wav", "https://example.com/a.wav: a URL is not fetched."),
        ("HTTP://example.com/a.wav", "a URL is not fetched"),
        ("s3://bucket/a.wav", "a URL is not fetched"),
        ("data:audio/wav;base64,AAAA", "A data: URI is not a path."),
        ("file://server/a.wav", "does not name a file of this machine"),
        ("file:a.wav", "does not name a file of this machine"),
        ("file://[/a", "does not name a file of this machine"),
        ("file:///a.wav?x=1", "no query and no fragment"),
        ("file:///a#1.wav", "no query and no fragment"),
    ],
)
def test_what_is_no_path_is_refused_in_its_own_words(given_: str, words: str) -> None:
    with pytest.raises(BadReferenceAudio) as caught:
        reference.read(given_, None)
    assert words in caught.value.message
    assert caught.value.hint
    assert caught.value.field == "reference.path"


def test_a_file_uri_is_read(tmp_path: Path) -> None:
    path = tmp_path / "my voice #1?.wav"
    path.write_bytes(encoded(tone(2)))
    assert reference.read(path.as_uri(), None).field == "reference.path"


def test_every_error_of_a_file_names_its_path(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text").write_text("Hello.")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for name, words in (
        ("nope.wav", "there is no such file"),
        ("nope/voice.wav", "there is no folder"),
        ("text/voice.wav", "text is not a folder"),
        ("", "it is a folder"),
        ("pipe", "it is a pipe"),
        ("loop", "symbolic links"),
        ("x" * 300, "the name is too long"),
        ("a\0b", "null "),  # "byte" or, since Python 3.13, "character"
    ):
        path = str(tmp_path / name) if name else str(tmp_path)
        with pytest.raises(BadReferenceAudio) as caught:
            reference.read(path, None)
        message = caught.value.message
        assert (path if path.isprintable() else repr(path)) in message
        assert words in message
        assert message.endswith(".")
        assert "WAV" not in (caught.value.hint or "")
    for path, words in (("/dev/zero", "it is a device"), (tmp_path / "empty.wav", "is empty")):
        with pytest.raises(BadReferenceAudio, match=words):
            reference.read(str(path), None)


@pytest.mark.parametrize(("path", "words"), [("nope.wav", "start at /"), ("~/nope.wav", "`~`")])
def test_a_missing_file_says_where_it_was_looked_for(path: str, words: str) -> None:
    with pytest.raises(BadReferenceAudio, match="there is no") as caught:
        reference.read(path, None)
    assert caught.value.hint
    assert words in caught.value.hint


@pytest.mark.skipif(os.geteuid() == 0, reason="NOT TESTED: root may read every file")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "secret.wav"
    path.touch(0o000)
    with pytest.raises(BadReferenceAudio, match="permission is denied"):
        reference.read(str(path), None)
