"""The wording of errors: sentences, with the nearest name, with the cause of a file error."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from sidecar.errors import UnknownModel
from sidecar.files import describe_os_error
from sidecar.wording import closest, sentence


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("No such file or directory", "No such file or directory."),
        ("It cannot be read: System error..", "It cannot be read: System error."),
        ("It waits...", "It waits..."),
        ("Did you mean this?", "Did you mean this?"),
        ("It is over.\n", "It is over."),
    ],
)
def test_a_message_ends_with_one_full_stop(text: str, said: str) -> None:
    assert sentence(text) == said
    error = UnknownModel(text, hint="Look again.")
    assert (error.message, error.advice) == (said, f"{said} Look again.")


@pytest.mark.parametrize(
    ("name", "meant"),
    [("sya", "say"), ("VOICE", "voices"), ("modles", "models"), ("x", None), ("s" * 10**6, None)],
)
def test_the_nearest_name_is_found_if_one_is_near(name: str, meant: str | None) -> None:
    assert closest(name, ["say", "voices", "models", "doctor"]) == meant


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.EACCES, "permission is denied"),
        (errno.EROFS, "its file system is read-only"),
        (errno.EDQUOT, "your disk quota is used up"),
        (errno.ETXTBSY, "Text file busy"),
    ],
)
def test_the_causes_that_cannot_be_made_here_have_words(number: int, said: str) -> None:
    assert describe_os_error(OSError(number, os.strerror(number)), "x.wav") == said


@pytest.mark.parametrize(
    ("path", "other"),
    [("/dev/null", "/dev/null"), ("/dev/null/a", "/dev/null"), ("/etc/passwd/a/b", "/etc/passwd")],
)
def test_what_is_no_folder_is_named(path: str, other: str) -> None:
    error = OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    assert describe_os_error(error, path) == f"{other} is not a folder"


def test_a_missing_folder_is_told_from_a_missing_file(tmp_path: Path) -> None:
    missing = OSError(errno.ENOENT, os.strerror(errno.ENOENT))
    assert describe_os_error(missing, tmp_path / "a.wav") == "there is no such file"
    assert (
        describe_os_error(missing, tmp_path / "b" / "a.wav")
        == f"there is no folder {tmp_path / 'b'}"
    )
