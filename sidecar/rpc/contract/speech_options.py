"""The objects inside the params of speech/synthesize: chunk, pauses and sampling."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from sidecar.lexicon.entries import MAX_SPOKEN, MAX_WRITTEN
from sidecar.limits import MAX_CHUNK_FRAMES
from sidecar.rpc.contract.common import LanguageName, ModelName, Params, VoiceName


class SpeakerParams(Params):
    """The voice of one of several speakers."""

    voice: Annotated[
        VoiceName | None,
        Meta(
            description="A preset voice of the model, or a saved voice; case does not matter. "
            "Default: the model's first preset."
        ),
    ] = None
    model: Annotated[
        ModelName | None,
        Meta(
            description="The model that speaks. Default: the model of the saved voice, otherwise "
            "the request's model."
        ),
    ] = None
    instruct: Annotated[
        str | None,
        Meta(
            description="An instruction on how to speak; for a VoiceDesign model, a description of "
            "the voice. Default: none."
        ),
    ] = None


ChunkFrames = Annotated[int, Meta(ge=1, le=MAX_CHUNK_FRAMES)]
PauseMs = Annotated[float, Meta(ge=0, le=10_000)]

Temperature = Annotated[
    float,
    Meta(
        ge=0,
        le=10,
        description="Sampling temperature (dimensionless), which divides the logits. 0 always "
        "takes the most likely code; 1 samples from the model's own distribution. Default: the "
        "checkpoint's.",
    ),
]
TopK = Annotated[
    int,
    Meta(
        ge=0,
        description="Number of most likely codes to sample from; 0 means all. Default: the "
        "checkpoint's.",
    ),
]
TopP = Annotated[
    float,
    Meta(
        gt=0,
        le=1,
        description="Nucleus sampling (dimensionless): sample from the smallest set of most likely "
        "codes whose probabilities add up to at least this; 1 is all. Default: the checkpoint's.",
    ),
]
Penalty = Annotated[
    float,
    Meta(
        gt=0,
        le=10,
        description="Repetition penalty (dimensionless). Above 1, codes that the utterance already "
        "contains become less likely; 1 has no effect. Default: the checkpoint's.",
    ),
]


class Chunking(Params):
    """How much audio each chunk carries, in codec frames of 80 milliseconds."""

    first_frames: Annotated[
        ChunkFrames | None,
        Meta(description="Size of the first chunk in codec frames of 80 ms. Default 1."),
    ] = None
    max_frames: Annotated[
        ChunkFrames | None,
        Meta(description="Size that later chunks grow to, in codec frames of 80 ms. Default 12."),
    ] = None


class LexiconEntry(Params):
    """How a word or a phrase is said."""

    written: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=MAX_WRITTEN,
            description="The word or phrase in the text; it is found as whole words.",
        ),
    ]
    spoken: Annotated[
        str, Meta(min_length=1, max_length=MAX_SPOKEN, description="What is said instead.")
    ]
    language: Annotated[
        LanguageName | None,
        Meta(description="Only for a text in this language, a name or a tag. Default: for any."),
    ] = None
    case_sensitive: Annotated[
        bool | None,
        Meta(description="Whether upper and lower case must be as in `written`. Default false."),
    ] = None


class Pauses(Params):
    """Extra silence between sentences, in addition to the model's own."""

    sentence_ms: Annotated[
        PauseMs | None,
        Meta(description="Extra silence after each sentence, in milliseconds. Default 100."),
    ] = None
    paragraph_ms: Annotated[
        PauseMs | None,
        Meta(
            description="Extra silence after the last sentence of each paragraph, in milliseconds. "
            "Default 400."
        ),
    ] = None


class SubtalkerSampling(Params):
    """How codebooks 1 and up are sampled. Omitted fields come from the checkpoint."""

    temperature: Temperature | None = None
    top_k: TopK | None = None
    top_p: TopP | None = None


class Sampling(Params):
    """How the first codebook is sampled. Omitted fields come from the checkpoint's
    generation_config.json."""

    temperature: Temperature | None = None
    top_k: TopK | None = None
    top_p: TopP | None = None
    repetition_penalty: Penalty | None = None
    subtalker: Annotated[
        SubtalkerSampling | None,
        Meta(description="How the other codebooks are sampled. Default: the checkpoint's values."),
    ] = None
