"""Where a reference recording comes from: a path, a `file:` URI, base64, or a `data:` URI."""

from __future__ import annotations

import base64
import binascii
import re
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

from sidecar.errors import BadReferenceAudio, InvalidParams
from sidecar.files import describe_os_error, open_regular

_PATH, _AUDIO = "reference.path", "reference.audio"
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_DATA = re.compile(r"data:([^,;\s]*(?:;[^,;\s]*)*),", re.IGNORECASE)
_SPACE = re.compile(r"[ \t\r\n\f\v]+")
_ALPHABET = re.compile(r"[A-Za-z0-9+/]*")
_URL_SAFE = str.maketrans("-_", "+/")
_PIECE_CHARS = 2**20  # whole groups of four
_SEND = "Send the bytes of a whole audio file in base64, or its path in `reference.path`."
# A minute of 8 channels at 192 kHz in 32 bits, and 1 MiB for the text that a header may hold.
MAX_FILE_BYTES = 60 * 192_000 * 8 * 4 + 2**20
# Files from disk that are in memory at the same time, until they are decoded. Most have about a
# megabyte, but not all. A file that came in a message is in memory anyway, and does not count.
_OPEN_FILES = threading.BoundedSemaphore(4)
# Threads that decode or measure recordings at the same time. They hold the interpreter's lock for
# milliseconds again and again, and whoever answers a `ping` waits for each of them, several times.
COMPUTING = threading.BoundedSemaphore(2)
_TURN_SECONDS = 0.1


class ReferenceFile(msgspec.Struct, frozen=True):
    """The bytes of a reference recording, and the conditions under which they are decoded.

    Attributes:
        data: the whole file.
        path: its path; None if its bytes came in the request.
        max_seconds: the longest recording that is accepted.
        check: is called several times a second while another program decodes the file; an
            exception that it raises ends that program.
    """

    data: bytes
    path: str | None
    max_seconds: float
    check: Callable[[], None]

    @property
    def field(self) -> str:
        """The request's field that the file came in, for errors."""
        return _AUDIO if self.path is None else _PATH

    def make_error(self, message: str, hint: str | None = None) -> BadReferenceAudio:
        """Return the error that refuses this file."""
        return BadReferenceAudio(message, hint=hint, field=self.field)


@contextmanager
def take_turn(turns: threading.Semaphore, check: Callable[[], None]) -> Generator[None]:
    """Wait for a turn, which lasts until the context ends; call `check` several times a second."""
    while not turns.acquire(timeout=_TURN_SECONDS):
        check()
    try:
        yield
    finally:
        turns.release()


@contextmanager
def open_reference(
    path: str | None, data: bytes | None, max_seconds: float, check: Callable[[], None]
) -> Generator[ReferenceFile]:
    """Read a file into memory, where it counts until the context ends.

    The file is opened and read once. So what is hashed and what is decoded are the same bytes, even
    if another program writes to the file meanwhile.

    Args:
        path: a path or a `file:` URI; used if `data` is None.
        data: the whole file.
        max_seconds, check: see `ReferenceFile`.

    Raises:
        BadReferenceAudio: both are None, or the path names no readable file.
    """
    if data is not None:
        yield ReferenceFile(data, None, max_seconds, check)
        return
    if path is None:
        raise BadReferenceAudio("`reference` has neither `path` nor `audio`.", field="reference")
    path = resolve_path(path)
    # The file is opened before it waits for its turn: a disk that hangs then delays no other file.
    with _name_path(path):
        file = open_regular(path, MAX_FILE_BYTES)
    with file, _OPEN_FILES:
        with _name_path(path):
            whole = file.read(MAX_FILE_BYTES)
        yield ReferenceFile(whole, path, max_seconds, check)


@contextmanager
def _name_path(path: str) -> Generator[None]:
    """Name the path in every error of opening and reading the file."""
    try:
        yield
    except (OSError, ValueError) as error:
        shown = path if path.isprintable() else repr(path)
        reason = (
            describe_os_error(error, path) if isinstance(error, OSError) else str(error).rstrip(".")
        )
        raise BadReferenceAudio(
            f"The reference audio cannot be read: {shown}: {reason}.",
            hint=_make_path_hint(path) if isinstance(error, FileNotFoundError) else None,
            field=_PATH,
        ) from error


def _make_path_hint(path: str) -> str | None:
    if path.startswith("~"):
        return "`~` is not expanded here; write the folder out."
    return None if Path(path).is_absolute() else f"Relative paths start at {Path.cwd()}."


def resolve_path(given: str) -> str:
    """Return the path of a file that is given as a path or a `file:` URI.

    Raises:
        BadReferenceAudio: it is another URI, or names a file of another machine.
    """
    match = _SCHEME.match(given)
    scheme = match[1].lower() if match else ""
    if scheme == "file":
        return _resolve_uri(given)
    if scheme == "data":
        raise BadReferenceAudio(
            "A data: URI is not a path.", hint="Send it in `reference.audio`.", field=_PATH
        )
    if _ADDRESS.match(given):
        raise BadReferenceAudio(
            f"{_quote(given)}: a URL is not fetched.",
            hint="Download it and give its path.",
            field=_PATH,
        )
    return given


def _resolve_uri(given: str) -> str:
    """Resolve `file:///a%20b`, `file://localhost/a%20b` or `file:/a%20b`, as RFC 8089 has it."""
    try:
        uri = urlsplit(given)
    except ValueError:
        uri = None
    if uri is None or uri.netloc.lower() not in ("", "localhost") or uri.path[:1] != "/":
        raise BadReferenceAudio(
            f"{_quote(given)}: this file: URI does not name a file of this machine.",
            hint="Give a path, or a URI with an absolute path, as in file:///home/me/voice.wav.",
            field=_PATH,
        )
    if "?" in given or "#" in given:
        raise BadReferenceAudio(
            f"{_quote(given)}: a file: URI has no query and no fragment.",
            hint="Write `?` in a file's name as %3F, and `#` as %23.",
            field=_PATH,
        )
    return unquote(uri.path, errors="surrogateescape")


def _quote(text: str) -> str:
    short = text if len(text) <= 200 else text[:200] + "…"
    return short if short.isprintable() else repr(short)


def decode_base64(given: str) -> bytes:
    """Return the bytes of a file that is given in base64 or as a `data:` URI.

    White space, the alphabet for URLs, and missing padding are accepted if they are unambiguous.

    Raises:
        InvalidParams
    """
    try:
        if not given.endswith("==="):  # which the library accepts as "=="
            return _decode_in_pieces(given)
    except ValueError:
        pass
    return _decode_leniently(given)


def _decode_in_pieces(given: str) -> bytes:
    """Decode strictly. Between two pieces other threads go on: the library holds them up.

    Raises:
        ValueError
    """
    pieces = [given[at : at + _PIECE_CHARS] for at in range(0, len(given), _PIECE_CHARS)]
    if any("=" in piece for piece in pieces[:-1]):
        raise ValueError("there is padding inside")
    return b"".join(base64.b64decode(piece, validate=True) for piece in pieces)


def _decode_leniently(given: str) -> bytes:
    text = _SPACE.sub("", given)
    if text[:5].lower() == "data:":
        head = _DATA.match(text)
        if head is None or not head[1].lower().endswith(";base64"):
            raise _make_base64_error("a data: URI must have `;base64,` before its data")
        text = text[head.end() :]
        text = unquote(text) if "%" in text else text
    elif _ADDRESS.match(text):
        raise InvalidParams(
            "reference.audio: a URL is not fetched.",
            hint="Download it, and give its path in `reference.path`.",
            field=_AUDIO,
        )
    if ("-" in text or "_" in text) and not ("+" in text or "/" in text):
        text = text.translate(_URL_SAFE)
    bare = text.rstrip("=")
    known = _ALPHABET.match(bare)
    if known is None or known.end() < len(bare):
        at = known.end() if known else 0
        raise _make_base64_error(f"it has the character {bare[at]!r}")
    padding = len(text) - len(bare)
    if len(bare) % 4 == 1 or padding > 2 or (padding and len(text) % 4):
        raise _make_base64_error(
            f"{len(bare)} characters and {padding} of padding are no whole bytes"
        )
    try:
        return _decode_in_pieces(bare + "=" * (-len(bare) % 4))
    except binascii.Error as error:
        raise _make_base64_error(str(error)) from None


def _make_base64_error(reason: str) -> InvalidParams:
    return InvalidParams(
        f"reference.audio: Invalid base64 encoded string: {reason}.", hint=_SEND, field=_AUDIO
    )
