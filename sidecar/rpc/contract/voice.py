"""voice/list, voice/create, voice/delete, the progress of voice/create, and reference audio."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from sidecar.models.base import Gender
from sidecar.rpc.contract.common import (
    LanguageName,
    ModelName,
    Params,
    Result,
    Seed,
    Token,
    Warning,
)


class Reference(Params):
    """A recording whose voice is cloned. Give either `path` or `audio`."""

    path: Annotated[
        str | None,
        Meta(
            description="Either this or `audio`: path of an audio file, or its `file:` URI. A "
            "relative path is relative to the sidecar's working directory; `~` is not expanded."
        ),
    ] = None
    # A string, decoded by `audio.sources`, which accepts more forms of base64 than msgspec does.
    audio: Annotated[
        str | None,
        Meta(
            description="Either this or `path`: content of an audio file, as base64 or as a "
            "`data:` URI."
        ),
    ] = None
    text: Annotated[
        str | None,
        Meta(
            description="Transcript of the recording. Default: none; then only the timbre of the "
            "voice is taken."
        ),
    ] = None
    append_silence: Annotated[
        bool | None,
        Meta(
            description="Whether to append 0.5 s of silence to the recording, which keeps its last "
            "sound out of the speech. It has an effect only with `text`. Default true."
        ),
    ] = None


class VoiceListParams(Params):
    """Which voices to list."""

    model: Annotated[
        ModelName | None,
        Meta(
            description="List the presets of this model and the saved voices that it can use. "
            "Default: the presets of the server's --model, and all saved voices."
        ),
    ] = None


class VoiceEntry(Result):
    """A voice that can be used by name."""

    voice: Annotated[str, Meta(description="The name to use as speech/synthesize's `voice`.")]
    kind: Annotated[
        Literal["preset", "saved"],
        Meta(description="preset: built into the model. saved: created by voice/create."),
    ]
    model: Annotated[
        str, Meta(description="The model that has the preset, or that the voice was created with.")
    ]
    language: Annotated[
        str | None,
        Meta(
            description="The language that the voice speaks unless a request names another; for a "
            "preset, its dialect. Absent: none."
        ),
    ] = None
    languages: Annotated[
        list[str] | None,
        Meta(
            description="A preset's native languages, in which it sounds best; it also speaks the "
            "other languages of its model. Absent: unknown."
        ),
    ] = None
    gender: Annotated[
        Gender | None, Meta(description="The gender of a preset's voice. Absent: unknown.")
    ] = None
    description: Annotated[
        str | None,
        Meta(
            description="One sentence about the voice: in English for a preset; for a designed "
            "voice, the description it was created from. Absent: none."
        ),
    ] = None
    created: Annotated[
        str | None,
        Meta(description="When a saved voice was created: ISO 8601, UTC. Absent for a preset."),
    ] = None
    origin: Annotated[
        Literal["reference", "design"] | None,
        Meta(
            description="What a saved voice was created from. reference: a recording. design: a "
            "description. Absent for a preset."
        ),
    ] = None
    has_transcript: Annotated[
        bool | None,
        Meta(
            description="Whether a saved voice has its recording's transcript; if false, only its "
            "timbre was taken. Absent for a preset."
        ),
    ] = None


class SkippedFile(Result):
    """A file in the voices folder that cannot be used as a voice."""

    file: Annotated[str, Meta(description="Path of the file, or of the folder.")]
    reason: Annotated[str, Meta(description="Why it cannot be used, for people.")]


class VoiceListResult(Result):
    """The voices, and the files in the voices folder that cannot be used."""

    voices: Annotated[list[VoiceEntry], Meta(description="The voices, presets first.")]
    skipped: Annotated[
        list[SkippedFile] | None,
        Meta(description="Files that cannot be used as a voice. Absent: none."),
    ] = None
    omitted: Annotated[
        int | None,
        Meta(
            description="Number of files that were not read because there are too many. Absent: "
            "none."
        ),
    ] = None


class DesignParams(Params):
    """A voice described in words. A VoiceDesign model speaks `text` once in that voice, and the
    result is used as the reference recording."""

    instruct: Annotated[
        str, Meta(description="Description of the voice, e.g. a calm old man with a deep voice.")
    ]
    text: Annotated[
        str,
        Meta(
            description="What the VoiceDesign model says: a sentence or two, 3 to 15 seconds of "
            "speech."
        ),
    ]
    language: Annotated[
        LanguageName | None, Meta(description="The language of `text`. Default auto.")
    ] = None
    model: Annotated[
        ModelName | None, Meta(description="The VoiceDesign model. Default 1.7b-voicedesign.")
    ] = None
    seed: Annotated[
        Seed | None,
        Meta(description="Random seed; another seed gives another voice. Default: a random one."),
    ] = None
    max_frames: Annotated[
        Annotated[int, Meta(ge=13, le=750)] | None,
        Meta(
            description="Cut the designed speech at this length, in codec frames; 12.5 frames are "
            "one second. Default 375, which is 30 s."
        ),
    ] = None


class VoiceDeleteParams(Params):
    """Which saved voice to delete."""

    voice: Annotated[
        str,
        Meta(min_length=1, description="The name of a saved voice; case does not matter."),
    ]


class VoiceCreateParams(Params):
    """What to create a voice from. Give either `reference` or `design`."""

    voice: Annotated[
        Annotated[str, Meta(min_length=1)] | None,
        Meta(
            description="The name of the new voice. Default: the first free name of voice-1, "
            "voice-2, and so on."
        ),
    ] = None
    model: Annotated[
        ModelName | None,
        Meta(description="The Base model that will speak with the voice. Default 1.7b-base."),
    ] = None
    reference: Annotated[
        Reference | None,
        Meta(description="Either this or `design`: a recording of the voice. Default: none."),
    ] = None
    design: Annotated[
        DesignParams | None,
        Meta(description="Either this or `reference`: a description of the voice. Default: none."),
    ] = None
    language: Annotated[
        LanguageName | None,
        Meta(
            description="The language that the voice speaks unless a request names another. "
            "Default: `design.language`."
        ),
    ] = None
    replace: Annotated[
        bool | None,
        Meta(
            description="Whether to replace an existing saved voice of the same name. Default "
            "false: the request fails with `voiceExists`."
        ),
    ] = None
    work_done_token: Annotated[
        Token | None,
        Meta(description="Report stages as $/progress under this token. Default: no progress."),
    ] = None


class VoiceCreateResult(Result):
    """The voice that was created and saved."""

    voice: Annotated[str, Meta(description="The name to use as speech/synthesize's `voice`.")]
    kind: Annotated[Literal["saved"], Meta(description="Always saved.")]
    model: Annotated[
        str,
        Meta(description="The Base model that the voice was created with; a folder is absolute."),
    ]
    created: Annotated[str, Meta(description="When the voice was created: ISO 8601, UTC.")]
    has_transcript: Annotated[
        bool,
        Meta(
            description="Whether the voice has its recording's transcript; if false, only the "
            "timbre was taken."
        ),
    ]
    language: Annotated[
        str | None,
        Meta(
            description="The language that the voice speaks unless a request names another. "
            "Absent: none."
        ),
    ] = None
    frames: Annotated[
        int | None,
        Meta(
            description="Length of the recording in codec frames of 80 ms. Absent without a "
            "transcript."
        ),
    ] = None
    seed: Annotated[
        int | None,
        Meta(
            description="The seed of the design, which creates the same voice again. Absent for a "
            "recording."
        ),
    ] = None
    warnings: Annotated[
        list[Warning] | None,
        Meta(description="Problems of the recording that did not stop the request. Absent: none."),
    ] = None


class VoiceProgress(Result, tag_field="kind", tag="voice"):
    """A stage of voice/create. `downloading` and `designing` are reported repeatedly."""

    stage: Annotated[
        Literal["resolving", "downloading", "loading", "designing", "encoding", "saving"],
        Meta(
            description="The stage that begins. resolving, downloading, loading: for each model "
            "that is needed. designing: speaking in the described voice. encoding: analysing the "
            "recording. saving: writing the voice file."
        ),
    ]
    message: Annotated[str, Meta(description="Details of the stage, for people.")]
