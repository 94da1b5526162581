"""Names, bases and small Structs that every part of the contract uses."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

MAX_SEED = 2**53 - 1  # the largest integer that JavaScript keeps exact

Token = str | int
# The title of a name makes a definition of it, to which schema.py adds the catalogue's names.
ModelName = Annotated[
    str,
    Meta(
        min_length=1,
        title="ModelName",
        description="A name of model/list, a hub id `owner/name`, or a folder; the examples are "
        "the catalogue's.",
    ),
]
VoiceName = Annotated[
    str,
    Meta(
        title="VoiceName",
        description="A preset voice of a model, or a saved voice; the examples are presets.",
    ),
]
LanguageName = Annotated[
    str,
    Meta(
        title="LanguageName",
        description="A language that a model speaks; the examples are Qwen3-TTS's.",
    ),
]
Seed = Annotated[int, Meta(ge=0, le=MAX_SEED)]


class Params(msgspec.Struct, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """Base of everything a client sends: an unknown field is an error that names it."""


class Result(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """Base of everything the server sends; a field that is null is left out."""


class Empty(Result):
    """An answer without content: the work is done."""


class NoParams(Params):
    """No params: the method takes none."""


class Warning(Result):
    """Something that was noticed and did not stop the work."""

    type: Annotated[
        str, Meta(description="A stable name, e.g. referenceQuiet. New ones may be added.")
    ]
    message: Annotated[str, Meta(description="What was noticed and what can be done, for people.")]
