"""Where the text of `say` comes from: an argument, a file, or stdin."""

from __future__ import annotations

import argparse
import codecs
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from sidecar.cli import terminal
from sidecar.cli.terminal import Failure
from sidecar.errors import EmptyText
from sidecar.files import describe_os_error
from sidecar.limits import MAX_TEXT_CHARS

_READ_BYTES = 4096
_MOST_BYTES = 4 * MAX_TEXT_CHARS  # in UTF-8; a device may never end
_ENCODING = "utf-8"
_BYTE_ORDER_MARK = "\ufeff"  # not part of the text


def is_live(options: argparse.Namespace) -> bool:
    """Return whether the text comes from stdin, to be spoken as it arrives.

    Raises:
        Failure: there is no text, or more than one.
    """
    sources = {"TEXT": options.text, "--file": options.file, "--script": options.script}
    given = [name for name, value in sources.items() if value is not None]
    if len(given) > 1:
        raise Failure(f"Both {given[0]} and {given[1]} are given; only one can be spoken.", code=2)
    if not given:
        if sys.stdin.isatty():
            raise Failure(
                "There is no text to speak.",
                "Give it as an argument, with -f FILE, or through a pipe; to type it, give -",
                code=2,
            )
        return True
    return "-" in sources.values()


def read_text(options: argparse.Namespace) -> str:
    """Return the text of an argument or a file.

    Raises:
        EmptyText, Failure
    """
    path = options.file or options.script
    text: str = options.text if path is None else _read_file(path)
    if not text.strip():
        raise EmptyText("The text is empty.", field="text")
    return text


def _read_file(path: str) -> str:
    try:
        with Path(path).expanduser().open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except (OSError, RuntimeError) as error:
        why = describe_os_error(error, path) if isinstance(error, OSError) else str(error)
        raise Failure(f"{path} cannot be read: {why}.") from error
    except ValueError:
        raise Failure(f"{path!r} cannot be the name of a file.") from None
    if len(data) > _MOST_BYTES:
        raise Failure(
            f"{path} is too long: a text may have at most {MAX_TEXT_CHARS:,} characters.",
            "Split it into several files, for example one for each chapter.",
        )
    try:
        return data.decode(_ENCODING).removeprefix(_BYTE_ORDER_MARK)
    except UnicodeDecodeError as error:
        raise _not_utf_8(path, error, error.start) from None


def read_stdin() -> Iterator[str]:
    """Yield the text of stdin as it arrives.

    Raises:
        Failure: stdin is not UTF-8, or cannot be read.
    """
    if terminal.is_interactive():
        terminal.note("Type your text; end it with Ctrl-D on a line of its own.")
    decoder = codecs.getincrementaldecoder(_ENCODING)()
    begun, read = False, 0
    try:
        while data := os.read(0, _READ_BYTES):
            read += len(data)
            text = decoder.decode(data)
            yield text if begun else text.removeprefix(_BYTE_ORDER_MARK)
            begun = begun or bool(text)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        # The decoder counts in error.object, which is the end of what has been read.
        at = read - len(error.object) + error.start
        raise _not_utf_8("stdin", error, at) from None
    except OSError as error:
        raise Failure(f"stdin cannot be read: {describe_os_error(error, os.devnull)}.") from error


def _not_utf_8(name: str, error: UnicodeDecodeError, at: int) -> Failure:
    return Failure(
        f"{name} is not UTF-8: {error.reason} at byte {at + 1}.",
        "Convert it: iconv -f ENCODING -t UTF-8",
    )
