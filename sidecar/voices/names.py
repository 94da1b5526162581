"""Names of saved voices, which are names of files, too."""

from __future__ import annotations

from sidecar.errors import InvalidVoiceName

SUFFIX = ".safetensors"
MAX_CHARS = 48
_MAX_BYTES = 200
_PUNCTUATION = " _-.'"


def key(name: str) -> str:
    """What two names have in common that are one: case, and how accents are encoded.

    File systems differ in both; the files are called by this.
    """
    import unicodedata  # the handshake does without

    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def is_valid(name: str) -> bool:
    """Letters, digits and marks of any script, blanks and _ - . ' between them.

    So no path separator, nothing hidden, nothing that a terminal obeys.
    """
    import unicodedata

    kinds = [unicodedata.category(character)[0] for character in name]
    # Folding may make it longer, and the file has to have a valid name, too.
    fits = 0 < max(len(name), len(key(name))) <= MAX_CHARS
    fits = fits and len(key(name).encode(errors="replace")) <= _MAX_BYTES
    return (
        fits
        and kinds[0] in "LN"
        and name[-1] not in " ."
        and all(k in "LMN" or c in _PUNCTUATION for k, c in zip(kinds, name, strict=True))
    )


def check(name: str, field: str = "voice") -> None:
    """Raises InvalidVoiceName."""
    if not is_valid(name):
        raise InvalidVoiceName(
            f"{name[:60]!r} cannot be the name of a voice.",
            hint=f"Use 1 to {MAX_CHARS} letters, digits, blanks and _ - . ', a letter or digit "
            "first.",
            field=field,
        )


def printable(text: str) -> str:
    """What a folder or a file of somebody else's says, without what moves a cursor or is no
    character at all."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
