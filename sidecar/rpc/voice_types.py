"""The contract's shapes for voice/list, voice/create and voice/delete; as types.py."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from sidecar.models.base import Gender
from sidecar.rpc.types import MAX_SEED, ModelName, Params, Reference, Result, Token, Warning


class VoiceListParams(Params):
    model: Annotated[
        ModelName | None,
        Meta(
            description="Its presets and the saved voices that fit it. Default: the server's "
            "--model, and all saved voices."
        ),
    ] = None


class VoiceEntry(Result):
    voice: str
    kind: Literal["preset", "saved"]
    model: Annotated[str, Meta(description="The one that has it, or that it was made with.")]
    language: Annotated[
        str | None,
        Meta(description="What it speaks if nothing is said about that; a preset's is a dialect."),
    ] = None
    languages: Annotated[
        list[str] | None,
        Meta(
            description="Native to a preset, which sounds best in these; it speaks the others of "
            "its model, too."
        ),
    ] = None
    gender: Gender | None = None
    description: Annotated[
        str | None,
        Meta(
            description="A preset's, one sentence in English; a designed voice's, what it was "
            "designed by."
        ),
    ] = None
    created: Annotated[str | None, Meta(description="A saved voice's, ISO 8601 in UTC.")] = None
    origin: Literal["reference", "design"] | None = None
    has_transcript: Annotated[
        bool | None, Meta(description="Of a saved voice: false is the timbre alone.")
    ] = None


class SkippedFile(Result):
    """A file in the folder of voices that is none."""

    file: str
    reason: str


class VoiceListResult(Result):
    voices: list[VoiceEntry]
    skipped: list[SkippedFile] | None = None
    omitted: Annotated[
        int | None, Meta(description="Files that were not looked at, because there are too many.")
    ] = None


class DesignParams(Params):
    """A voice by its description, which a VoiceDesign model speaks once."""

    instruct: Annotated[str, Meta(description="The description.")]
    text: Annotated[str, Meta(description="What its reference says: a sentence or two.")]
    language: str | None = None
    model: Annotated[
        ModelName | None, Meta(description="A VoiceDesign model. Default 1.7b-voicedesign.")
    ] = None
    seed: Annotated[int, Meta(ge=0, le=MAX_SEED)] | None = None
    max_frames: Annotated[
        Annotated[int, Meta(ge=13, le=750)] | None,
        Meta(description="Cuts the reference. Default 375, which is 30 s."),
    ] = None


class VoiceDeleteParams(Params):
    voice: Annotated[str, Meta(min_length=1)]


class VoiceCreateParams(Params):
    """Give `reference` or `design`."""

    voice: Annotated[
        Annotated[str, Meta(min_length=1)] | None,
        Meta(description="Its name. Default: a free one, voice-1 and so on."),
    ] = None
    model: Annotated[
        ModelName | None,
        Meta(description="The Base model that will speak with it. Default 1.7b-base."),
    ] = None
    reference: Reference | None = None
    design: DesignParams | None = None
    language: Annotated[
        str | None, Meta(description="What it speaks if nothing is said about that.")
    ] = None
    replace: Annotated[bool | None, Meta(description="One of that name may be there.")] = None
    work_done_token: Token | None = None


class VoiceCreateResult(Result):
    voice: Annotated[str, Meta(description="A value of speech/synthesize's `voice`.")]
    kind: Literal["saved"]
    model: str
    created: str
    has_transcript: bool
    language: str | None = None
    frames: Annotated[int | None, Meta(description="Codec frames of the reference.")] = None
    seed: Annotated[int | None, Meta(description="The design's.")] = None
    warnings: list[Warning] | None = None
