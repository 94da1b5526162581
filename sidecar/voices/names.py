"""Names of saved voices, which are also the names of their files."""

from __future__ import annotations

from sidecar.errors import InvalidVoiceName

SUFFIX = ".safetensors"
MAX_CHARS = 48
_MAX_BYTES = 200
_PUNCTUATION = " _-.'"


def key(name: str) -> str:
    """Return what is the same for names that differ only in case or in how accents are encoded.

    File systems treat both differently, so this is what the files are called.
    """
    import unicodedata  # the handshake does without

    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def is_valid(name: str) -> bool:
    """Return whether it has only letters, digits and marks of any script, blanks, and _ - . '

    The first character is a letter or a digit. So there are no path separators, no hidden files,
    and no control characters of terminals.
    """
    import unicodedata

    kinds = [unicodedata.category(character)[0] for character in name]
    # Case folding may make it longer, and the file's name has to be valid, too.
    fits = 0 < max(len(name), len(key(name))) <= MAX_CHARS
    fits = fits and len(key(name).encode(errors="replace")) <= _MAX_BYTES
    return (
        fits
        and kinds[0] in "LN"
        and name[-1] not in " ."
        and all(k in "LMN" or c in _PUNCTUATION for k, c in zip(kinds, name, strict=True))
    )


def check(name: str, field: str = "voice") -> None:
    """Raise InvalidVoiceName."""
    if not is_valid(name):
        raise InvalidVoiceName(
            f"{name[:60]!r} cannot be the name of a voice.",
            hint=f"Use 1 to {MAX_CHARS} letters, digits, spaces and _ - . '; begin with a letter "
            "or digit, and end with neither a space nor a full stop.",
            field=field,
        )


def printable(text: str) -> str:
    """Return a text from a file system with its unprintable characters replaced."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
