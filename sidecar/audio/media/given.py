"""How a recording is named or sent: a path, a `file:` URI, base64, a `data:` URI."""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import unquote, urlsplit

from sidecar.errors import BadReferenceAudio, InvalidParams

_PATH, _AUDIO = "reference.path", "reference.audio"
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_DATA = re.compile(r"data:([^,;\s]*(?:;[^,;\s]*)*),", re.IGNORECASE)
_SPACE = re.compile(r"[ \t\r\n\f\v]+")
_ALPHABET = re.compile(r"[A-Za-z0-9+/]*")
_URL_SAFE = str.maketrans("-_", "+/")
_SEND = "Send the bytes of a whole audio file in base64, or its path in `reference.path`."


def local_path(given: str) -> str:
    """Return the path of a file that is named by its path or a `file:` URI.

    Raises:
        BadReferenceAudio: it names something that is not a file of this machine.
    """
    match = _SCHEME.match(given)
    scheme = match[1].lower() if match else ""
    if scheme == "file":
        return _from_uri(given)
    if scheme == "data":
        raise BadReferenceAudio(
            "A data: URI is not a path.", hint="Send it in `reference.audio`.", field=_PATH
        )
    if _ADDRESS.match(given):
        raise BadReferenceAudio(
            f"{_shown(given)}: a URL is not fetched.",
            hint="Download it and give its path.",
            field=_PATH,
        )
    return given


def _from_uri(given: str) -> str:
    """RFC 8089: `file:///a%20b` and `file://localhost/a%20b`, and `file:/a%20b`."""
    try:
        uri = urlsplit(given)
    except ValueError:
        uri = None
    if uri is None or uri.netloc.lower() not in ("", "localhost") or uri.path[:1] != "/":
        raise BadReferenceAudio(
            f"{_shown(given)}: this file: URI does not name a file of this machine.",
            hint="Give a path, or a URI with an absolute path, as in file:///home/me/voice.wav.",
            field=_PATH,
        )
    if "?" in given or "#" in given:
        raise BadReferenceAudio(
            f"{_shown(given)}: a file: URI has no query and no fragment.",
            hint="Write `?` in a file's name as %3F, and `#` as %23.",
            field=_PATH,
        )
    return unquote(uri.path, errors="surrogateescape")


def _shown(text: str) -> str:
    short = text if len(text) <= 200 else text[:200] + "…"
    return short if short.isprintable() else repr(short)


def whole_file(given: str) -> bytes:
    """Return the bytes of a file that came as base64 or as a `data:` URI.

    White space, the alphabet for URLs, and padding that was left out are taken where they leave
    no doubt.

    Raises:
        InvalidParams
    """
    try:
        if not given.endswith("==="):  # which the library takes for two of them
            return base64.b64decode(given, validate=True)
    except ValueError:
        pass
    return _leniently(given)


def _leniently(given: str) -> bytes:
    text = _SPACE.sub("", given)
    if text[:5].lower() == "data:":
        head = _DATA.match(text)
        if head is None or not head[1].lower().endswith(";base64"):
            raise _not_base64("a data: URI must have `;base64,` in front of its data")
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
        raise _not_base64(f"it has the character {bare[at]!r}")
    padding = len(text) - len(bare)
    if len(bare) % 4 == 1 or padding > 2 or (padding and len(text) % 4):
        raise _not_base64(f"{len(bare)} characters and {padding} of padding are no whole bytes")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except binascii.Error as error:
        raise _not_base64(str(error)) from None


def _not_base64(reason: str) -> InvalidParams:
    return InvalidParams(
        f"reference.audio: Invalid base64 encoded string: {reason}.", hint=_SEND, field=_AUDIO
    )
