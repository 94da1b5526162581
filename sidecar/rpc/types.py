"""The contract's shapes: what all share, speech, progress. The table of methods is in methods.py.

The others' are in lifecycle_types.py, model_types.py and voice_types.py.

Wire names are camelCase. For an optional field, absent and null mean the same.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from sidecar.limits import MAX_CHUNK_FRAMES, MAX_FRAMES, MAX_TEXT_TIMEOUT_MS

MAX_SEED = 2**53 - 1  # the largest integer that JavaScript keeps exact

Token = str | int
ModelName = Annotated[str, Meta(min_length=1)]
Encoding = Literal["pcm_s16le", "pcm_f32le", "wav", "flac", "mp3", "ogg_opus"]
TextMode = Literal["full", "stream"]
Priority = Literal["low", "normal", "high"]


class Params(msgspec.Struct, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """Base of everything a client sends: an unknown field is an error that names it."""


class Result(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """Base of everything the server sends; a field that is null is left out."""


class Empty(Result):
    """An answer that says only: done."""


class NoParams(Params):
    """This method takes nothing."""


class Warning(Result):
    """What was noticed and did not stop the work."""

    type: str
    message: str


# --- speech --------------------------------------------------------------------------------

Temperature = Annotated[float, Meta(ge=0, le=10, description="0 is greedy.")]
TopK = Annotated[int, Meta(ge=0, description="0 keeps every code.")]
TopP = Annotated[float, Meta(gt=0, le=1)]
Penalty = Annotated[float, Meta(gt=0, le=10)]


class SubtalkerSampling(Params):
    """Sampling of codebooks 1 and up; codebook 0 has its own."""

    temperature: Temperature | None = None
    top_k: TopK | None = None
    top_p: TopP | None = None


class Sampling(Params):
    """What is left out comes from the checkpoint's generation_config.json."""

    temperature: Temperature | None = None
    top_k: TopK | None = None
    top_p: TopP | None = None
    repetition_penalty: (
        Annotated[Penalty, Meta(description="Over the whole history of codebook 0.")] | None
    ) = None
    subtalker: SubtalkerSampling | None = None


class Reference(Params):
    """Audio whose voice is cloned; give `path` or `audio`."""

    path: Annotated[str | None, Meta(description="An audio file, or its `file:` URI.")] = None
    # A string, which `media.given` decodes: more ways to write base64 are taken than msgspec does.
    audio: Annotated[
        str | None,
        Meta(description="A whole audio file in base64, or as a `data:` URI."),
    ] = None
    text: Annotated[
        str | None, Meta(description="Its transcript; without one only the timbre is taken.")
    ] = None
    append_silence: Annotated[
        bool | None,
        Meta(description="0.5 s behind the audio, so that its tail does not leak. Default true."),
    ] = None


class Chunking(Params):
    first_frames: Annotated[int, Meta(ge=1, le=MAX_CHUNK_FRAMES)] | None = None
    max_frames: Annotated[int, Meta(ge=1, le=MAX_CHUNK_FRAMES)] | None = None


PauseMs = Annotated[float, Meta(ge=0, le=10_000)]


class Pauses(Params):
    """Silence put behind a sentence, beside what the model leaves there itself."""

    sentence_ms: Annotated[PauseMs | None, Meta(description="Default 100.")] = None
    paragraph_ms: Annotated[
        PauseMs | None, Meta(description="Behind a paragraph's last one. Default 400.")
    ] = None


class SynthesizeParams(Params):
    text: str
    text_stream: Annotated[
        bool | None,
        Meta(description="`text` is only the beginning; speech/appendText brings the rest."),
    ] = None
    text_timeout_ms: Annotated[
        Annotated[float, Meta(gt=0, le=MAX_TEXT_TIMEOUT_MS)] | None,
        Meta(description="How long such a text may stand still. Default 60000."),
    ] = None
    split_sentences: Annotated[
        bool | None,
        Meta(description="Speak sentence by sentence. Default true; false is one utterance."),
    ] = None
    normalize_text: Annotated[
        bool | None,
        Meta(description="Numbers, dates, units, URLs, … as words. Default true."),
    ] = None
    pauses: Pauses | None = None
    model: Annotated[ModelName | None, Meta(description="Default: the server's --model.")] = None
    voice: Annotated[str | None, Meta(description="A preset or a saved voice.")] = None
    language: Annotated[
        str | None,
        Meta(description="A name of the model's, or a tag such as `en` or `pt-BR`. Default auto."),
    ] = None
    instruct: Annotated[str | None, Meta(description="How to speak, or the voice itself.")] = None
    reference: Reference | None = None
    sampling: Sampling | None = None
    seed: Annotated[int, Meta(ge=0, le=MAX_SEED)] | None = None
    max_frames: Annotated[
        Annotated[int, Meta(ge=1, le=MAX_FRAMES)] | None,
        Meta(description="Of the whole speech. An utterance has a limit of its own."),
    ] = None
    text_mode: Annotated[
        TextMode | None,
        Meta(
            description="full: all text before the first frame. stream: one token a frame. "
            "Default: what the official code does for the model's variant."
        ),
    ] = None
    encoding: Annotated[Encoding | None, Meta(description="Default pcm_s16le.")] = None
    sample_rate: Annotated[
        int | None, Meta(description="Hz, 8000 to 48000. Default: the model's.")
    ] = None
    speed: Annotated[float | None, Meta(description="0.5 to 2; the pitch stays. Default 1.")] = None
    fade: Annotated[
        bool | None,
        Meta(
            description="5 ms up from silence and down to it. Default true, but for pcm_f32le, "
            "which has the model's very samples."
        ),
    ] = None
    peak_limit: Annotated[
        float | None, Meta(description="Ceiling in dBFS, −40 to 0. Default: none.")
    ] = None
    chunk: Chunking | None = None
    priority: Annotated[
        Priority | None,
        Meta(description="Who is spoken first when not all can be. Default normal."),
    ] = None
    stop_runaway: Annotated[
        bool | None,
        Meta(description="End speech that does not end by itself. Default true."),
    ] = None
    partial_result_token: Annotated[
        Token | None, Meta(description="Stream audio as $/progress under this token.")
    ] = None


class Metrics(Result):
    queue_ms: Annotated[float, Meta(description="From the request to its first computation.")]
    first_audio_ms: Annotated[float, Meta(description="From the request to its first chunk.")]
    generation_ms: Annotated[float, Meta(description="From first computation to last chunk.")]
    real_time_factor: Annotated[float, Meta(description="generationMs ÷ durationMs.")]
    peak_memory_bytes: int


class SynthesizeResult(Result):
    finish_reason: Literal["stop", "length", "runaway"]
    frames: int
    samples: int
    sample_rate: int
    encoding: Encoding
    duration_ms: float
    sentences: Annotated[int, Meta(description="How many `sentence` events there were.")]
    seed: Annotated[int, Meta(description="Send it again for the same audio.")]
    metrics: Metrics
    warnings: Annotated[
        list[Warning] | None,
        Meta(description="About the reference recording, or sentences that were cut."),
    ] = None
    audio: Annotated[
        bytes | None, Meta(description="All of it, if there was no partialResultToken.")
    ] = None


# --- progress ------------------------------------------------------------------------------


class AudioProgress(Result, tag_field="kind", tag="audio"):
    """One chunk of a stream; `seq` counts 0, 1, 2, … without gaps."""

    seq: int
    audio: bytes
    samples: Annotated[int, Meta(description="Of the output; a pause has some, too.")]
    frames: Annotated[int, Meta(description="Spoken by the model for them; 0 in a pause.")]
    sentence: Annotated[int, Meta(description="Index of the sentence they belong to.")]


class SentenceProgress(Result, tag_field="kind", tag="sentence"):
    """Where a sentence starts. All of them cover the text without gaps, in order."""

    index: Annotated[int, Meta(description="0, 1, 2, …")]
    text_start: Annotated[int, Meta(description="In the text of the request, in code points.")]
    text_end: int
    start_ms: Annotated[float, Meta(description="In the audio that comes out.")]


class AppendTextParams(Params):
    token: Annotated[Token, Meta(description="The request's partialResultToken.")]
    text: str


class EndTextParams(Params):
    token: Token


class LoadProgress(Result, tag_field="kind", tag="load"):
    """A model on its way. `downloading` is repeated, at most some ten times a second."""

    stage: Literal["resolving", "downloading", "loading"]
    message: str
    received_bytes: Annotated[
        int | None, Meta(description="On this machine, of totalBytes; never falls.")
    ] = None
    total_bytes: int | None = None
    received_files: int | None = None
    total_files: int | None = None
    waiting_ms: Annotated[
        float | None, Meta(description="The hub asks for a pause of so long.")
    ] = None


class VoiceProgress(Result, tag_field="kind", tag="voice"):
    """A voice in the making. `designing` is repeated, with what has been spoken so far."""

    stage: Literal["resolving", "downloading", "loading", "designing", "encoding", "saving"]
    message: str


class ProgressParams(Result):
    """`$/progress`: `value` is what the request that brought `token` promises."""

    token: Token
    value: AudioProgress | SentenceProgress | LoadProgress | VoiceProgress
