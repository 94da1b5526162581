"""speech/synthesize, speech/appendText, speech/endText, and the progress of speech."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from sidecar.limits import MAX_CHUNK_FRAMES, MAX_FRAMES, MAX_TEXT_TIMEOUT_MS
from sidecar.rpc.contract.common import (
    LanguageName,
    ModelName,
    Params,
    Result,
    Seed,
    Token,
    VoiceName,
    Warning,
)
from sidecar.rpc.contract.sampling import Sampling
from sidecar.rpc.contract.voice import Reference

Encoding = Literal["pcm_s16le", "pcm_f32le", "wav", "flac", "mp3", "ogg_opus"]
TextMode = Literal["full", "stream"]
Priority = Literal["low", "normal", "high"]


class Chunking(Params):
    """How much audio comes in one chunk."""

    first_frames: Annotated[
        Annotated[int, Meta(ge=1, le=MAX_CHUNK_FRAMES)] | None,
        Meta(
            description="Size of the first chunk in codec frames, 80 milliseconds each. Default 1."
        ),
    ] = None
    max_frames: Annotated[
        Annotated[int, Meta(ge=1, le=MAX_CHUNK_FRAMES)] | None,
        Meta(
            description="Size that later chunks grow to, in codec frames, 80 milliseconds each. "
            "Default 12."
        ),
    ] = None


PauseMs = Annotated[float, Meta(ge=0, le=10_000)]


class Pauses(Params):
    """Silence that is added after a sentence, beside the pause that the model makes itself."""

    sentence_ms: Annotated[
        PauseMs | None, Meta(description="After a sentence, in milliseconds. Default 100.")
    ] = None
    paragraph_ms: Annotated[
        PauseMs | None,
        Meta(description="After the last sentence of a paragraph, in milliseconds. Default 400."),
    ] = None


class SynthesizeParams(Params):
    """What to speak, and how."""

    text: Annotated[str, Meta(description="The text to speak.")]
    more_text: Annotated[
        bool | None,
        Meta(
            description="Whether `text` is only the beginning, and speech/appendText brings the "
            "rest. Default false."
        ),
    ] = None
    text_timeout_ms: Annotated[
        Annotated[float, Meta(gt=0, le=MAX_TEXT_TIMEOUT_MS)] | None,
        Meta(
            description="How long to wait for more of such a text before the request fails with "
            "`textTimeout`, in milliseconds. Default 60000."
        ),
    ] = None
    split_sentences: Annotated[
        bool | None,
        Meta(
            description="Whether to speak sentence by sentence; false makes one utterance of the "
            "text. Default true."
        ),
    ] = None
    normalize_text: Annotated[
        bool | None,
        Meta(
            description="Whether to write out numbers, dates, units, URLs and the like as words. "
            "Default true."
        ),
    ] = None
    pauses: Annotated[
        Pauses | None,
        Meta(description="Silence after sentences and paragraphs. Default 100 and 400 ms."),
    ] = None
    model: Annotated[
        ModelName | None,
        Meta(
            description="The model that speaks; it is loaded first if need be. Default: a saved "
            "voice's own, else the server's --model."
        ),
    ] = None
    voice: Annotated[
        VoiceName | None,
        Meta(
            description="A preset voice of the model or a saved voice, in any case. Default: the "
            "model's first preset."
        ),
    ] = None
    language: Annotated[
        LanguageName | None,
        Meta(
            description="The language of the text: one of the model's in any case, or a tag such "
            "as `en` or `pt-BR`. Default: a saved voice's own, else auto, which finds it out."
        ),
    ] = None
    instruct: Annotated[
        str | None,
        Meta(
            description="How to speak, in words; for a VoiceDesign model, a description of the "
            "voice. Default: nothing."
        ),
    ] = None
    reference: Annotated[
        Reference | None, Meta(description="A recording whose voice is cloned. Default: none.")
    ] = None
    sampling: Annotated[
        Sampling | None,
        Meta(description="How codes are drawn at random. Default: as the checkpoint says."),
    ] = None
    seed: Annotated[
        Seed | None,
        Meta(
            description="The same seed gives the same audio for the same params, version and "
            "machine. Default: one drawn at random, which the result names."
        ),
    ] = None
    max_frames: Annotated[
        Annotated[int, Meta(ge=1, le=MAX_FRAMES)] | None,
        Meta(
            description="Cut the whole speech at this length in codec frames; 12.5 of them are "
            "1 s. Default: no limit, or 4096 if the audio comes in the result."
        ),
    ] = None
    text_mode: Annotated[
        TextMode | None,
        Meta(
            description="full: the model reads all of the text before the first frame. stream: it "
            "reads one token of the text per frame. Default: stream for a Base model, else full."
        ),
    ] = None
    encoding: Annotated[
        Encoding | None,
        Meta(
            description="How the audio is encoded: bare samples (pcm_s16le, pcm_f32le) or a file. "
            "Default pcm_s16le."
        ),
    ] = None
    sample_rate: Annotated[
        int | None,
        Meta(description="Rate of the audio in Hz, 8000 to 48000. Default: the model's, 24000."),
    ] = None
    speed: Annotated[
        float | None,
        Meta(
            description="A number without a unit, 0.5 to 2: 2 is twice as fast. The pitch stays. "
            "Default 1."
        ),
    ] = None
    fade: Annotated[
        bool | None,
        Meta(
            description="Whether the audio fades in from silence and out to it, 5 ms each. Default "
            "true; false for pcm_f32le, which has exactly the model's samples."
        ),
    ] = None
    peak_limit: Annotated[
        float | None,
        Meta(description="Limit of the samples' level in dBFS, −40 to 0. Default: none."),
    ] = None
    chunk: Annotated[
        Chunking | None,
        Meta(description="Sizes of the chunks. Default: the first has 1 frame, later ones 12."),
    ] = None
    priority: Annotated[
        Priority | None,
        Meta(description="Which requests go first when not all can. Default normal."),
    ] = None
    stop_runaway: Annotated[
        bool | None,
        Meta(description="Whether to end speech that does not end by itself. Default true."),
    ] = None
    partial_result_token: Annotated[
        Token | None,
        Meta(
            description="Stream the audio as $/progress under this token. Default: the result has "
            "all of it."
        ),
    ] = None


class Metrics(Result):
    """How long the speech took, and its memory."""

    queue_ms: Annotated[
        float,
        Meta(
            description="Milliseconds from the request to its first computation, loading the model "
            "included."
        ),
    ]
    first_audio_ms: Annotated[
        float, Meta(description="Milliseconds from the request to its first chunk.")
    ]
    generation_ms: Annotated[
        float,
        Meta(description="Milliseconds of computing, without waiting for more of the text."),
    ]
    real_time_factor: Annotated[
        float,
        Meta(
            description="A number without a unit: generationMs ÷ durationMs. Below 1 is faster "
            "than playback."
        ),
    ]
    peak_memory_bytes: Annotated[
        int,
        Meta(description="The most memory that MLX has used since the process started, in bytes."),
    ]


class SynthesizeResult(Result):
    """How the speech ended."""

    finish_reason: Annotated[
        Literal["stop", "length", "runaway"],
        Meta(
            description="stop: the speech ended. length: it was cut at `maxFrames`. runaway: it "
            "did not end by itself and was cut."
        ),
    ]
    frames: Annotated[
        int, Meta(description="Number of codec frames that the model spoke, 80 milliseconds each.")
    ]
    samples: Annotated[int, Meta(description="Number of samples of the audio, pauses included.")]
    sample_rate: Annotated[int, Meta(description="Rate of the audio in Hz.")]
    encoding: Annotated[Encoding, Meta(description="How the audio is encoded.")]
    duration_ms: Annotated[
        float, Meta(description="Length of the audio in milliseconds, pauses included.")
    ]
    sentences: Annotated[int, Meta(description="Number of `sentence` events that were sent.")]
    seed: Annotated[
        int, Meta(description="The seed that was used. Send it again for the same audio.")
    ]
    metrics: Annotated[Metrics, Meta(description="How long it took.")]
    warnings: Annotated[
        list[Warning] | None,
        Meta(
            description="What was noticed: a poor reference recording, a sentence that was cut. "
            "Absent: nothing."
        ),
    ] = None
    audio: Annotated[
        bytes | None, Meta(description="All of the audio, if there was no partialResultToken.")
    ] = None


class AudioProgress(Result, tag_field="kind", tag="audio"):
    """One chunk of the audio of a stream."""

    seq: Annotated[int, Meta(description="Index of the chunk: 0, 1, 2, … without gaps.")]
    audio: Annotated[
        bytes,
        Meta(
            description="The next bytes of the encoding; those of all chunks joined are the whole."
        ),
    ]
    samples: Annotated[
        int, Meta(description="Number of samples in this chunk, those of a pause included.")
    ]
    frames: Annotated[
        int,
        Meta(
            description="Number of codec frames that the model spoke for it, 80 milliseconds each; "
            "0 in a pause."
        ),
    ]
    sentence: Annotated[int, Meta(description="Index of the sentence that the chunk belongs to.")]


class SentenceProgress(Result, tag_field="kind", tag="sentence"):
    """Where a sentence starts. Together the sentences cover the text without gaps, in order."""

    index: Annotated[int, Meta(description="Index of the sentence: 0, 1, 2, … without gaps.")]
    text_start: Annotated[
        int,
        Meta(
            description="Where it starts in the request's text, in characters (Unicode code "
            "points)."
        ),
    ]
    text_end: Annotated[
        int,
        Meta(
            description="Where it ends in the request's text, in characters (Unicode code points)."
        ),
    ]
    start_ms: Annotated[float, Meta(description="Where it starts in the audio, in milliseconds.")]


class AppendTextParams(Params):
    """More of a text that is still being written."""

    token: Annotated[Token, Meta(description="The `partialResultToken` of the request.")]
    text: Annotated[str, Meta(description="The next piece of the text, cut anywhere.")]


class EndTextParams(Params):
    """The end of a text that was still being written."""

    token: Annotated[Token, Meta(description="The `partialResultToken` of the request.")]
