"""The params of `speech/synthesize`, and of what is sent to its stream."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from sidecar.limits import MAX_CREDIT_MS, MAX_FRAMES, MAX_SPEAKERS, MAX_TEXT_TIMEOUT_MS
from sidecar.rpc.contract.common import (
    LanguageName,
    ModelName,
    Params,
    Seed,
    Token,
    VoiceName,
)
from sidecar.rpc.contract.speech_options import (
    Chunking,
    LexiconEntry,
    Pauses,
    Sampling,
    SpeakerParams,
)
from sidecar.rpc.contract.voice import Reference
from sidecar.rpc.contract.words import Timing

Encoding = Literal["pcm_s16le", "pcm_f32le", "wav", "flac", "mp3", "ogg_opus"]
TextMode = Literal["full", "stream"]
Priority = Literal["low", "normal", "high"]
InputFormat = Literal["text", "ssml"]
# The most entries of a lexicon in a request; a file may have more.
MAX_ENTRIES = 1000
Skip = Literal["thinking", "directions"]


class SynthesizeParams(Params):
    """What to speak, and how."""

    text: Annotated[str, Meta(description="The text to speak.")]
    more_text: Annotated[
        bool | None,
        Meta(
            description="Whether `text` is only the beginning: speech/appendText sends more, and "
            "speech/endText ends it. Default false."
        ),
    ] = None
    text_timeout_ms: Annotated[
        Annotated[float, Meta(gt=0, le=MAX_TEXT_TIMEOUT_MS)] | None,
        Meta(
            description="With `moreText`: maximum time without new text before the request fails "
            "with `textTimeout`, in milliseconds. Default 60000."
        ),
    ] = None
    split_sentences: Annotated[
        bool | None,
        Meta(
            description="Whether to split the text into sentences and generate each one "
            "separately. With false, the whole text is one utterance. Default true."
        ),
    ] = None
    normalize_text: Annotated[
        bool | None,
        Meta(
            description="Whether to make the text speakable: with true, numbers, dates, units, "
            "URLs and the like are written out as words, and Markdown and emoji are removed; with "
            "false, the text stays as it is. Default: as true, but numbers and the like are left "
            "to a model that reads them itself."
        ),
    ] = None
    input_format: Annotated[
        InputFormat | None,
        Meta(
            description="text: a plain text, in which only [pause:500ms] and <break/> ask for "
            "something, and Markdown and HTML are removed; ssml: a document of SSML, whose root is "
            "<speak>. Default text."
        ),
    ] = None
    lexicon: Annotated[
        Annotated[list[LexiconEntry], Meta(max_length=MAX_ENTRIES)] | None,
        Meta(
            description="How words are said; these count more than those of the server's "
            "--lexicon. Of several at one place, the longest counts. Default: none."
        ),
    ] = None
    skip: Annotated[
        list[Skip] | None,
        Meta(
            description="What in the text is not spoken, unless `normalizeText` is false: "
            "`thinking`, the reasoning of a language model between <think> and </think>; "
            "`directions`, stage directions such as [laughs], *sighs* and (pause). "
            "Default: thinking."
        ),
    ] = None
    pauses: Annotated[
        Pauses | None,
        Meta(description="Extra silence after sentences and paragraphs. Default: 100 and 400 ms."),
    ] = None
    model: Annotated[
        ModelName | None,
        Meta(
            description="The model that speaks; it is downloaded and loaded first if necessary. "
            "Default: the model of the saved voice, otherwise the server's --model."
        ),
    ] = None
    voice: Annotated[
        VoiceName | None,
        Meta(
            description="A preset voice of the model, or a saved voice; case does not matter. "
            "Default: the model's first preset."
        ),
    ] = None
    language: Annotated[
        LanguageName | None,
        Meta(
            description="The language of the text: one of the model's languages, or a language tag "
            "such as `en` or `pt-BR`; case does not matter. Default: the saved voice's language, "
            "otherwise `auto`, which detects it."
        ),
    ] = None
    instruct: Annotated[
        str | None,
        Meta(
            description="An instruction on how to speak; for a VoiceDesign model, a description of "
            "the voice. Default: none."
        ),
    ] = None
    reference: Annotated[
        Reference | None, Meta(description="A recording whose voice is cloned. Default: none.")
    ] = None
    speakers: Annotated[
        Annotated[dict[str, SpeakerParams], Meta(max_length=MAX_SPEAKERS)] | None,
        Meta(
            description="Who speaks, by name. `[Name]` in the text, or <voice name> in SSML, says "
            "which of them speaks next; before the first of these, the request's own voice speaks. "
            "A name in brackets that is none of them is an error. Default: one voice for all.",
        ),
    ] = None
    sampling: Annotated[
        Sampling | None,
        Meta(description="How codes are sampled. Default: the checkpoint's settings."),
    ] = None
    seed: Annotated[
        Seed | None,
        Meta(
            description="Random seed. The same seed gives the same audio for the same params, "
            "version and machine. Default: a random one, which the result returns."
        ),
    ] = None
    max_frames: Annotated[
        Annotated[int, Meta(ge=1, le=MAX_FRAMES)] | None,
        Meta(
            description="Cut the speech at this length, in codec frames; 12.5 frames are one "
            "second. Default: no limit, or 4096 if the audio is returned in the result."
        ),
    ] = None
    text_mode: Annotated[
        TextMode | None,
        Meta(
            description="full: the model reads the whole text before it generates the first frame. "
            "stream: it reads one text token per frame. Default: stream for a Base model, "
            "otherwise full. This does not depend on `moreText`."
        ),
    ] = None
    encoding: Annotated[
        Encoding | None,
        Meta(
            description="Encoding of the audio: samples without a header (pcm_s16le, pcm_f32le), "
            "or a file format. Default pcm_s16le."
        ),
    ] = None
    sample_rate: Annotated[
        int | None,
        Meta(
            description="Sample rate of the audio in Hz, 8000 to 48000. Default: the model's, "
            "which is 24000 for Qwen3-TTS."
        ),
    ] = None
    speed: Annotated[
        float | None,
        Meta(
            description="Speaking rate (dimensionless), 0.5 to 2: 2 is twice as fast. The pitch "
            "does not change. Default 1."
        ),
    ] = None
    fade: Annotated[
        bool | None,
        Meta(
            description="Whether to fade the audio in and out, over 5 ms each. Default true; false "
            "for pcm_f32le, which returns the model's exact samples."
        ),
    ] = None
    peak_limit: Annotated[
        float | None,
        Meta(
            description="Limiter ceiling for the sample values in dBFS, −40 to 0. Default: no "
            "limiter."
        ),
    ] = None
    timing: Annotated[
        Timing | None,
        Meta(
            description="What is reported with its time in the audio. sentence: where each "
            "sentence starts. word: also when each word was spoken, as progress of the kind "
            "`words`; it needs a `partialResultToken`. Default sentence."
        ),
    ] = None
    chunk: Annotated[
        Chunking | None,
        Meta(description="Sizes of the chunks. Default: 1 frame first, growing to 12."),
    ] = None
    priority: Annotated[
        Priority | None,
        Meta(description="Which requests go first when not all can be served. Default normal."),
    ] = None
    stop_runaway: Annotated[
        bool | None,
        Meta(description="Whether to stop speech that does not end by itself. Default true."),
    ] = None
    credit_ms: Annotated[
        Annotated[float, Meta(ge=0, le=MAX_CREDIT_MS)] | None,
        Meta(
            description="With `partialResultToken`: generate no further than this many "
            "milliseconds of audio; speech/grantCredit grants more. The last chunk may exceed it. "
            "Default: no limit."
        ),
    ] = None
    partial_result_token: Annotated[
        Token | None,
        Meta(
            description="Stream the audio as $/progress under this token. Default: all of the "
            "audio is returned in the result."
        ),
    ] = None


class AppendTextParams(Params):
    """More text for a request with `moreText`."""

    token: Annotated[Token, Meta(description="The `partialResultToken` of the request.")]
    text: Annotated[
        str,
        Meta(description="The next piece of the text; it may end anywhere, even inside a word."),
    ]


class StreamParams(Params):
    """The stream that the message is about."""

    token: Annotated[Token, Meta(description="The `partialResultToken` of the request.")]


class GrantCreditParams(Params):
    """More credit for a request with `creditMs`."""

    token: Annotated[Token, Meta(description="The `partialResultToken` of the request.")]
    ms: Annotated[
        float,
        Meta(
            gt=0,
            le=MAX_CREDIT_MS,
            description="Milliseconds of audio that may be sent beyond all credit so far.",
        ),
    ]
