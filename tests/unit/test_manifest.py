"""The manifest of an exported model: what is read, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.errors import ModelDamaged
from sidecar.models import manifest
from sidecar.models.manifest import FORMAT, MANIFEST, File, Manifest

HASH = "0" * 64
VALID: dict[str, Any] = {
    "format": 1,
    "model": "someone/voice",
    "repo": "someone/voice",
    "revision": "main",
    "commit": "a" * 40,
    "license": "apache-2.0",
    "files": [{"path": "speech_tokenizer/config.json", "size": 3, "sha256": HASH}],
}


def encoded(**changes: Any) -> bytes:
    return json.dumps({**VALID, **changes}).encode()


def file(path: str, **changes: Any) -> dict[str, Any]:
    return {"path": path, "size": 1, "sha256": HASH, **changes}


def test_what_a_manifest_says_is_read() -> None:
    about = manifest.parse(encoded(later="a field of a later version"))
    assert (about.model, about.repo, about.commit) == ("someone/voice", "someone/voice", "a" * 40)
    assert about.files == (File("speech_tokenizer/config.json", 3, HASH),)
    assert about.size == 3
    assert manifest.parse(manifest.encode(about)) == about


@pytest.mark.parametrize(
    "path",
    [
        "../config.json",
        "a/../../config.json",
        "/etc/passwd",
        "",
        ".",
        "a//b",
        "a/./b",
        "a/",
        "..\\config.json",
        "a\0b",
        "a\nb",
        "\x1b[2Jb",
        MANIFEST,
        MANIFEST.upper(),
        "x" * 1025,
    ],
)
def test_no_file_is_outside_the_folder_or_has_a_name_that_is_not_one(path: str) -> None:
    with pytest.raises((ValueError, msgspec.ValidationError)):
        manifest.parse(encoded(files=[file(path)]))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format": FORMAT + 1, "files": "of another kind"}, "its format is 2, and this version"),
        ({"format": "1"}, "int"),
        ({"format": 0}, "format"),
        ({"files": []}, "files"),
        ({"files": [file("a"), file("A")]}, "lists 'A' twice"),
        ({"files": [file("a", size=-1)]}, "size"),
        ({"files": [file("a", size=1.5)]}, "size"),
        ({"files": [file("a", sha256="z" * 64)]}, "sha256"),
        ({"files": [file("a", sha256="0" * 63)]}, "sha256"),
        ({"model": "../voice"}, "cannot be the name"),
        ({"model": ""}, "model"),
        ({"model": "a\nb"}, "cannot be the name"),
        ({"repo": "a/b/c"}, "cannot be the name"),
        ({"commit": "main"}, "commit"),
    ],
    ids=str,
)
def test_a_manifest_that_is_wrong_says_what_is_wrong(changes: dict[str, Any], said: str) -> None:
    with pytest.raises((ValueError, msgspec.ValidationError), match=said):
        manifest.parse(encoded(**changes))


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"\xff", b'{"format": 1}', b"[" * 100_000]
)
def test_a_damaged_manifest_is_an_error_that_names_it(tmp_path: Path, content: bytes) -> None:
    (tmp_path / MANIFEST).write_bytes(content)
    with pytest.raises(ModelDamaged, match="cannot be used") as caught:
        manifest.read(tmp_path)
    assert str(tmp_path / MANIFEST) in caught.value.message
    assert caught.value.hint


names = st.from_regex(r"\A[a-z0-9_][a-z0-9_.-]{0,20}\Z").filter(lambda name: ".." not in name)
paths = st.lists(names, min_size=1, max_size=3).map("/".join).filter(lambda path: path != MANIFEST)
hashes = st.from_regex(r"\A[0-9a-f]{64}\Z")
files = st.lists(
    st.builds(File, paths, st.integers(0, 2**53), hashes),
    min_size=1,
    max_size=5,
    unique_by=lambda file: file.path,
)
manifests = st.builds(
    Manifest,
    format=st.just(FORMAT),
    model=names,
    repo=st.none() | st.tuples(names, names).map("/".join),
    revision=st.none() | names,
    commit=st.none() | st.from_regex(r"\A[0-9a-f]{40}\Z"),
    license=st.none() | st.text(max_size=20).map(lambda text: text.replace("\ud800", "")),
    files=files.map(tuple),
)


@given(manifests)
def test_whatever_is_written_is_read_again(about: Manifest) -> None:
    assert manifest.parse(manifest.encode(about)) == about


@given(
    st.binary(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from([*VALID, "path", "size", "sha256"]), inner, max_size=6
            )
        ),
    ).map(lambda value: json.dumps(value).encode())
)
def test_anything_else_is_refused_and_never_leads_outside(data: bytes) -> None:
    try:
        about = manifest.parse(data)
    except (ValueError, msgspec.MsgspecError):
        return
    root = Path("/models/voice")
    assert about.files
    for one in about.files:
        assert root in (root / one.path).parents
        assert ".." not in Path(one.path).parts


@given(st.text(max_size=40))
def test_every_path_that_is_accepted_is_inside(path: str) -> None:
    try:
        manifest.parse(json.dumps({**VALID, "files": [file(path)]}).encode())
    except (ValueError, msgspec.MsgspecError):
        return
    assert Path(path).parts
    assert not Path(path).is_absolute()
    assert ".." not in Path(path).parts
