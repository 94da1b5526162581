"""The token that clients have to know: in a file that only its owner can read."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from qwen_tts_client.access_token import RULE, is_access_token


class TokenError(Exception):
    """There is no usable token; the message says why."""


def new_token() -> str:
    """Return a random token."""
    return secrets.token_urlsafe(32)


def read_token(file: Path) -> str:
    """Return the token in a file, which is made if there is none.

    Raises:
        TokenError: the file has no usable token.
        OSError: the file cannot be read or made.
    """
    return checked(_read_or_make(file), str(file))


def checked(token: str, where: str) -> str:
    """Return the token.

    Raises:
        TokenError: it cannot be used. The message has no token, but where it came from.
    """
    if not is_access_token(token):
        raise TokenError(f"the token in {where} {RULE}")
    return token


def _read_or_make(file: Path) -> str:
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        try:
            return file.read_text().strip()
        except UnicodeDecodeError:
            raise TokenError(f"{file} is not a file of text, so it has no token.") from None
    token = new_token()
    with os.fdopen(descriptor, "w") as stream:
        stream.write(f"{token}\n")
    return token
