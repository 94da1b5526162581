"""Base classes, and the names and small Structs that several parts of the contract share.

Wire names are camelCase. For an optional field, absent and null mean the same.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

MAX_SEED = 2**53 - 1  # the largest integer that JavaScript represents exactly

Token = str | int
# msgspec makes definitions of Structs only. The titles of these three tell schema.py to make a
# definition of each, and to add the names in the catalogue as examples.
ModelName = Annotated[
    str,
    Meta(
        min_length=1,
        title="ModelName",
        description="A name that model/list returns, a hub id `owner/name`, or a folder. The "
        "examples are the names in the catalogue; any other string is allowed.",
    ),
]
VoiceName = Annotated[
    str,
    Meta(
        title="VoiceName",
        description="A preset voice of a model, or a saved voice. The examples are the presets of "
        "the models in the catalogue; any other string is allowed.",
    ),
]
LanguageName = Annotated[
    str,
    Meta(
        title="LanguageName",
        description="A language or dialect that a model speaks. The examples are those of "
        "Qwen3-TTS; any other string is allowed.",
    ),
]
Seed = Annotated[int, Meta(ge=0, le=MAX_SEED)]


class Params(msgspec.Struct, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """Base of everything a client sends. An unknown field is an error that names the field."""


class Result(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """Base of everything the server sends. A field without a value is left out."""


class Empty(Result):
    """A result without content: the request succeeded."""


class NoParams(Params):
    """The method takes no params."""


class Warning(Result):
    """Something the client should know although the request succeeded."""

    type: Annotated[
        str,
        Meta(description="A stable name, e.g. referenceQuiet. Later versions may add new ones."),
    ]
    message: Annotated[
        str, Meta(description="What was noticed and what can be done about it, for people.")
    ]
