"""voice/list, voice/create, voice/delete, the progress of a creation, and reference audio."""

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
    """A recording whose voice is cloned: give either `path` or `audio`."""

    path: Annotated[
        str | None,
        Meta(
            description="Either this or `audio`: the path of an audio file or its `file:` URI. A "
            "path is relative to the sidecar's working directory; `~` is not expanded."
        ),
    ] = None
    # A string, which `media.given` decodes: more ways to write base64 are taken than msgspec does.
    audio: Annotated[
        str | None,
        Meta(
            description="Either this or `path`: the content of an audio file, in base64 or as a "
            "`data:` URI."
        ),
    ] = None
    text: Annotated[
        str | None,
        Meta(
            description="The transcript: what is said in the recording. Default: none, and only "
            "the timbre is taken."
        ),
    ] = None
    append_silence: Annotated[
        bool | None,
        Meta(
            description="Whether to append 0.5 s of silence to the recording, which keeps its end "
            "out of the speech. Default true; it has an effect only with `text`."
        ),
    ] = None


class VoiceListParams(Params):
    """Which voices to list."""

    model: Annotated[
        ModelName | None,
        Meta(
            description="List this model's presets and the saved voices that fit it. Default: the "
            "presets of the server's --model, and all saved voices."
        ),
    ] = None


class VoiceEntry(Result):
    """A voice that can be used by name."""

    voice: Annotated[str, Meta(description="A value of speech/synthesize's `voice`.")]
    kind: Annotated[
        Literal["preset", "saved"],
        Meta(description="preset: comes with the model. saved: made by voice/create."),
    ]
    model: Annotated[
        str, Meta(description="The model that has the preset, or that the voice was made with.")
    ]
    language: Annotated[
        str | None,
        Meta(
            description="The language that the voice speaks unless the request names one; of a "
            "preset, its dialect. Absent: none is fixed."
        ),
    ] = None
    languages: Annotated[
        list[str] | None,
        Meta(
            description="Values of `language` that are native to a preset, which sounds best in "
            "them; it speaks its model's others, too. Absent: they are not known."
        ),
    ] = None
    gender: Annotated[
        Gender | None, Meta(description="How a preset sounds. Absent: it is not known.")
    ] = None
    description: Annotated[
        str | None,
        Meta(
            description="The voice in a sentence: a preset in English, a designed voice as it was "
            "described. Absent: there is none."
        ),
    ] = None
    created: Annotated[
        str | None,
        Meta(description="When a saved voice was made: ISO 8601, UTC. Absent for a preset."),
    ] = None
    origin: Annotated[
        Literal["reference", "design"] | None,
        Meta(
            description="What a saved voice was made from: a recording (reference) or a "
            "description (design). Absent for a preset."
        ),
    ] = None
    has_transcript: Annotated[
        bool | None,
        Meta(
            description="Whether the transcript of a saved voice's recording is known; false: only "
            "its timbre was taken. Absent for a preset."
        ),
    ] = None


class SkippedFile(Result):
    """A file in the folder of voices that cannot be used as a voice."""

    file: Annotated[str, Meta(description="Path of the file.")]
    reason: Annotated[str, Meta(description="Why it cannot be used, in words.")]


class VoiceListResult(Result):
    """Voices, and the files in the folder of voices that cannot be used."""

    voices: Annotated[list[VoiceEntry], Meta(description="The voices, presets first.")]
    skipped: Annotated[
        list[SkippedFile] | None,
        Meta(description="Files that cannot be used as a voice. Absent: there are none."),
    ] = None
    omitted: Annotated[
        int | None,
        Meta(
            description="Number of files that were not looked at, because there are too many. "
            "Absent: there are none."
        ),
    ] = None


class DesignParams(Params):
    """A voice in words. A VoiceDesign model speaks with it once, and that becomes the recording."""

    instruct: Annotated[str, Meta(description="The voice in words, e.g. a calm old man.")]
    text: Annotated[
        str, Meta(description="What that model says: a sentence or two, 3 to 15 seconds of speech.")
    ]
    language: Annotated[
        LanguageName | None, Meta(description="The language of `text`. Default auto.")
    ] = None
    model: Annotated[
        ModelName | None, Meta(description="A VoiceDesign model. Default 1.7b-voicedesign.")
    ] = None
    seed: Annotated[
        Seed | None,
        Meta(description="Another seed makes another voice. Default: one drawn at random."),
    ] = None
    max_frames: Annotated[
        Annotated[int, Meta(ge=13, le=750)] | None,
        Meta(
            description="Most codec frames that are spoken; 12.5 of them are 1 s. Default 375, "
            "which is 30 s."
        ),
    ] = None


class VoiceDeleteParams(Params):
    """Which saved voice to delete."""

    voice: Annotated[str, Meta(min_length=1, description="The name of a saved voice.")]


class VoiceCreateParams(Params):
    """What to make a voice from: give either `reference` or `design`."""

    voice: Annotated[
        Annotated[str, Meta(min_length=1)] | None,
        Meta(
            description="The new voice's name. Default: a free one of voice-1, voice-2, and so on."
        ),
    ] = None
    model: Annotated[
        ModelName | None,
        Meta(description="The Base model that will speak with the voice. Default 1.7b-base."),
    ] = None
    reference: Annotated[
        Reference | None, Meta(description="A recording of the voice. Default: none.")
    ] = None
    design: Annotated[
        DesignParams | None, Meta(description="The voice in words. Default: none.")
    ] = None
    language: Annotated[
        LanguageName | None,
        Meta(
            description="The language that the voice speaks unless a request names one. Default: "
            "`design.language`."
        ),
    ] = None
    replace: Annotated[
        bool | None,
        Meta(
            description="Whether to replace a saved voice of the same name. Default false: refuse "
            "with `voiceExists`."
        ),
    ] = None
    work_done_token: Annotated[
        Token | None,
        Meta(description="Report stages as $/progress under this token. Default: no reports."),
    ] = None


class VoiceCreateResult(Result):
    """A voice that was made and saved."""

    voice: Annotated[str, Meta(description="Its name, a value of speech/synthesize's `voice`.")]
    kind: Annotated[Literal["saved"], Meta(description="Always saved.")]
    model: Annotated[str, Meta(description="The Base model that it was made with.")]
    created: Annotated[str, Meta(description="When it was made: ISO 8601, UTC.")]
    has_transcript: Annotated[
        bool,
        Meta(
            description="Whether the recording's transcript is known; false: only the timbre was "
            "taken."
        ),
    ]
    language: Annotated[
        str | None,
        Meta(
            description="The language that it speaks unless a request names one. Absent: none is "
            "fixed."
        ),
    ] = None
    frames: Annotated[
        int | None,
        Meta(
            description="Length of the recording in codec frames, 80 milliseconds each. Absent "
            "without a transcript."
        ),
    ] = None
    seed: Annotated[
        int | None,
        Meta(description="The seed of `design`; it makes the same voice again. Absent otherwise."),
    ] = None
    warnings: Annotated[
        list[Warning] | None,
        Meta(description="What was noticed about the recording. Absent: nothing."),
    ] = None


class VoiceProgress(Result, tag_field="kind", tag="voice"):
    """How far a new voice is. `designing` is repeated, with how much has been spoken."""

    stage: Annotated[
        Literal["resolving", "downloading", "loading", "designing", "encoding", "saving"],
        Meta(
            description="What begins: finding, downloading and loading each model, speaking the "
            "description, listening to the recording, writing the file."
        ),
    ]
    message: Annotated[str, Meta(description="The same in words, for people.")]
