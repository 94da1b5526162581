"""What the protocol sends and takes, with Python's spelling of its names.

Generated from protocol/schema.json by scripts/generate_types.py; do not edit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias, TypedDict

import msgspec

if TYPE_CHECKING:
    from typing_extensions import Required

PROTOCOL_VERSION: Final = 1
"""The version of the protocol that this client speaks."""


class AudioProgress(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename="camel",
    omit_defaults=True,
    tag_field="kind",
    tag="audio",
):
    """One chunk of a stream's audio."""

    seq: int
    """Index of the chunk: 0, 1, 2, … without gaps."""

    audio: bytes
    """The next bytes of the encoded audio. Concatenate those of all chunks."""

    samples: int
    """Number of audio samples in this chunk, including pauses."""

    frames: int
    """Number of codec frames generated for this chunk, 80 ms each; 0 in a pause."""

    sentence: int
    """Index of the sentence this chunk belongs to."""

    sample_rate: int | None = None
    """Sample rate of the stream in Hz. Only the first chunk has it."""


class Capabilities(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What this sidecar can do."""

    methods: list[str]
    """All methods that a client may call, including notifications."""

    encodings: list[str]
    """Values of `encoding`."""

    text_modes: list[str]
    """Values of `textMode`."""

    limits: Limits
    """The largest requests that are accepted."""

    aligner: str | None = None
    """The model of --aligner, which finds word times in place of the sidecar's own aligners.
    Absent: none.
    """

    timings: list[str] | None = None
    """Values of `timing`. Absent: an older sidecar, without `timing`."""

    aligner_languages: list[str] | None = None
    """Languages for which the sidecar itself has an aligner, for voices of models that do not know
    their word times. Absent: an older sidecar, without word times.
    """


class Chunking(TypedDict, total=False):
    """How much audio each chunk carries, in codec frames of 80 milliseconds."""

    first_frames: int
    """Size of the first chunk in codec frames of 80 ms. Default 1. Range: from 1 to 1024."""

    max_frames: int
    """Size that later chunks grow to, in codec frames of 80 ms. Default 12. Range: from 1 to 1024.
    """


class ClientInfo(TypedDict, total=False):
    """The program that uses the sidecar."""

    name: Required[str]
    """The client's name, for the log."""

    version: str
    """The client's own version, for the log. Default: none."""


class DesignParams(TypedDict, total=False):
    """A voice described in words. A VoiceDesign model speaks `text` once in that voice, and the
    result is used as the reference recording.
    """

    instruct: Required[str]
    """Description of the voice, e.g. a calm old man with a deep voice."""

    text: Required[str]
    """What the VoiceDesign model says: a sentence or two, 3 to 15 seconds of speech."""

    language: LanguageName
    """The language of `text`. Default auto."""

    model: ModelName
    """The VoiceDesign model. Default 1.7b-voicedesign."""

    seed: int
    """Random seed; another seed gives another voice. Default: a random one. Range: from 0 to
    9007199254740991.
    """

    max_frames: int
    """Cut the designed speech at this length, in codec frames; 12.5 frames are one second. Default
    375, which is 30 s. Range: from 13 to 750.
    """


class Empty(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A result without content: the request succeeded."""


class EngineState(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What the engine, which runs the models, is working on."""

    state: str
    """idle: no work. busy: working. stalled: one task has taken more than ten seconds; loading a
    model may take that long, speech should not. Values: busy, idle, stalled.
    """

    task: str | None = None
    """The current task, for people. Absent if idle."""

    elapsed_ms: float | None = None
    """How long the current task has taken so far, in milliseconds, rounded to whole seconds. Absent
    if idle.
    """


class ErrorData(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The part of an error that programs read: `type` is stable, the message is not."""

    type: str
    """The stable name of the error."""

    field: str | None = None
    """The param at fault as a path, e.g. sampling.topK. Absent: no single one."""

    hint: str | None = None
    """What can be done, in a sentence. Absent: nothing is known."""

    needed_bytes: int | None = None
    """Disk space that is needed, in bytes; with diskFull."""

    free_bytes: int | None = None
    """Disk space that is free, in bytes; with diskFull."""

    retry_after_seconds: float | None = None
    """How long to wait before trying again, in seconds; with hubRateLimited."""

    message_bytes: int | None = None
    """Length of the message in bytes; with messageTooLong."""

    limit_bytes: int | None = None
    """Longest message that is taken, in bytes; with messageTooLong."""

    text_offset: int | None = None
    """Where in the request's text the fault is, in characters (Unicode code points); with
    invalidMarkup and unknownSpeaker.
    """

    heard: HeardSpeech | None = None
    """What was heard of a speech with a `partialResultToken`; with cancelled. Absent: no audio was
    sent.
    """


class HeardSpeech(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What the listener of a cancelled stream has got of it."""

    samples: int
    """Number of audio samples: those of `playedMs` if the cancel had it, but at most those that
    were sent.
    """

    sample_rate: int
    """Sample rate of the stream in Hz."""

    sentence: int
    """Index of the sentence in which they end."""

    text_end: int
    """Where in the request's text that is, in characters (Unicode code points). Exact where a
    sentence begins or ends, and estimated within one; it is the beginning of the word that was
    not heard to its end.
    """


class InitializeResult(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True
):
    """The protocol version, name and capabilities of the sidecar."""

    protocol_version: int
    """Version of the protocol that the sidecar speaks: 1."""

    server_info: ServerInfo
    """The sidecar's name and version."""

    capabilities: Capabilities
    """Methods, encodings and limits of this sidecar."""


LanguageName: TypeAlias = """Literal[
    "auto",
    "chinese",
    "english",
    "japanese",
    "korean",
    "german",
    "french",
    "russian",
    "portuguese",
    "spanish",
    "italian",
    "beijing_dialect",
    "sichuan_dialect",
] | str"""
"""A language or dialect that a model speaks. The examples are those of Qwen3-TTS; any other string
is allowed.
"""


class LexiconEntry(TypedDict, total=False):
    """How a word or a phrase is said."""

    written: Required[str]
    """The word or phrase in the text; it is found as whole words."""

    spoken: Required[str]
    """What is said instead."""

    language: LanguageName
    """Only for a text in this language, a name or a tag. Default: for any."""

    case_sensitive: bool
    """Whether upper and lower case must be as in `written`. Default false."""


class Limits(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The largest requests that this sidecar accepts."""

    max_message_bytes: int
    """Largest message (the body of one frame) in bytes, in both directions."""

    max_discard_bytes: int
    """Largest message in bytes that is refused with `messageTooLong` and skipped. A larger one is a
    framing error, which ends the process.
    """

    max_text_chars: int
    """Longest `text` of a request with `partialResultToken`, in characters (Unicode code points).
    """

    max_utterance_chars: int
    """Longest instruction or transcript, in characters (Unicode code points); also the longest
    `text` with `splitSentences: false` or without `partialResultToken`.
    """

    max_frames: int
    """Largest value of `maxFrames`, in codec frames; 12.5 frames are one second."""

    max_streams: int
    """Number of requests that can be generated at the same time."""

    max_queued: int
    """Number of further requests that may wait for their turn."""

    max_reference_seconds: float
    """Longest reference recording in seconds. The command-line option --max-reference-seconds sets
    it.
    """

    max_credit_ms: int | None = None
    """Over a WebSocket: the most credit of a stream that the server uses at a time, in
    milliseconds. Absent: no limit.
    """

    max_requests: int | None = None
    """Number of requests of one WebSocket connection that may be in flight. Absent: there is no
    such limit.
    """


class LoadProgress(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename="camel",
    omit_defaults=True,
    tag_field="kind",
    tag="load",
):
    """A stage of model/load or model/download. `downloading` is repeated, at most about ten times a
    second.
    """

    stage: str
    """The stage that begins. resolving: finding the model. downloading: only if it is not on this
    machine. loading: reading it into memory, in model/load only. Values: downloading, loading,
    resolving.
    """

    message: str
    """Details of the stage, for people."""

    received_bytes: int | None = None
    """Bytes of `totalBytes` that are on this machine, including an earlier download. Never
    decreases. Absent in other stages.
    """

    total_bytes: int | None = None
    """Size of the complete download in bytes. Absent in other stages."""

    received_files: int | None = None
    """Number of complete files. Absent in other stages."""

    total_files: int | None = None
    """Number of files in the download. Absent in other stages."""

    file: str | None = None
    """The file that is being received. Absent: none at this moment."""

    bytes_per_second: float | None = None
    """How fast bytes have arrived in the last five seconds. Absent: none have."""

    waiting_ms: float | None = None
    """The hub's rate limit requires a pause of this many milliseconds, which the sidecar is waiting
    for. Absent: no pause.
    """


class LoadedModel(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A model in memory."""

    model: str
    """The name that the model was first loaded by."""

    dtype: str
    """Data type of the weights: float32, bfloat16 or float16."""

    memory_bytes: int
    """Memory of the weights in bytes."""

    streams: int
    """Number of requests that it is generating now."""

    bits: int | None = None
    """Bits of each quantised weight. Absent: not quantised."""


class MemoryStatus(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Memory used by MLX, the array library."""

    active_bytes: int
    """Memory in use now, in bytes."""

    peak_bytes: int
    """Peak memory in use since the process started, in bytes."""

    cache_bytes: int
    """Freed memory that is kept for reuse, in bytes."""

    limit_bytes: int | None = None
    """Limit for all loaded models together, in bytes. Absent: no limit."""


class Metrics(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Timing and memory of the request."""

    queue_ms: float
    """Milliseconds from the request to its first computation, including loading the model."""

    first_audio_ms: float
    """Milliseconds from the request to its first chunk."""

    generation_ms: float
    """Milliseconds of computation, without waits for the client: for text, for credit, or until it
    reads.
    """

    real_time_factor: float
    """generationMs ÷ durationMs (dimensionless). Below 1 is faster than playback."""

    peak_memory_bytes: int
    """Peak memory of MLX since the process started, in bytes."""


class ModelDeleteResult(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True
):
    """What the deletion has freed."""

    freed_bytes: int
    """Size of the deleted files in bytes."""


class ModelDownloadResult(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True
):
    """Where the model's files are."""

    model: str
    """The name to use for the model; with `revision`, model@revision."""

    source: str
    """Where its files are. bundled: the sidecar's package. modelsDir: a folder of --models-dir.
    folder: the folder that `model` names. cache: the hub's cache. Values: bundled, cache,
    folder, modelsDir.
    """

    path: str
    """The folder of its files."""


class ModelEntry(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A model that can be loaded."""

    model: str
    """The name to use as `model`."""

    state: str
    """loaded: in memory. bundled: part of the sidecar. cached: completely on this machine. known:
    in the catalogue, and not completely on this machine. Values: bundled, cached, known, loaded.
    """

    source: str | None = None
    """Where its files are used from. bundled: the sidecar's package. modelsDir: a folder of
    --models-dir. cache: the hub's cache. Absent: it is not completely on this machine. Values:
    bundled, cache, modelsDir.
    """

    path: str | None = None
    """The folder of its files. Absent without `source`."""

    fault: str | None = None
    """Why the model in a folder of --models-dir cannot be used, for people; loading it fails with
    `modelDamaged`. Absent: no fault.
    """

    repo: str | None = None
    """The repository on the Hugging Face hub. Absent: none."""

    variant: str | None = None
    """custom_voice, voice_design or base. Absent outside the catalogue."""

    bits: int | None = None
    """Bits of each weight; 16 is bfloat16. Absent outside the catalogue."""

    parameters: int | None = None
    """Number of parameters, without the codec. Absent outside the catalogue."""

    download_bytes: int | None = None
    """Size of the complete download in bytes; estimated. Absent outside the catalogue."""

    memory_bytes: int | None = None
    """Memory needed to speak one stream on this machine's device, in bytes; estimated, and
    including the process itself. Absent: unknown.
    """

    disk_bytes: int | None = None
    """Size of the files on this machine in bytes, including an incomplete download. Absent: none.
    """

    cache_bytes: int | None = None
    """The part of `diskBytes` that is in the hub's cache and that model/delete frees, in bytes.
    Absent: none.
    """

    last_used: str | None = None
    """When the model was last loaded from the hub's cache, unloaded, or downloaded, by any process:
    ISO 8601 in UTC. Absent: it is not in the cache.
    """

    languages: list[str] | None = None
    """Accepted values of `language`. Absent: unknown until the model is loaded."""

    abilities: list[str] | None = None
    """What the model can do. Absent: unknown until it is loaded. presets: it has preset voices.
    cloning: it accepts a `reference`. design: `instruct` describes the voice. instruct: it
    accepts an instruction on how to speak. textStreaming: it accepts text token by token while
    it speaks. batching: it generates several requests at the same time. seed: the same seed
    gives the same audio. wordTimes: it knows when it says each word. aligning: it speaks
    nothing, and finds when words are said (--aligner).
    """

    missing_files: list[str] | None = None
    """Files that are still missing of a partly downloaded model, whose state is known. Absent:
    none.
    """


class ModelListResult(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True
):
    """All models that can be loaded by name."""

    models: list[ModelEntry]
    """The bundled model, the catalogue, other models on this machine."""

    used_bytes: int
    """Size of all models in the hub's cache in bytes: the sum of cacheBytes."""

    free_bytes: int
    """Free space on the disk of the hub's cache in bytes."""

    budget_bytes: int | None = None
    """How large downloads may make `usedBytes`, in bytes: --models-budget. Absent: no limit."""


class ModelLoadResult(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True
):
    """The loaded model, and what it can do."""

    model: str
    """The name to use for the model; with `revision`, model@revision."""

    family: str
    """Architecture of the model, e.g. qwen3_tts."""

    variant: str
    """custom_voice, voice_design or base; for another family, the name of the family."""

    dtype: str
    """Data type of the weights: float32, bfloat16 or float16."""

    sample_rate: int
    """Sample rate of the model's audio in Hz."""

    voices: list[str]
    """Preset voices; the first is the default. Empty if there are none."""

    languages: list[str]
    """Accepted values of `language`; the first is auto."""

    memory_bytes: int
    """Memory of the weights in bytes."""

    load_ms: float
    """How long loading took, in milliseconds, without the download. For a model that was already
    loaded, the time of that earlier load.
    """

    abilities: list[str]
    """What the model can do. Anything else fails with `unsupported`. presets: it has preset voices.
    cloning: it accepts a `reference`. design: `instruct` describes the voice. instruct: it
    accepts an instruction on how to speak. textStreaming: it accepts text token by token while
    it speaks. batching: it generates several requests at the same time. seed: the same seed
    gives the same audio. wordTimes: it knows when it says each word. aligning: it speaks
    nothing, and finds when words are said (--aligner).
    """

    dialects: list[str] | None = None
    """More accepted values of `language`: dialects, each spoken by default by one of the preset
    voices. Absent: none.
    """

    bits: int | None = None
    """Bits of each quantised weight. Absent: not quantised."""

    keep_alive: float | None = None
    """Seconds that the idle model stays in memory. Absent: until it is unloaded."""


ModelName: TypeAlias = """Literal[
    "tiny-voice",
    "0.6b-customvoice",
    "0.6b-customvoice-8bit",
    "0.6b-customvoice-6bit",
    "0.6b-customvoice-4bit",
    "0.6b-customvoice-original",
    "1.7b-customvoice",
    "1.7b-customvoice-8bit",
    "1.7b-customvoice-6bit",
    "1.7b-customvoice-4bit",
    "1.7b-customvoice-original",
    "1.7b-voicedesign",
    "1.7b-voicedesign-8bit",
    "1.7b-voicedesign-6bit",
    "1.7b-voicedesign-4bit",
    "1.7b-voicedesign-original",
    "0.6b-base",
    "0.6b-base-8bit",
    "0.6b-base-6bit",
    "0.6b-base-4bit",
    "0.6b-base-original",
    "1.7b-base",
    "1.7b-base-8bit",
    "1.7b-base-6bit",
    "1.7b-base-4bit",
    "1.7b-base-original",
] | str"""
"""A name that model/list returns, a hub id `owner/name`, or a folder. The examples are the names in
the catalogue; any other string is allowed.
"""


class Pauses(TypedDict, total=False):
    """Extra silence between sentences, in addition to the model's own."""

    sentence_ms: float
    """Extra silence after each sentence, in milliseconds. Default 100. Range: from 0 to 10000."""

    paragraph_ms: float
    """Extra silence after the last sentence of each paragraph, in milliseconds. Default 400. Range:
    from 0 to 10000.
    """


class PingResult(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Proof that the sidecar is alive."""

    uptime_ms: float
    """Milliseconds since the process began to serve."""


class Reference(TypedDict, total=False):
    """A recording whose voice is cloned. Give either `path` or `audio`."""

    path: str
    """Either this or `audio`: path of an audio file, or its `file:` URI. A relative path is
    relative to the sidecar's working directory; `~` is not expanded.
    """

    audio: bytes | str
    """Either this or `path`: content of an audio file, as base64 or as a `data:` URI."""

    text: str
    """Transcript of the recording. Default: none; then only the timbre of the voice is taken."""

    append_silence: bool
    """Whether to append 0.5 s of silence to the recording, which keeps its last sound out of the
    speech. It has an effect only with `text`. Default true.
    """


class ReferenceCacheStatus(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True
):
    """The cache of analysed reference recordings, which makes their next use fast."""

    count: int
    """Number of recordings in the cache."""

    feature_bytes: int
    """Size of their features (the output of the models' encoders) in bytes."""


class Sampling(TypedDict, total=False):
    """How the first codebook is sampled. Omitted fields come from the checkpoint's
    generation_config.json.
    """

    temperature: float
    """Sampling temperature (dimensionless), which divides the logits. 0 always takes the most
    likely code; 1 samples from the model's own distribution. Default: the checkpoint's. Range:
    from 0 to 10.
    """

    top_k: int
    """Number of most likely codes to sample from; 0 means all. Default: the checkpoint's. Range:
    from 0.
    """

    top_p: float
    """Nucleus sampling (dimensionless): sample from the smallest set of most likely codes whose
    probabilities add up to at least this; 1 is all. Default: the checkpoint's. Range: more than
    0 to 1.
    """

    repetition_penalty: float
    """Repetition penalty (dimensionless). Above 1, codes that the utterance already contains become
    less likely; 1 has no effect. Default: the checkpoint's. Range: more than 0 to 10.
    """

    subtalker: SubtalkerSampling
    """How the other codebooks are sampled. Default: the checkpoint's values."""


class SentenceProgress(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename="camel",
    omit_defaults=True,
    tag_field="kind",
    tag="sentence",
):
    """Where a sentence starts. All sentences together cover the text without gaps, in order."""

    index: int
    """Index of the sentence: 0, 1, 2, … without gaps."""

    text_start: int
    """Start of the sentence in the request's text, in characters (Unicode code points)."""

    text_end: int
    """End of the sentence in the request's text, in characters (Unicode code points), exclusive."""

    start_ms: float
    """Start of the sentence in the audio, in milliseconds."""

    speaker: str | None = None
    """Who says it, as `speakers` has the name. Absent: the request's voice."""


class ServerInfo(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The name and version of the sidecar."""

    name: str
    """Always qwen-tts-sidecar."""

    version: str
    """Version of the Python package, e.g. 0.1.0."""


class SkippedFile(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A file in the voices folder that cannot be used as a voice."""

    file: str
    """Path of the file, or of the folder."""

    reason: str
    """Why it cannot be used, for people."""


class SpeakerParams(TypedDict, total=False):
    """The voice of one of several speakers."""

    voice: VoiceName
    """A preset voice of the model, or a saved voice; case does not matter. Default: the model's
    first preset.
    """

    model: ModelName
    """The model that speaks. Default: the model of the saved voice, otherwise the request's model.
    """

    instruct: str
    """An instruction on how to speak; for a VoiceDesign model, a description of the voice. Default:
    none.
    """


class StatusResult(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What the sidecar is doing, as of the engine's last step."""

    backend: str
    """The device that runs the models: metal, cuda or cpu. starting: MLX is still being imported.
    broken: MLX cannot be imported.
    """

    engine: EngineState
    """What the engine is working on."""

    memory: MemoryStatus
    """Memory used by MLX."""

    queued: int
    """Number of requests that are waiting for a model or for their turn."""

    streams: list[StreamStatus]
    """The requests that are being generated."""

    models: list[LoadedModel]
    """The models in memory."""

    reference_cache: ReferenceCacheStatus
    """The cache of reference recordings."""

    prompt_cache_bytes: int
    """Size of what the models keep of the beginnings of prompts, in bytes: the codec's states after
    recordings, and the talker's keys and values of instructions, preset voices and transcripts.
    """

    uptime_ms: float
    """Milliseconds since the process began to serve."""


class StreamStatus(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A request that is being generated."""

    model: str
    """The model that generates it."""

    frames: int
    """Number of codec frames generated so far, 80 milliseconds each."""

    audio_ms: float
    """Duration of the audio delivered so far, in milliseconds."""

    elapsed_ms: float
    """Milliseconds since the first computation for this request."""

    waits_for: str | None = None
    """What the client has to send before the request goes on: more text, credit, or speech/resume.
    Absent: nothing. Values: credit, resume, text.
    """


class SubtalkerSampling(TypedDict, total=False):
    """How codebooks 1 and up are sampled. Omitted fields come from the checkpoint."""

    temperature: float
    """Sampling temperature (dimensionless), which divides the logits. 0 always takes the most
    likely code; 1 samples from the model's own distribution. Default: the checkpoint's. Range:
    from 0 to 10.
    """

    top_k: int
    """Number of most likely codes to sample from; 0 means all. Default: the checkpoint's. Range:
    from 0.
    """

    top_p: float
    """Nucleus sampling (dimensionless): sample from the smallest set of most likely codes whose
    probabilities add up to at least this; 1 is all. Default: the checkpoint's. Range: more than
    0 to 1.
    """


class SynthesizeResult(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True
):
    """How the speech ended."""

    finish_reason: str
    """stop: the speech ended by itself. length: it was cut at `maxFrames`. runaway: it did not end
    by itself and was cut. Values: length, runaway, stop.
    """

    frames: int
    """Number of codec frames generated, 80 ms each."""

    samples: int
    """Number of audio samples, including pauses."""

    sample_rate: int
    """Sample rate of the audio in Hz."""

    encoding: str
    """Encoding of the audio. Values: flac, mp3, ogg_opus, pcm_f32le, pcm_s16le, wav."""

    duration_ms: float
    """Duration of the audio in milliseconds, including pauses."""

    sentences: int
    """Number of `sentence` events that were sent."""

    seed: int
    """The seed that was used. Send it again to get the same audio."""

    metrics: Metrics
    """Timing and memory of the request."""

    warnings: list[Warning] | None = None
    """Problems that did not stop the request, e.g. a poor reference recording. Absent: none."""

    audio: bytes | None = None
    """All of the audio. Absent with `partialResultToken`."""


class TimedWord(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A word of the text that was spoken."""

    word: str
    """The word as it is written, without markup and marks around it."""

    start_ms: float
    """Start of the word in the audio, in milliseconds."""

    end_ms: float
    """End of the word in the audio, in milliseconds."""

    text_start: int
    """Start of the word in the request's text, in characters (Unicode code points)."""

    text_end: int
    """End of the word in the request's text, in characters (Unicode code points), exclusive."""


class VoiceCreateResult(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename="camel",
    omit_defaults=True,
    tag_field="kind",
    tag="saved",
):
    """The voice that was created and saved."""

    voice: str
    """The name to use as speech/synthesize's `voice`."""

    model: str
    """The Base model that the voice was created with; a folder is absolute."""

    created: str
    """When the voice was created: ISO 8601, UTC."""

    has_transcript: bool
    """Whether the voice has its recording's transcript; if false, only the timbre was taken."""

    language: str | None = None
    """The language that the voice speaks unless a request names another. Absent: none."""

    frames: int | None = None
    """Length of the recording in codec frames of 80 ms. Absent without a transcript."""

    seed: int | None = None
    """The seed of the design, which creates the same voice again. Absent for a recording."""

    warnings: list[Warning] | None = None
    """Problems of the recording that did not stop the request. Absent: none."""


class VoiceEntry(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A voice that can be used by name."""

    voice: str
    """The name to use as speech/synthesize's `voice`."""

    kind: str
    """preset: built into the model. saved: created by voice/create. Values: preset, saved."""

    model: str
    """The model that has the preset, or that the voice was created with."""

    language: str | None = None
    """The language that the voice speaks unless a request names another; for a preset, its dialect.
    Absent: none.
    """

    languages: list[str] | None = None
    """A preset's native languages, in which it sounds best; it also speaks the other languages of
    its model. Absent: unknown.
    """

    gender: str | None = None
    """The gender of a preset's voice. Absent: unknown. Values: female, male."""

    description: str | None = None
    """One sentence about the voice: in English for a preset; for a designed voice, the description
    it was created from. Absent: none.
    """

    created: str | None = None
    """When a saved voice was created: ISO 8601, UTC. Absent for a preset."""

    origin: str | None = None
    """What a saved voice was created from. reference: a recording. design: a description. Absent
    for a preset. Values: design, reference.
    """

    has_transcript: bool | None = None
    """Whether a saved voice has its recording's transcript; if false, only its timbre was taken.
    Absent for a preset.
    """


class VoiceListResult(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True
):
    """The voices, and the files in the voices folder that cannot be used."""

    voices: list[VoiceEntry]
    """The voices, presets first."""

    skipped: list[SkippedFile] | None = None
    """Files that cannot be used as a voice. Absent: none."""

    omitted: int | None = None
    """Number of files that were not read because there are too many. Absent: none."""


VoiceName: TypeAlias = """Literal[
    "slt",
    "rms",
    "serena",
    "vivian",
    "uncle_fu",
    "ryan",
    "aiden",
    "ono_anna",
    "sohee",
    "eric",
    "dylan",
] | str"""
"""A preset voice of a model, or a saved voice. The examples are the presets of the models in the
catalogue; any other string is allowed.
"""


class VoiceProgress(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename="camel",
    omit_defaults=True,
    tag_field="kind",
    tag="voice",
):
    """A stage of voice/create. `downloading` and `designing` are reported repeatedly."""

    stage: str
    """The stage that begins. resolving, downloading, loading: for each model that is needed.
    designing: speaking in the described voice. encoding: analysing the recording. saving:
    writing the voice file. Values: designing, downloading, encoding, loading, resolving, saving.
    """

    message: str
    """Details of the stage, for people."""


class Warning(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Something the client should know although the request succeeded."""

    type: str
    """A stable name, e.g. referenceQuiet. Later versions may add new ones."""

    message: str
    """What was noticed and what can be done about it, for people."""


class WordsProgress(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename="camel",
    omit_defaults=True,
    tag_field="kind",
    tag="words",
):
    """When the words of a sentence were spoken. It comes after the sentence's audio."""

    sentence: int
    """Index of the sentence."""

    words: list[TimedWord] | None
    """The words in order. Empty: nothing of the sentence was spoken. null: there are no times, and
    the warning `wordTimesMissing` in the result says why.
    """

    source: str | None = None
    """Who knows the times. model: the model that speaks. aligner: another one, which has compared
    the audio with the text. Absent: there are no times. Values: aligner, model.
    """

    grain_ms: float | None = None
    """The distance of the times that `source` can tell apart, in milliseconds. Absent: there are no
    times.
    """


class SpeechParams(TypedDict, total=False):
    """What to speak, and how."""

    split_sentences: bool
    """Whether to split the text into sentences and generate each one separately. With false, the
    whole text is one utterance. Default true.
    """

    normalize_text: bool
    """Whether to make the text speakable: with true, numbers, dates, units, URLs and the like are
    written out as words, and Markdown and emoji are removed; with false, the text stays as it
    is. Default: as true, but numbers and the like are left to a model that reads them itself.
    """

    input_format: Literal["ssml", "text"]
    """text: a plain text, in which only [pause:500ms] and <break/> ask for something, and Markdown
    and HTML are removed; ssml: a document of SSML, whose root is <speak>. Default text. Values:
    ssml, text.
    """

    lexicon: list[LexiconEntry]
    """How words are said; these count more than those of the server's --lexicon. Of several at one
    place, the longest counts. Default: none.
    """

    skip: list[Literal["directions", "thinking"]]
    """What in the text is not spoken, unless `normalizeText` is false: `thinking`, the reasoning of
    a language model between <think> and </think>; `directions`, stage directions such as
    [laughs], *sighs* and (pause). Default: thinking.
    """

    pauses: Pauses
    """Extra silence after sentences and paragraphs. Default: 100 and 400 ms."""

    model: ModelName
    """The model that speaks; it is downloaded and loaded first if necessary. Default: the model of
    the saved voice, otherwise the server's --model.
    """

    voice: VoiceName
    """A preset voice of the model, or a saved voice; case does not matter. Default: the model's
    first preset.
    """

    language: LanguageName
    """The language of the text: one of the model's languages, or a language tag such as `en` or
    `pt-BR`; case does not matter. Default: the saved voice's language, otherwise `auto`, which
    detects it.
    """

    instruct: str
    """An instruction on how to speak; for a VoiceDesign model, a description of the voice. Default:
    none.
    """

    reference: Reference
    """A recording whose voice is cloned. Default: none."""

    speakers: dict[str, SpeakerParams]
    """Who speaks, by name. `[Name]` in the text, or <voice name> in SSML, says which of them speaks
    next; before the first of these, the request's own voice speaks. A name in brackets that is
    none of them is an error. Default: one voice for all.
    """

    sampling: Sampling
    """How codes are sampled. Default: the checkpoint's settings."""

    seed: int
    """Random seed. The same seed gives the same audio for the same params, version and machine.
    Default: a random one, which the result returns. Range: from 0 to 9007199254740991.
    """

    max_frames: int
    """Cut the speech at this length, in codec frames; 12.5 frames are one second. Default: no
    limit, or 4096 if the audio is returned in the result. Range: from 1 to 1000000.
    """

    text_mode: Literal["full", "stream"]
    """full: the model reads the whole text before it generates the first frame. stream: it reads
    one text token per frame. Default: stream for a Base model, otherwise full. This does not
    depend on `moreText`. Values: full, stream.
    """

    encoding: Literal["flac", "mp3", "ogg_opus", "pcm_f32le", "pcm_s16le", "wav"]
    """Encoding of the audio: samples without a header (pcm_s16le, pcm_f32le), or a file format.
    Default pcm_s16le. Values: flac, mp3, ogg_opus, pcm_f32le, pcm_s16le, wav.
    """

    sample_rate: int
    """Sample rate of the audio in Hz, 8000 to 48000. Default: the model's, which is 24000 for
    Qwen3-TTS.
    """

    speed: float
    """Speaking rate (dimensionless), 0.5 to 2: 2 is twice as fast. The pitch does not change.
    Default 1.
    """

    fade: bool
    """Whether to fade the audio in and out, over 5 ms each. Default true; false for pcm_f32le,
    which returns the model's exact samples.
    """

    peak_limit: float
    """Limiter ceiling for the sample values in dBFS, −40 to 0. Default: no limiter."""

    timing: Literal["sentence", "word"]
    """What is reported with its time in the audio. sentence: where each sentence starts. word: also
    when each word was spoken, as progress of the kind `words`; it needs a `partialResultToken`.
    Default sentence. Values: sentence, word.
    """

    chunk: Chunking
    """Sizes of the chunks. Default: 1 frame first, growing to 12."""

    priority: Literal["high", "low", "normal"]
    """Which requests go first when not all can be served. Default normal. Values: high, low,
    normal.
    """

    stop_runaway: bool
    """Whether to stop speech that does not end by itself. Default true."""

    credit_ms: float
    """With `partialResultToken`: generate no further than this many milliseconds of audio;
    speech/grantCredit grants more. The last chunk may exceed it. Default: no limit. Range: from
    0 to 100000000.
    """


class LiveSpeechParams(TypedDict, total=False):
    """What to speak, and how."""

    text_timeout_ms: float
    """With `moreText`: maximum time without new text before the request fails with `textTimeout`,
    in milliseconds. Default 60000. Range: more than 0 to 3600000.
    """

    normalize_text: bool
    """Whether to make the text speakable: with true, numbers, dates, units, URLs and the like are
    written out as words, and Markdown and emoji are removed; with false, the text stays as it
    is. Default: as true, but numbers and the like are left to a model that reads them itself.
    """

    input_format: Literal["ssml", "text"]
    """text: a plain text, in which only [pause:500ms] and <break/> ask for something, and Markdown
    and HTML are removed; ssml: a document of SSML, whose root is <speak>. Default text. Values:
    ssml, text.
    """

    lexicon: list[LexiconEntry]
    """How words are said; these count more than those of the server's --lexicon. Of several at one
    place, the longest counts. Default: none.
    """

    skip: list[Literal["directions", "thinking"]]
    """What in the text is not spoken, unless `normalizeText` is false: `thinking`, the reasoning of
    a language model between <think> and </think>; `directions`, stage directions such as
    [laughs], *sighs* and (pause). Default: thinking.
    """

    pauses: Pauses
    """Extra silence after sentences and paragraphs. Default: 100 and 400 ms."""

    model: ModelName
    """The model that speaks; it is downloaded and loaded first if necessary. Default: the model of
    the saved voice, otherwise the server's --model.
    """

    voice: VoiceName
    """A preset voice of the model, or a saved voice; case does not matter. Default: the model's
    first preset.
    """

    language: LanguageName
    """The language of the text: one of the model's languages, or a language tag such as `en` or
    `pt-BR`; case does not matter. Default: the saved voice's language, otherwise `auto`, which
    detects it.
    """

    instruct: str
    """An instruction on how to speak; for a VoiceDesign model, a description of the voice. Default:
    none.
    """

    reference: Reference
    """A recording whose voice is cloned. Default: none."""

    speakers: dict[str, SpeakerParams]
    """Who speaks, by name. `[Name]` in the text, or <voice name> in SSML, says which of them speaks
    next; before the first of these, the request's own voice speaks. A name in brackets that is
    none of them is an error. Default: one voice for all.
    """

    sampling: Sampling
    """How codes are sampled. Default: the checkpoint's settings."""

    seed: int
    """Random seed. The same seed gives the same audio for the same params, version and machine.
    Default: a random one, which the result returns. Range: from 0 to 9007199254740991.
    """

    max_frames: int
    """Cut the speech at this length, in codec frames; 12.5 frames are one second. Default: no
    limit, or 4096 if the audio is returned in the result. Range: from 1 to 1000000.
    """

    text_mode: Literal["full", "stream"]
    """full: the model reads the whole text before it generates the first frame. stream: it reads
    one text token per frame. Default: stream for a Base model, otherwise full. This does not
    depend on `moreText`. Values: full, stream.
    """

    encoding: Literal["flac", "mp3", "ogg_opus", "pcm_f32le", "pcm_s16le", "wav"]
    """Encoding of the audio: samples without a header (pcm_s16le, pcm_f32le), or a file format.
    Default pcm_s16le. Values: flac, mp3, ogg_opus, pcm_f32le, pcm_s16le, wav.
    """

    sample_rate: int
    """Sample rate of the audio in Hz, 8000 to 48000. Default: the model's, which is 24000 for
    Qwen3-TTS.
    """

    speed: float
    """Speaking rate (dimensionless), 0.5 to 2: 2 is twice as fast. The pitch does not change.
    Default 1.
    """

    fade: bool
    """Whether to fade the audio in and out, over 5 ms each. Default true; false for pcm_f32le,
    which returns the model's exact samples.
    """

    peak_limit: float
    """Limiter ceiling for the sample values in dBFS, −40 to 0. Default: no limiter."""

    timing: Literal["sentence", "word"]
    """What is reported with its time in the audio. sentence: where each sentence starts. word: also
    when each word was spoken, as progress of the kind `words`; it needs a `partialResultToken`.
    Default sentence. Values: sentence, word.
    """

    chunk: Chunking
    """Sizes of the chunks. Default: 1 frame first, growing to 12."""

    priority: Literal["high", "low", "normal"]
    """Which requests go first when not all can be served. Default normal. Values: high, low,
    normal.
    """

    stop_runaway: bool
    """Whether to stop speech that does not end by itself. Default true."""

    credit_ms: float
    """With `partialResultToken`: generate no further than this many milliseconds of audio;
    speech/grantCredit grants more. The last chunk may exceed it. Default: no limit. Range: from
    0 to 100000000.
    """


class LoadParams(TypedDict, total=False):
    """Which model to load, and how."""

    revision: str
    """Branch, tag or commit of the model's repository; the same as `model@revision`. Default: the
    main branch.
    """

    dtype: Literal["auto", "bfloat16", "float16", "float32"]
    """Data type of the weights in memory. Default auto: a loaded model stays as it is; otherwise
    float32 on the CPU, and the checkpoint's own type on a GPU. Values: auto, bfloat16, float16,
    float32.
    """

    bits: Literal[4, 6, 8]
    """Quantise the weights to this number of bits while loading. Default: the weights stay as they
    are. Values: 4, 6, 8.
    """

    keep_alive: float
    """Seconds that an idle model stays in memory: −1 keeps it, 0 unloads it as soon as it is idle.
    Default: the server's --keep-alive, which is −1 unless set. Range: from -1 to 31536000.
    """


class VoiceParams(TypedDict, total=False):
    """What to create a voice from. Give either `reference` or `design`."""

    model: ModelName
    """The Base model that will speak with the voice. Default 1.7b-base."""

    reference: Reference
    """Either this or `design`: a recording of the voice. Default: none."""

    design: DesignParams
    """Either this or `reference`: a description of the voice. Default: none."""

    language: LanguageName
    """The language that the voice speaks unless a request names another. Default:
    `design.language`.
    """

    replace: bool
    """Whether to replace an existing saved voice of the same name. Default false: the request fails
    with `voiceExists`.
    """


ERROR_CODES: Final[dict[str, int]] = {
    "unknownModel": 1001,
    "unknownRevision": 1001,
    "modelLoadFailed": 1002,
    "notACheckpoint": 1002,
    "modelNotDownloaded": 1002,
    "hubUnreachable": 1002,
    "hubAccessDenied": 1002,
    "hubRateLimited": 1002,
    "diskFull": 1002,
    "budgetExceeded": 1002,
    "corruptDownload": 1002,
    "modelDamaged": 1002,
    "missingPackage": 1002,
    "unknownVoice": 1003,
    "unknownLanguage": 1004,
    "badReferenceAudio": 1005,
    "referenceTooShort": 1005,
    "referenceTooLong": 1005,
    "referenceSilent": 1005,
    "unsupported": 1006,
    "incompatibleVoice": 1006,
    "textTooLong": 1007,
    "queueFull": 1008,
    "outOfMemory": 1009,
    "memoryLimitExceeded": 1009,
    "generationFailed": 1010,
    "modelInUse": 1011,
    "engineStalled": 1012,
    "voiceExists": 1013,
    "badVoiceFile": 1014,
    "voiceSaveFailed": 1015,
    "textTimeout": 1016,
    "modelNotDeleted": 1017,
    "sidecarExited": 1018,
    "creditTimeout": 1019,
    "pauseTimeout": 1020,
    "notInitialized": -32002,
    "invalidRequest": -32600,
    "duplicateId": -32600,
    "messageTooLong": -32600,
    "shuttingDown": -32600,
    "methodNotFound": -32601,
    "invalidParams": -32602,
    "unknownField": -32602,
    "unknownEncoding": -32602,
    "emptyText": -32602,
    "unknownSpeaker": -32602,
    "invalidMarkup": -32602,
    "badLexicon": -32602,
    "notFinite": -32602,
    "tokenInUse": -32602,
    "invalidVoiceName": -32602,
    "protocolVersionMismatch": -32602,
    "internalError": -32603,
    "parseError": -32700,
    "cancelled": -32800,
}
"""JSON-RPC's number (`code`) of each `type` of an error."""

ErrorType: TypeAlias = """Literal[
    "unknownModel",
    "unknownRevision",
    "modelLoadFailed",
    "notACheckpoint",
    "modelNotDownloaded",
    "hubUnreachable",
    "hubAccessDenied",
    "hubRateLimited",
    "diskFull",
    "budgetExceeded",
    "corruptDownload",
    "modelDamaged",
    "missingPackage",
    "unknownVoice",
    "unknownLanguage",
    "badReferenceAudio",
    "referenceTooShort",
    "referenceTooLong",
    "referenceSilent",
    "unsupported",
    "incompatibleVoice",
    "textTooLong",
    "queueFull",
    "outOfMemory",
    "memoryLimitExceeded",
    "generationFailed",
    "modelInUse",
    "engineStalled",
    "voiceExists",
    "badVoiceFile",
    "voiceSaveFailed",
    "textTimeout",
    "modelNotDeleted",
    "sidecarExited",
    "creditTimeout",
    "pauseTimeout",
    "notInitialized",
    "invalidRequest",
    "duplicateId",
    "messageTooLong",
    "shuttingDown",
    "methodNotFound",
    "invalidParams",
    "unknownField",
    "unknownEncoding",
    "emptyText",
    "unknownSpeaker",
    "invalidMarkup",
    "badLexicon",
    "notFinite",
    "tokenInUse",
    "invalidVoiceName",
    "protocolVersionMismatch",
    "internalError",
    "parseError",
    "cancelled",
] | str"""
"""The stable name of an error. Newer sidecars may have other ones."""

PRESET_GENDERS: Final[dict[str, str]] = {
    "slt": "female",
    "rms": "male",
    "serena": "female",
    "vivian": "female",
    "uncle_fu": "male",
    "ryan": "male",
    "aiden": "male",
    "ono_anna": "female",
    "sohee": "female",
    "eric": "male",
    "dylan": "male",
}
"""How the preset voices in the catalogue sound."""
