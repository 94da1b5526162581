"""The forms of a tokenizer.json that are read: a text costs each of them time linear in its length.

The `tokenizers` package runs any pattern, and any number of replacements that each multiply the
text. Both hold the interpreter's lock, so a file could stop the whole process with one short text.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import msgspec

from sidecar.models.catalog import BUNDLED_PATH
from sidecar.structs import learn

# Where Qwen2's tokenizer cuts a text before it merges bytes, from the pre_tokenizer of the official
# Qwen2 and Qwen3 tokenizer.json. The official Qwen3-TTS checkpoints have no such file.
QWEN2_PIECES = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
# What may be in each part, besides what the bundled voice has there.
_TYPES = {
    "normalizer": ("NFC", "NFD", "NFKC", "NFKD", "Lowercase", "Strip", "StripAccents"),
    "pre_tokenizer": ("ByteLevel", "Digits", "Whitespace", "WhitespaceSplit"),
    "post_processor": ("ByteLevel", "BertProcessing", "RobertaProcessing", "TemplateProcessing"),
    "decoder": ("ByteLevel", "BPEDecoder", "Fuse"),
}
_INSIDE = {
    "normalizer": "normalizers",
    "pre_tokenizer": "pretokenizers",
    "post_processor": "processors",
    "decoder": "decoders",
}
_MOST_IN_SEQUENCE = 8
# One set of characters, without repetition: it matches in one step.
_CHARACTER_SET = re.compile(r"\[(?:[^\[\]\\&]|\\[pP]\{\w+\}|\\\W)+\]")
_MOST_ADDED = 4096  # the official tokenizers have some 40
# Tokens of one character: the official vocabulary has 256, one for each byte.
_MOST_CHARACTERS = 8192


class UnknownFormError(ValueError):
    """A tokenizer.json has a part that is not read; the message is the rest of a sentence."""


class Model(msgspec.Struct):
    """The part of a tokenizer.json that has the vocabulary, which is not decoded."""

    type: str | None = None
    dropout: float | None = None
    unk_token: str | None = None
    continuing_subword_prefix: str | None = None
    end_of_word_suffix: str | None = None
    fuse_unk: bool = False
    byte_fallback: bool = False
    ignore_merges: bool = False
    vocab: msgspec.Raw = msgspec.Raw()
    merges: msgspec.Raw = msgspec.Raw()


class File(msgspec.Struct):
    """A tokenizer.json."""

    model: Model
    normalizer: Any = None
    pre_tokenizer: Any = None
    post_processor: Any = None
    decoder: Any = None
    added_tokens: list[dict[str, Any]] = []
    version: str = "1.0"


learn(File)


def decode(content: bytes) -> File:
    """Return what a tokenizer.json holds; refuse one whose parts are not known.

    Raises:
        UnknownFormError
        msgspec.MsgspecError, RecursionError: it is not such a file.
    """
    file = msgspec.json.decode(content, type=File)
    model = file.model
    if model.type != "BPE":
        raise UnknownFormError(f"has a text tokenizer of the type {_short(model.type)}")
    if model.dropout:
        raise UnknownFormError("has a text tokenizer that drops merges at random")
    if model.ignore_merges:
        raise UnknownFormError("has a text tokenizer that finds words without its merges")
    if model.continuing_subword_prefix or model.end_of_word_suffix:
        raise UnknownFormError("has a text tokenizer that marks the tokens within a word")
    check_added(len(file.added_tokens))
    for name in _TYPES:
        part = getattr(file, name)
        if part is not None and part != getattr(_bundled(), name):
            _check_part(name, part)
    return file


def qwen2() -> File:
    """Return what the tokenizer.json of Qwen2 has besides vocabulary, merges and added tokens."""
    split = {
        "type": "Split",
        "pattern": {"Regex": QWEN2_PIECES},
        "behavior": "Isolated",
        "invert": False,
    }
    byte_level = {
        "type": "ByteLevel",
        "add_prefix_space": False,
        "trim_offsets": False,
        "use_regex": False,
    }
    return File(
        model=Model(type="BPE"),
        normalizer={"type": "NFC"},
        pre_tokenizer={"type": "Sequence", "pretokenizers": [split, byte_level]},
        decoder=byte_level,
    )


def check_characters(count: int) -> None:
    """Refuse a vocabulary with so many tokens of one character.

    Raises:
        UnknownFormError
    """
    if count > _MOST_CHARACTERS:
        raise UnknownFormError(f"has a text tokenizer with {count:,} tokens of one character")


def check_added(count: int) -> None:
    """Refuse so many added tokens; each of them costs time for each text.

    Raises:
        UnknownFormError
    """
    if count > _MOST_ADDED:
        raise UnknownFormError(
            f"has {count:,} tokens that are added to those of its text tokenizer"
        )


def _check_part(name: str, part: Any) -> None:
    inside = [part]
    if isinstance(part, dict) and part.get("type") == "Sequence":
        inside = part.get(_INSIDE[name])
        if not isinstance(inside, list) or len(inside) > _MOST_IN_SEQUENCE:
            raise UnknownFormError(f"has a text tokenizer with a long or empty {name}")
    for one in inside:
        if one == getattr(_bundled(), name):
            continue
        kind = one.get("type") if isinstance(one, dict) else one
        known = {"Split": _is_known_split, "Replace": _cannot_grow}.get(str(kind))
        if not (kind in _TYPES[name] or (known is not None and known(one))):
            raise UnknownFormError(f"has a text tokenizer with the {name} {_short(one)}")


def _is_known_split(one: dict[str, Any]) -> bool:
    return one.get("pattern") == {"Regex": QWEN2_PIECES} or one == _bundled().pre_tokenizer


def _cannot_grow(one: dict[str, Any]) -> bool:
    """Return whether it replaces single characters, each by one at most."""
    pattern, content = one.get("pattern"), one.get("content")
    if not isinstance(content, str) or len(content) > 1 or not isinstance(pattern, dict):
        return False
    text, regex = pattern.get("String"), pattern.get("Regex")
    return bool(text) or (isinstance(regex, str) and bool(_CHARACTER_SET.fullmatch(regex)))


@cache
def _bundled() -> File:
    """Return the bundled voice's file; training/ gives the same normaliser to every voice."""
    return msgspec.json.decode((BUNDLED_PATH / "tokenizer.json").read_bytes(), type=File)


def _short(part: Any) -> str:
    text = msgspec.json.encode(part).decode()
    return text if len(text) <= 80 else text[:80] + "…"
