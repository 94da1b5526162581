// Generated from protocol/schema.json by scripts/generate-types.mjs; do not edit.

/** Version of the protocol that this client speaks. */
export const PROTOCOL_VERSION = 1;

/** More text for a request with `moreText`. */
export interface AppendTextParams {
  /** The `partialResultToken` of the request. */
  token: string | number;
  /** The next piece of the text; it may end anywhere, even inside a word. */
  text: string;
}

/** One chunk of a stream's audio. */
export interface AudioProgress {
  /** Always "audio". */
  kind: "audio";
  /** Index of the chunk: 0, 1, 2, … without gaps. */
  seq: number;
  /** The next bytes of the encoded audio. Concatenate those of all chunks. Encoded as base64. */
  audio: string;
  /** Number of audio samples in this chunk, including pauses. */
  samples: number;
  /** Number of codec frames generated for this chunk, 80 ms each; 0 in a pause. */
  frames: number;
  /** Index of the sentence this chunk belongs to. */
  sentence: number;
  /** Sample rate of the stream in Hz. Only the first chunk has it. */
  sampleRate?: number;
}

/** Which request to cancel. */
export interface CancelParams {
  /** The id of the request. */
  id: number | string;
  /**
   * Of a speech: how much of its audio was played, in milliseconds, for `heard` in the error.
   * Default: all that was sent. Range: from 0 to 1000000000.
   */
  playedMs?: number;
}

/** What this sidecar can do. */
export interface Capabilities {
  /** All methods that a client may call, including notifications. */
  methods: string[];
  /** Values of `encoding`. */
  encodings: string[];
  /** Values of `textMode`. */
  textModes: string[];
  /** The largest requests that are accepted. */
  limits: Limits;
  /**
   * The model of --aligner, which finds word times in place of the sidecar's own aligners. Absent:
   * none.
   */
  aligner?: string;
  /** Values of `timing`. Absent: an older sidecar, without `timing`. */
  timings?: string[];
  /**
   * Languages for which the sidecar itself has an aligner, for voices of models that do not know
   * their word times. Absent: an older sidecar, without word times.
   */
  alignerLanguages?: string[];
}

/** How much audio each chunk carries, in codec frames of 80 milliseconds. */
export interface Chunking {
  /** Size of the first chunk in codec frames of 80 ms. Default 1. Range: from 1 to 1024. */
  firstFrames?: number;
  /**
   * Size that later chunks grow to, in codec frames of 80 ms. Default 12. Range: from 1 to 1024.
   */
  maxFrames?: number;
}

/** The program that uses the sidecar. */
export interface ClientInfo {
  /** The client's name, for the log. */
  name: string;
  /** The client's own version, for the log. Default: none. */
  version?: string;
}

/**
 * A voice described in words. A VoiceDesign model speaks `text` once in that voice, and the result
 * is used as the reference recording.
 */
export interface DesignParams {
  /** Description of the voice, e.g. a calm old man with a deep voice. */
  instruct: string;
  /** What the VoiceDesign model says: a sentence or two, 3 to 15 seconds of speech. */
  text: string;
  /** The language of `text`. Default auto. */
  language?: LanguageName;
  /** The VoiceDesign model. Default 1.7b-voicedesign. */
  model?: ModelName;
  /**
   * Random seed; another seed gives another voice. Default: a random one. Range: from 0 to
   * 9007199254740991.
   */
  seed?: number;
  /**
   * Cut the designed speech at this length, in codec frames; 12.5 frames are one second. Default
   * 375, which is 30 s. Range: from 13 to 750.
   */
  maxFrames?: number;
}

/** A result without content: the request succeeded. */
export type Empty = Record<string, never>;

/** What the engine, which runs the models, is working on. */
export interface EngineState {
  /**
   * idle: no work. busy: working. stalled: one task has taken more than ten seconds; loading a
   * model may take that long, speech should not.
   */
  state: "busy" | "idle" | "stalled";
  /** The current task, for people. Absent if idle. */
  task?: string;
  /**
   * How long the current task has taken so far, in milliseconds, rounded to whole seconds. Absent
   * if idle.
   */
  elapsedMs?: number;
}

/** The part of an error that programs read: `type` is stable, the message is not. */
export interface ErrorData {
  /** The stable name of the error. */
  type: string;
  /** The param at fault as a path, e.g. sampling.topK. Absent: no single one. */
  field?: string;
  /** What can be done, in a sentence. Absent: nothing is known. */
  hint?: string;
  /** Disk space that is needed, in bytes; with diskFull. */
  neededBytes?: number;
  /** Disk space that is free, in bytes; with diskFull. */
  freeBytes?: number;
  /** How long to wait before trying again, in seconds; with hubRateLimited. */
  retryAfterSeconds?: number;
  /** Length of the message in bytes; with messageTooLong. */
  messageBytes?: number;
  /** Longest message that is taken, in bytes; with messageTooLong. */
  limitBytes?: number;
  /**
   * Where in the request's text the fault is, in characters (Unicode code points); with
   * invalidMarkup and unknownSpeaker.
   */
  textOffset?: number;
  /**
   * What was heard of a speech with a `partialResultToken`; with cancelled. Absent: no audio was
   * sent.
   */
  heard?: HeardSpeech;
}

/** More credit for a request with `creditMs`. */
export interface GrantCreditParams {
  /** The `partialResultToken` of the request. */
  token: string | number;
  /**
   * Milliseconds of audio that may be sent beyond all credit so far. Range: more than 0 to
   * 100000000.
   */
  ms: number;
}

/** What the listener of a cancelled stream has got of it. */
export interface HeardSpeech {
  /**
   * Number of audio samples: those of `playedMs` if the cancel had it, but at most those that were
   * sent.
   */
  samples: number;
  /** Sample rate of the stream in Hz. */
  sampleRate: number;
  /** Index of the sentence in which they end. */
  sentence: number;
  /**
   * Where in the request's text that is, in characters (Unicode code points). Exact where a
   * sentence begins or ends, and estimated within one; it is the beginning of the word that was
   * not heard to its end.
   */
  textEnd: number;
}

/** The protocol version that the client speaks, and what it is. */
export interface InitializeParams {
  /** Version of the protocol that the client speaks: 1. Others are refused. */
  protocolVersion: number;
  /** The client's name and version. */
  clientInfo: ClientInfo;
  /**
   * The client's process id. The sidecar exits when that process is gone. Default: none; then the
   * sidecar exits when its stdin ends or its parent is gone. Range: from 1 to 2147483647.
   */
  processId?: number;
  /**
   * Send log events of this level and above as window/logMessage notifications. Default: none are
   * sent.
   */
  logMessages?: "debug" | "error" | "info" | "warning";
}

/** The protocol version, name and capabilities of the sidecar. */
export interface InitializeResult {
  /** Version of the protocol that the sidecar speaks: 1. */
  protocolVersion: number;
  /** The sidecar's name and version. */
  serverInfo: ServerInfo;
  /** Methods, encodings and limits of this sidecar. */
  capabilities: Capabilities;
}

/**
 * A language or dialect that a model speaks. The examples are those of Qwen3-TTS; any other string
 * is allowed.
 */
export type LanguageName =
  | "auto"
  | "chinese"
  | "english"
  | "japanese"
  | "korean"
  | "german"
  | "french"
  | "russian"
  | "portuguese"
  | "spanish"
  | "italian"
  | "beijing_dialect"
  | "sichuan_dialect"
  | (string & {});

/** How a word or a phrase is said. */
export interface LexiconEntry {
  /** The word or phrase in the text; it is found as whole words. */
  written: string;
  /** What is said instead. */
  spoken: string;
  /** Only for a text in this language, a name or a tag. Default: for any. */
  language?: LanguageName;
  /** Whether upper and lower case must be as in `written`. Default false. */
  caseSensitive?: boolean;
}

/** The largest requests that this sidecar accepts. */
export interface Limits {
  /** Largest message (the body of one frame) in bytes, in both directions. */
  maxMessageBytes: number;
  /**
   * Largest message in bytes that is refused with `messageTooLong` and skipped. A larger one is a
   * framing error, which ends the process.
   */
  maxDiscardBytes: number;
  /**
   * Longest `text` of a request with `partialResultToken`, in characters (Unicode code points).
   */
  maxTextChars: number;
  /**
   * Longest instruction or transcript, in characters (Unicode code points); also the longest
   * `text` with `splitSentences: false` or without `partialResultToken`.
   */
  maxUtteranceChars: number;
  /** Largest value of `maxFrames`, in codec frames; 12.5 frames are one second. */
  maxFrames: number;
  /** Number of requests that can be generated at the same time. */
  maxStreams: number;
  /** Number of further requests that may wait for their turn. */
  maxQueued: number;
  /**
   * Longest reference recording in seconds. The command-line option --max-reference-seconds sets
   * it.
   */
  maxReferenceSeconds: number;
  /**
   * Over a WebSocket: the most credit of a stream that the server uses at a time, in milliseconds.
   * Absent: no limit.
   */
  maxCreditMs?: number;
  /**
   * Number of requests of one WebSocket connection that may be in flight. Absent: there is no such
   * limit.
   */
  maxRequests?: number;
}

/**
 * A stage of model/load or model/download. `downloading` is repeated, at most about ten times a
 * second.
 */
export interface LoadProgress {
  /** Always "load". */
  kind: "load";
  /**
   * The stage that begins. resolving: finding the model. downloading: only if it is not on this
   * machine. loading: reading it into memory, in model/load only.
   */
  stage: "downloading" | "loading" | "resolving";
  /** Details of the stage, for people. */
  message: string;
  /**
   * Bytes of `totalBytes` that are on this machine, including an earlier download. Never
   * decreases. Absent in other stages.
   */
  receivedBytes?: number;
  /** Size of the complete download in bytes. Absent in other stages. */
  totalBytes?: number;
  /** Number of complete files. Absent in other stages. */
  receivedFiles?: number;
  /** Number of files in the download. Absent in other stages. */
  totalFiles?: number;
  /** The file that is being received. Absent: none at this moment. */
  file?: string;
  /** How fast bytes have arrived in the last five seconds. Absent: none have. */
  bytesPerSecond?: number;
  /**
   * The hub's rate limit requires a pause of this many milliseconds, which the sidecar is waiting
   * for. Absent: no pause.
   */
  waitingMs?: number;
}

/** A model in memory. */
export interface LoadedModel {
  /** The name that the model was first loaded by. */
  model: string;
  /** Data type of the weights: float32, bfloat16 or float16. */
  dtype: string;
  /** Memory of the weights in bytes. */
  memoryBytes: number;
  /** Number of requests that it is generating now. */
  streams: number;
  /** Bits of each quantised weight. Absent: not quantised. */
  bits?: number;
}

/** A log event, in the form of the Language Server Protocol. */
export interface LogMessageParams {
  /** Severity: 1 error, 2 warning, 3 info, 4 debug. */
  type: 1 | 2 | 3 | 4;
  /** The log event, for people. */
  message: string;
  /** The module that logged the event, e.g. sidecar.engine. */
  logger: string;
}

/** Memory used by MLX, the array library. */
export interface MemoryStatus {
  /** Memory in use now, in bytes. */
  activeBytes: number;
  /** Peak memory in use since the process started, in bytes. */
  peakBytes: number;
  /** Freed memory that is kept for reuse, in bytes. */
  cacheBytes: number;
  /** Limit for all loaded models together, in bytes. Absent: no limit. */
  limitBytes?: number;
}

/** Timing and memory of the request. */
export interface Metrics {
  /** Milliseconds from the request to its first computation, including loading the model. */
  queueMs: number;
  /** Milliseconds from the request to its first chunk. */
  firstAudioMs: number;
  /**
   * Milliseconds of computation, without waits for the client: for text, for credit, or until it
   * reads.
   */
  generationMs: number;
  /** generationMs ÷ durationMs (dimensionless). Below 1 is faster than playback. */
  realTimeFactor: number;
  /** Peak memory of MLX since the process started, in bytes. */
  peakMemoryBytes: number;
}

/** Which downloaded model to delete. */
export interface ModelDeleteParams {
  /**
   * An alias or a hub id. With `@revision`, only that revision is deleted; without, all revisions
   * and partial downloads.
   */
  model: ModelName;
}

/** What the deletion has freed. */
export interface ModelDeleteResult {
  /** Size of the deleted files in bytes. */
  freedBytes: number;
}

/** Which model has to be on this machine. */
export interface ModelDownloadParams {
  /**
   * A name that model/list returns, a hub id `owner/name`, or a folder. A name or hub id may end
   * with `@revision`. Default: the server's --model.
   */
  model?: ModelName;
  /**
   * Branch, tag or commit of the model's repository; the same as `model@revision`. Default: the
   * main branch.
   */
  revision?: string;
  /** Report stages as $/progress under this token. Default: no progress. */
  workDoneToken?: string | number;
}

/** Where the model's files are. */
export interface ModelDownloadResult {
  /** The name to use for the model; with `revision`, model@revision. */
  model: string;
  /**
   * Where its files are. bundled: the sidecar's package. modelsDir: a folder of --models-dir.
   * folder: the folder that `model` names. cache: the hub's cache.
   */
  source: "bundled" | "cache" | "folder" | "modelsDir";
  /** The folder of its files. */
  path: string;
}

/** A model that can be loaded. */
export interface ModelEntry {
  /** The name to use as `model`. */
  model: string;
  /**
   * loaded: in memory. bundled: part of the sidecar. cached: completely on this machine. known: in
   * the catalogue, and not completely on this machine.
   */
  state: "bundled" | "cached" | "known" | "loaded";
  /**
   * Where its files are used from. bundled: the sidecar's package. modelsDir: a folder of
   * --models-dir. cache: the hub's cache. Absent: it is not completely on this machine.
   */
  source?: "bundled" | "cache" | "modelsDir";
  /** The folder of its files. Absent without `source`. */
  path?: string;
  /**
   * Why the model in a folder of --models-dir cannot be used, for people; loading it fails with
   * `modelDamaged`. Absent: no fault.
   */
  fault?: string;
  /** The repository on the Hugging Face hub. Absent: none. */
  repo?: string;
  /** custom_voice, voice_design or base. Absent outside the catalogue. */
  variant?: string;
  /** Bits of each weight; 16 is bfloat16. Absent outside the catalogue. */
  bits?: number;
  /** Number of parameters, without the codec. Absent outside the catalogue. */
  parameters?: number;
  /** Size of the complete download in bytes; estimated. Absent outside the catalogue. */
  downloadBytes?: number;
  /**
   * Memory needed to speak one stream on this machine's device, in bytes; estimated, and including
   * the process itself. Absent: unknown.
   */
  memoryBytes?: number;
  /**
   * Size of the files on this machine in bytes, including an incomplete download. Absent: none.
   */
  diskBytes?: number;
  /**
   * The part of `diskBytes` that is in the hub's cache and that model/delete frees, in bytes.
   * Absent: none.
   */
  cacheBytes?: number;
  /**
   * When the model was last loaded from the hub's cache, unloaded, or downloaded, by any process:
   * ISO 8601 in UTC. Absent: it is not in the cache.
   */
  lastUsed?: string;
  /** Accepted values of `language`. Absent: unknown until the model is loaded. */
  languages?: string[];
  /**
   * What the model can do. Absent: unknown until it is loaded. presets: it has preset voices.
   * cloning: it accepts a `reference`. design: `instruct` describes the voice. instruct: it
   * accepts an instruction on how to speak. textStreaming: it accepts text token by token while it
   * speaks. batching: it generates several requests at the same time. seed: the same seed gives
   * the same audio. wordTimes: it knows when it says each word. aligning: it speaks nothing, and
   * finds when words are said (--aligner).
   */
  abilities?: ("aligning" | "batching" | "cloning" | "design" | "instruct" | "phonemes" | "presets" | "seed" | "textStreaming" | "wordTimes")[];
  /**
   * Files that are still missing of a partly downloaded model, whose state is known. Absent: none.
   */
  missingFiles?: string[];
}

/** All models that can be loaded by name. */
export interface ModelListResult {
  /** The bundled model, the catalogue, other models on this machine. */
  models: ModelEntry[];
  /** Size of all models in the hub's cache in bytes: the sum of cacheBytes. */
  usedBytes: number;
  /** Free space on the disk of the hub's cache in bytes. */
  freeBytes: number;
  /** How large downloads may make `usedBytes`, in bytes: --models-budget. Absent: no limit. */
  budgetBytes?: number;
}

/** Which model to load, and how. */
export interface ModelLoadParams {
  /**
   * A name that model/list returns, a hub id `owner/name`, or a folder. A name or hub id may end
   * with `@revision`. Default: the server's --model.
   */
  model?: ModelName;
  /**
   * Branch, tag or commit of the model's repository; the same as `model@revision`. Default: the
   * main branch.
   */
  revision?: string;
  /**
   * Data type of the weights in memory. Default auto: a loaded model stays as it is; otherwise
   * float32 on the CPU, and the checkpoint's own type on a GPU.
   */
  dtype?: "auto" | "bfloat16" | "float16" | "float32";
  /**
   * Quantise the weights to this number of bits while loading. Default: the weights stay as they
   * are.
   */
  bits?: 4 | 6 | 8;
  /**
   * Seconds that an idle model stays in memory: −1 keeps it, 0 unloads it as soon as it is idle.
   * Default: the server's --keep-alive, which is −1 unless set. Range: from -1 to 31536000.
   */
  keepAlive?: number;
  /** Report stages as $/progress under this token. Default: no progress. */
  workDoneToken?: string | number;
}

/** The loaded model, and what it can do. */
export interface ModelLoadResult {
  /** The name to use for the model; with `revision`, model@revision. */
  model: string;
  /** Architecture of the model, e.g. qwen3_tts. */
  family: string;
  /** custom_voice, voice_design or base; for another family, the name of the family. */
  variant: string;
  /** Data type of the weights: float32, bfloat16 or float16. */
  dtype: string;
  /** Sample rate of the model's audio in Hz. */
  sampleRate: number;
  /** Preset voices; the first is the default. Empty if there are none. */
  voices: string[];
  /** Accepted values of `language`; the first is auto. */
  languages: string[];
  /** Memory of the weights in bytes. */
  memoryBytes: number;
  /**
   * How long loading took, in milliseconds, without the download. For a model that was already
   * loaded, the time of that earlier load.
   */
  loadMs: number;
  /**
   * What the model can do. Anything else fails with `unsupported`. presets: it has preset voices.
   * cloning: it accepts a `reference`. design: `instruct` describes the voice. instruct: it
   * accepts an instruction on how to speak. textStreaming: it accepts text token by token while it
   * speaks. batching: it generates several requests at the same time. seed: the same seed gives
   * the same audio. wordTimes: it knows when it says each word. aligning: it speaks nothing, and
   * finds when words are said (--aligner).
   */
  abilities: ("aligning" | "batching" | "cloning" | "design" | "instruct" | "phonemes" | "presets" | "seed" | "textStreaming" | "wordTimes")[];
  /**
   * More accepted values of `language`: dialects, each spoken by default by one of the preset
   * voices. Absent: none.
   */
  dialects?: string[];
  /** Bits of each quantised weight. Absent: not quantised. */
  bits?: number;
  /** Seconds that the idle model stays in memory. Absent: until it is unloaded. */
  keepAlive?: number;
}

/**
 * A name that model/list returns, a hub id `owner/name`, or a folder. The examples are the names
 * in the catalogue; any other string is allowed.
 */
export type ModelName =
  | "tiny-voice"
  | "0.6b-customvoice"
  | "0.6b-customvoice-8bit"
  | "0.6b-customvoice-6bit"
  | "0.6b-customvoice-4bit"
  | "0.6b-customvoice-original"
  | "1.7b-customvoice"
  | "1.7b-customvoice-8bit"
  | "1.7b-customvoice-6bit"
  | "1.7b-customvoice-4bit"
  | "1.7b-customvoice-original"
  | "1.7b-voicedesign"
  | "1.7b-voicedesign-8bit"
  | "1.7b-voicedesign-6bit"
  | "1.7b-voicedesign-4bit"
  | "1.7b-voicedesign-original"
  | "0.6b-base"
  | "0.6b-base-8bit"
  | "0.6b-base-6bit"
  | "0.6b-base-4bit"
  | "0.6b-base-original"
  | "1.7b-base"
  | "1.7b-base-8bit"
  | "1.7b-base-6bit"
  | "1.7b-base-4bit"
  | "1.7b-base-original"
  | (string & {});

/** Which model to remove from memory. */
export interface ModelUnloadParams {
  /** Any name that the model was loaded by. */
  model: ModelName;
  /**
   * Whether to wait until the model has finished its requests. Default false: while it has any,
   * the request fails with `modelInUse`.
   */
  wait?: boolean;
}

/** The method takes no params. */
export type NoParams = Record<string, never>;

/** Extra silence between sentences, in addition to the model's own. */
export interface Pauses {
  /** Extra silence after each sentence, in milliseconds. Default 100. Range: from 0 to 10000. */
  sentenceMs?: number;
  /**
   * Extra silence after the last sentence of each paragraph, in milliseconds. Default 400. Range:
   * from 0 to 10000.
   */
  paragraphMs?: number;
}

/** Proof that the sidecar is alive. */
export interface PingResult {
  /** Milliseconds since the process began to serve. */
  uptimeMs: number;
}

/** Progress of a request. */
export interface ProgressParams {
  /** The token that the request named. */
  token: string | number;
  /** The progress; its `kind` says which type it has. */
  value: AudioProgress | SentenceProgress | WordsProgress | LoadProgress | VoiceProgress;
}

/** A recording whose voice is cloned. Give either `path` or `audio`. */
export interface Reference {
  /**
   * Either this or `audio`: path of an audio file, or its `file:` URI. A relative path is relative
   * to the sidecar's working directory; `~` is not expanded.
   */
  path?: string;
  /** Either this or `path`: content of an audio file, as base64 or as a `data:` URI. */
  audio?: string;
  /** Transcript of the recording. Default: none; then only the timbre of the voice is taken. */
  text?: string;
  /**
   * Whether to append 0.5 s of silence to the recording, which keeps its last sound out of the
   * speech. It has an effect only with `text`. Default true.
   */
  appendSilence?: boolean;
}

/** The cache of analysed reference recordings, which makes their next use fast. */
export interface ReferenceCacheStatus {
  /** Number of recordings in the cache. */
  count: number;
  /** Size of their features (the output of the models' encoders) in bytes. */
  featureBytes: number;
}

/**
 * How the first codebook is sampled. Omitted fields come from the checkpoint's
 * generation_config.json.
 */
export interface Sampling {
  /**
   * Sampling temperature (dimensionless), which divides the logits. 0 always takes the most likely
   * code; 1 samples from the model's own distribution. Default: the checkpoint's. Range: from 0 to
   * 10.
   */
  temperature?: number;
  /**
   * Number of most likely codes to sample from; 0 means all. Default: the checkpoint's. Range:
   * from 0.
   */
  topK?: number;
  /**
   * Nucleus sampling (dimensionless): sample from the smallest set of most likely codes whose
   * probabilities add up to at least this; 1 is all. Default: the checkpoint's. Range: more than 0
   * to 1.
   */
  topP?: number;
  /**
   * Repetition penalty (dimensionless). Above 1, codes that the utterance already contains become
   * less likely; 1 has no effect. Default: the checkpoint's. Range: more than 0 to 10.
   */
  repetitionPenalty?: number;
  /** How the other codebooks are sampled. Default: the checkpoint's values. */
  subtalker?: SubtalkerSampling;
}

/** Where a sentence starts. All sentences together cover the text without gaps, in order. */
export interface SentenceProgress {
  /** Always "sentence". */
  kind: "sentence";
  /** Index of the sentence: 0, 1, 2, … without gaps. */
  index: number;
  /** Start of the sentence in the request's text, in characters (Unicode code points). */
  textStart: number;
  /** End of the sentence in the request's text, in characters (Unicode code points), exclusive. */
  textEnd: number;
  /** Start of the sentence in the audio, in milliseconds. */
  startMs: number;
  /** Who says it, as `speakers` has the name. Absent: the request's voice. */
  speaker?: string;
}

/** The name and version of the sidecar. */
export interface ServerInfo {
  /** Always qwen-tts-sidecar. */
  name: string;
  /** Version of the Python package, e.g. 0.1.0. */
  version: string;
}

/** A file in the voices folder that cannot be used as a voice. */
export interface SkippedFile {
  /** Path of the file, or of the folder. */
  file: string;
  /** Why it cannot be used, for people. */
  reason: string;
}

/** The voice of one of several speakers. */
export interface SpeakerParams {
  /**
   * A preset voice of the model, or a saved voice; case does not matter. Default: the model's
   * first preset.
   */
  voice?: VoiceName;
  /**
   * The model that speaks. Default: the model of the saved voice, otherwise the request's model.
   */
  model?: ModelName;
  /**
   * An instruction on how to speak; for a VoiceDesign model, a description of the voice. Default:
   * none.
   */
  instruct?: string;
}

/** What the sidecar is doing, as of the engine's last step. */
export interface StatusResult {
  /**
   * The device that runs the models: metal, cuda or cpu. starting: MLX is still being imported.
   * broken: MLX cannot be imported.
   */
  backend: string;
  /** What the engine is working on. */
  engine: EngineState;
  /** Memory used by MLX. */
  memory: MemoryStatus;
  /** Number of requests that are waiting for a model or for their turn. */
  queued: number;
  /** The requests that are being generated. */
  streams: StreamStatus[];
  /** The models in memory. */
  models: LoadedModel[];
  /** The cache of reference recordings. */
  referenceCache: ReferenceCacheStatus;
  /**
   * Size of what the models keep of the beginnings of prompts, in bytes: the codec's states after
   * recordings, and the talker's keys and values of instructions, preset voices and transcripts.
   */
  promptCacheBytes: number;
  /** Milliseconds since the process began to serve. */
  uptimeMs: number;
}

/** The stream that the message is about. */
export interface StreamParams {
  /** The `partialResultToken` of the request. */
  token: string | number;
}

/** A request that is being generated. */
export interface StreamStatus {
  /** The model that generates it. */
  model: string;
  /** Number of codec frames generated so far, 80 milliseconds each. */
  frames: number;
  /** Duration of the audio delivered so far, in milliseconds. */
  audioMs: number;
  /** Milliseconds since the first computation for this request. */
  elapsedMs: number;
  /**
   * What the client has to send before the request goes on: more text, credit, or speech/resume.
   * Absent: nothing.
   */
  waitsFor?: "credit" | "resume" | "text";
}

/** How codebooks 1 and up are sampled. Omitted fields come from the checkpoint. */
export interface SubtalkerSampling {
  /**
   * Sampling temperature (dimensionless), which divides the logits. 0 always takes the most likely
   * code; 1 samples from the model's own distribution. Default: the checkpoint's. Range: from 0 to
   * 10.
   */
  temperature?: number;
  /**
   * Number of most likely codes to sample from; 0 means all. Default: the checkpoint's. Range:
   * from 0.
   */
  topK?: number;
  /**
   * Nucleus sampling (dimensionless): sample from the smallest set of most likely codes whose
   * probabilities add up to at least this; 1 is all. Default: the checkpoint's. Range: more than 0
   * to 1.
   */
  topP?: number;
}

/** What to speak, and how. */
export interface SynthesizeParams {
  /** The text to speak. */
  text: string;
  /**
   * Whether `text` is only the beginning: speech/appendText sends more, and speech/endText ends
   * it. Default false.
   */
  moreText?: boolean;
  /**
   * With `moreText`: maximum time without new text before the request fails with `textTimeout`, in
   * milliseconds. Default 60000. Range: more than 0 to 3600000.
   */
  textTimeoutMs?: number;
  /**
   * Whether to split the text into sentences and generate each one separately. With false, the
   * whole text is one utterance. Default true.
   */
  splitSentences?: boolean;
  /**
   * Whether to make the text speakable: with true, numbers, dates, units, URLs and the like are
   * written out as words, and Markdown and emoji are removed; with false, the text stays as it is.
   * Default: as true, but numbers and the like are left to a model that reads them itself.
   */
  normalizeText?: boolean;
  /**
   * text: a plain text, in which only [pause:500ms] and <break/> ask for something, and Markdown
   * and HTML are removed; ssml: a document of SSML, whose root is <speak>. Default text.
   */
  inputFormat?: "ssml" | "text";
  /**
   * How words are said; these count more than those of the server's --lexicon. Of several at one
   * place, the longest counts. Default: none.
   */
  lexicon?: LexiconEntry[];
  /**
   * What in the text is not spoken, unless `normalizeText` is false: `thinking`, the reasoning of
   * a language model between <think> and </think>; `directions`, stage directions such as
   * [laughs], *sighs* and (pause). Default: thinking.
   */
  skip?: ("directions" | "thinking")[];
  /** Extra silence after sentences and paragraphs. Default: 100 and 400 ms. */
  pauses?: Pauses;
  /**
   * The model that speaks; it is downloaded and loaded first if necessary. Default: the model of
   * the saved voice, otherwise the server's --model.
   */
  model?: ModelName;
  /**
   * A preset voice of the model, or a saved voice; case does not matter. Default: the model's
   * first preset.
   */
  voice?: VoiceName;
  /**
   * The language of the text: one of the model's languages, or a language tag such as `en` or
   * `pt-BR`; case does not matter. Default: the saved voice's language, otherwise `auto`, which
   * detects it.
   */
  language?: LanguageName;
  /**
   * An instruction on how to speak; for a VoiceDesign model, a description of the voice. Default:
   * none.
   */
  instruct?: string;
  /** A recording whose voice is cloned. Default: none. */
  reference?: Reference;
  /**
   * Who speaks, by name. `[Name]` in the text, or <voice name> in SSML, says which of them speaks
   * next; before the first of these, the request's own voice speaks. A name in brackets that is
   * none of them is an error. Default: one voice for all.
   */
  speakers?: Record<string, SpeakerParams>;
  /** How codes are sampled. Default: the checkpoint's settings. */
  sampling?: Sampling;
  /**
   * Random seed. The same seed gives the same audio for the same params, version and machine.
   * Default: a random one, which the result returns. Range: from 0 to 9007199254740991.
   */
  seed?: number;
  /**
   * Cut the speech at this length, in codec frames; 12.5 frames are one second. Default: no limit,
   * or 4096 if the audio is returned in the result. Range: from 1 to 1000000.
   */
  maxFrames?: number;
  /**
   * full: the model reads the whole text before it generates the first frame. stream: it reads one
   * text token per frame. Default: stream for a Base model, otherwise full. This does not depend
   * on `moreText`.
   */
  textMode?: "full" | "stream";
  /**
   * Encoding of the audio: samples without a header (pcm_s16le, pcm_f32le), or a file format.
   * Default pcm_s16le.
   */
  encoding?: "flac" | "mp3" | "ogg_opus" | "pcm_f32le" | "pcm_s16le" | "wav";
  /**
   * Sample rate of the audio in Hz, 8000 to 48000. Default: the model's, which is 24000 for
   * Qwen3-TTS.
   */
  sampleRate?: number;
  /**
   * Speaking rate (dimensionless), 0.5 to 2: 2 is twice as fast. The pitch does not change.
   * Default 1.
   */
  speed?: number;
  /**
   * Whether to fade the audio in and out, over 5 ms each. Default true; false for pcm_f32le, which
   * returns the model's exact samples.
   */
  fade?: boolean;
  /** Limiter ceiling for the sample values in dBFS, −40 to 0. Default: no limiter. */
  peakLimit?: number;
  /**
   * What is reported with its time in the audio. sentence: where each sentence starts. word: also
   * when each word was spoken, as progress of the kind `words`; it needs a `partialResultToken`.
   * Default sentence.
   */
  timing?: "sentence" | "word";
  /** Sizes of the chunks. Default: 1 frame first, growing to 12. */
  chunk?: Chunking;
  /** Which requests go first when not all can be served. Default normal. */
  priority?: "high" | "low" | "normal";
  /** Whether to stop speech that does not end by itself. Default true. */
  stopRunaway?: boolean;
  /**
   * With `partialResultToken`: generate no further than this many milliseconds of audio;
   * speech/grantCredit grants more. The last chunk may exceed it. Default: no limit. Range: from 0
   * to 100000000.
   */
  creditMs?: number;
  /**
   * Stream the audio as $/progress under this token. Default: all of the audio is returned in the
   * result.
   */
  partialResultToken?: string | number;
}

/** How the speech ended. */
export interface SynthesizeResult {
  /**
   * stop: the speech ended by itself. length: it was cut at `maxFrames`. runaway: it did not end
   * by itself and was cut.
   */
  finishReason: "length" | "runaway" | "stop";
  /** Number of codec frames generated, 80 ms each. */
  frames: number;
  /** Number of audio samples, including pauses. */
  samples: number;
  /** Sample rate of the audio in Hz. */
  sampleRate: number;
  /** Encoding of the audio. */
  encoding: "flac" | "mp3" | "ogg_opus" | "pcm_f32le" | "pcm_s16le" | "wav";
  /** Duration of the audio in milliseconds, including pauses. */
  durationMs: number;
  /** Number of `sentence` events that were sent. */
  sentences: number;
  /** The seed that was used. Send it again to get the same audio. */
  seed: number;
  /** Timing and memory of the request. */
  metrics: Metrics;
  /** Problems that did not stop the request, e.g. a poor reference recording. Absent: none. */
  warnings?: Warning[];
  /** All of the audio. Absent with `partialResultToken`. Encoded as base64. */
  audio?: string;
}

/** A word of the text that was spoken. */
export interface TimedWord {
  /** The word as it is written, without markup and marks around it. */
  word: string;
  /** Start of the word in the audio, in milliseconds. */
  startMs: number;
  /** End of the word in the audio, in milliseconds. */
  endMs: number;
  /** Start of the word in the request's text, in characters (Unicode code points). */
  textStart: number;
  /** End of the word in the request's text, in characters (Unicode code points), exclusive. */
  textEnd: number;
}

/** What to create a voice from. Give either `reference` or `design`. */
export interface VoiceCreateParams {
  /** The name of the new voice. Default: the first free name of voice-1, voice-2, and so on. */
  voice?: string;
  /** The Base model that will speak with the voice. Default 1.7b-base. */
  model?: ModelName;
  /** Either this or `design`: a recording of the voice. Default: none. */
  reference?: Reference;
  /** Either this or `reference`: a description of the voice. Default: none. */
  design?: DesignParams;
  /**
   * The language that the voice speaks unless a request names another. Default: `design.language`.
   */
  language?: LanguageName;
  /**
   * Whether to replace an existing saved voice of the same name. Default false: the request fails
   * with `voiceExists`.
   */
  replace?: boolean;
  /** Report stages as $/progress under this token. Default: no progress. */
  workDoneToken?: string | number;
}

/** The voice that was created and saved. */
export interface VoiceCreateResult {
  /** The name to use as speech/synthesize's `voice`. */
  voice: string;
  /** Always saved. */
  kind: "saved";
  /** The Base model that the voice was created with; a folder is absolute. */
  model: string;
  /** When the voice was created: ISO 8601, UTC. */
  created: string;
  /** Whether the voice has its recording's transcript; if false, only the timbre was taken. */
  hasTranscript: boolean;
  /** The language that the voice speaks unless a request names another. Absent: none. */
  language?: string;
  /** Length of the recording in codec frames of 80 ms. Absent without a transcript. */
  frames?: number;
  /** The seed of the design, which creates the same voice again. Absent for a recording. */
  seed?: number;
  /** Problems of the recording that did not stop the request. Absent: none. */
  warnings?: Warning[];
}

/** Which saved voice to delete. */
export interface VoiceDeleteParams {
  /** The name of a saved voice; case does not matter. */
  voice: string;
}

/** A voice that can be used by name. */
export interface VoiceEntry {
  /** The name to use as speech/synthesize's `voice`. */
  voice: string;
  /** preset: built into the model. saved: created by voice/create. */
  kind: "preset" | "saved";
  /** The model that has the preset, or that the voice was created with. */
  model: string;
  /**
   * The language that the voice speaks unless a request names another; for a preset, its dialect.
   * Absent: none.
   */
  language?: string;
  /**
   * A preset's native languages, in which it sounds best; it also speaks the other languages of
   * its model. Absent: unknown.
   */
  languages?: string[];
  /** The gender of a preset's voice. Absent: unknown. */
  gender?: "female" | "male";
  /**
   * One sentence about the voice: in English for a preset; for a designed voice, the description
   * it was created from. Absent: none.
   */
  description?: string;
  /** When a saved voice was created: ISO 8601, UTC. Absent for a preset. */
  created?: string;
  /**
   * What a saved voice was created from. reference: a recording. design: a description. Absent for
   * a preset.
   */
  origin?: "design" | "reference";
  /**
   * Whether a saved voice has its recording's transcript; if false, only its timbre was taken.
   * Absent for a preset.
   */
  hasTranscript?: boolean;
}

/** Which voices to list. */
export interface VoiceListParams {
  /**
   * List the presets of this model and the saved voices that it can use. Default: the presets of
   * the server's --model, and all saved voices.
   */
  model?: ModelName;
}

/** The voices, and the files in the voices folder that cannot be used. */
export interface VoiceListResult {
  /** The voices, presets first. */
  voices: VoiceEntry[];
  /** Files that cannot be used as a voice. Absent: none. */
  skipped?: SkippedFile[];
  /** Number of files that were not read because there are too many. Absent: none. */
  omitted?: number;
}

/**
 * A preset voice of a model, or a saved voice. The examples are the presets of the models in the
 * catalogue; any other string is allowed.
 */
export type VoiceName =
  | "slt"
  | "rms"
  | "serena"
  | "vivian"
  | "uncle_fu"
  | "ryan"
  | "aiden"
  | "ono_anna"
  | "sohee"
  | "eric"
  | "dylan"
  | (string & {});

/** A stage of voice/create. `downloading` and `designing` are reported repeatedly. */
export interface VoiceProgress {
  /** Always "voice". */
  kind: "voice";
  /**
   * The stage that begins. resolving, downloading, loading: for each model that is needed.
   * designing: speaking in the described voice. encoding: analysing the recording. saving: writing
   * the voice file.
   */
  stage: "designing" | "downloading" | "encoding" | "loading" | "resolving" | "saving";
  /** Details of the stage, for people. */
  message: string;
}

/** Something the client should know although the request succeeded. */
export interface Warning {
  /** A stable name, e.g. referenceQuiet. Later versions may add new ones. */
  type: string;
  /** What was noticed and what can be done about it, for people. */
  message: string;
}

/** When the words of a sentence were spoken. It comes after the sentence's audio. */
export interface WordsProgress {
  /** Always "words". */
  kind: "words";
  /** Index of the sentence. */
  sentence: number;
  /**
   * The words in order. Empty: nothing of the sentence was spoken. null: there are no times, and
   * the warning `wordTimesMissing` in the result says why.
   */
  words: TimedWord[];
  /**
   * Who knows the times. model: the model that speaks. aligner: another one, which has compared
   * the audio with the text. Absent: there are no times.
   */
  source?: "aligner" | "model";
  /**
   * The distance of the times that `source` can tell apart, in milliseconds. Absent: there are no
   * times.
   */
  grainMs?: number;
}

/** Requests that a client may send, with what they answer. */
export interface Requests {
  /** The handshake, which must come first. */
  "initialize": { params: InitializeParams; result: InitializeResult };
  /** The client will send no more requests; those in flight may finish. */
  "shutdown": { params: NoParams; result: Empty };
  /** Check whether the sidecar responds. It answers at once, whatever the engine is doing. */
  "ping": { params: NoParams; result: PingResult };
  /** Return what the engine is doing, and its memory. */
  "server/status": { params: NoParams; result: StatusResult };
  /** List the models that can be loaded. */
  "model/list": { params: NoParams; result: ModelListResult };
  /** Load a model into memory; download it first if necessary. */
  "model/load": { params: ModelLoadParams; result: ModelLoadResult; progress: LoadProgress };
  /** Remove a model from memory. */
  "model/unload": { params: ModelUnloadParams; result: Empty };
  /** Make sure that a model is on this machine; download it if necessary, and do not load it. */
  "model/download": { params: ModelDownloadParams; result: ModelDownloadResult; progress: LoadProgress };
  /** Delete a downloaded model from the hub's cache, and from memory. */
  "model/delete": { params: ModelDeleteParams; result: ModelDeleteResult };
  /** List the preset voices of a model, and saved voices. */
  "voice/list": { params: VoiceListParams; result: VoiceListResult };
  /** Create a voice from a recording or a description, and save it. */
  "voice/create": { params: VoiceCreateParams; result: VoiceCreateResult; progress: VoiceProgress };
  /** Delete a saved voice. */
  "voice/delete": { params: VoiceDeleteParams; result: Empty };
  /** Speak a text, and stream the audio. */
  "speech/synthesize": { params: SynthesizeParams; result: SynthesizeResult; progress: AudioProgress | SentenceProgress | WordsProgress };
}

/** Notifications that a client may send. They are not answered. */
export interface Notifications {
  /** The client has received the result of initialize. */
  "initialized": { params: NoParams };
  /** End the process. */
  "exit": { params: NoParams };
  /** Append text to a request with moreText. */
  "speech/appendText": { params: AppendTextParams };
  /** End the text of a request with moreText. */
  "speech/endText": { params: StreamParams };
  /** Speak now what there is of the text of a request with moreText. */
  "speech/flush": { params: StreamParams };
  /** Generate no more audio of a stream for now. */
  "speech/pause": { params: StreamParams };
  /** Go on with a stream that was paused. */
  "speech/resume": { params: StreamParams };
  /** Let a request with creditMs generate more audio. */
  "speech/grantCredit": { params: GrantCreditParams };
  /** Cancel a request, which is then answered with error -32800. */
  "$/cancelRequest": { params: CancelParams };
}

/** JSON-RPC's number (`code`) of each `type` of an error. */
export const ERROR_CODES = {
  /** The model is not in the catalogue, is not a repository on the hub, and is not a folder. */
  unknownModel: 1001,
  /** The repository has no branch, tag or commit of this name. */
  unknownRevision: 1001,
  /** The model could not be downloaded or loaded. */
  modelLoadFailed: 1002,
  /** The folder has no config.json, or no weights that can be used. */
  notACheckpoint: 1002,
  /** The model, or a part of it, is not on this machine, and downloads are not allowed. */
  modelNotDownloaded: 1002,
  /** The model hub cannot be reached, does not answer, or is out of order. */
  hubUnreachable: 1002,
  /** The model hub requires an access token, another token, or that you accept a licence. */
  hubAccessDenied: 1002,
  /** The model hub has received too many requests from this machine or account. */
  hubRateLimited: 1002,
  /** The disk does not have enough free space for the model. */
  diskFull: 1002,
  /** The download would make the models in the cache larger than the budget allows. */
  budgetExceeded: 1002,
  /** The content of a downloaded file differs from what the model hub lists. */
  corruptDownload: 1002,
  /** A file of an exported model is missing, or differs from the model's manifest. */
  modelDamaged: 1002,
  /** The model needs a Python package that is not installed. */
  missingPackage: 1002,
  /** The model has no preset voice of this name, and there is no saved voice of this name. */
  unknownVoice: 1003,
  /** The model does not speak the language. */
  unknownLanguage: 1004,
  /** The recording cannot be read, or a voice cannot be cloned from it. */
  badReferenceAudio: 1005,
  /** The recording is too short for a voice to be cloned from it. */
  referenceTooShort: 1005,
  /** The recording is longer than the sidecar accepts. */
  referenceTooLong: 1005,
  /** The recording is silent. */
  referenceSilent: 1005,
  /** The model cannot do what the request asks for. */
  unsupported: 1006,
  /** The saved voice was made for another kind of model. */
  incompatibleVoice: 1006,
  /** The text, the instruction or the transcript is longer than the sidecar accepts. */
  textTooLong: 1007,
  /** Too many requests are already waiting. */
  queueFull: 1008,
  /** There is not enough memory for the model or for the speech. */
  outOfMemory: 1009,
  /** The model needs more memory than models may use, so nothing was loaded. */
  memoryLimitExceeded: 1009,
  /** The work failed for another reason; the log on stderr has the details. */
  generationFailed: 1010,
  /** The model is in use, so it cannot be unloaded, deleted, or loaded with other options. */
  modelInUse: 1011,
  /** The engine hangs, and the process is about to end. */
  engineStalled: 1012,
  /** A voice of this name already exists. */
  voiceExists: 1013,
  /** The file of the saved voice is damaged, or is not a voice that this program has saved. */
  badVoiceFile: 1014,
  /** The voice could not be written to the folder of saved voices. */
  voiceSaveFailed: 1015,
  /** The request waited too long for more of its text. */
  textTimeout: 1016,
  /** The files of the model could not be deleted. */
  modelNotDeleted: 1017,
  /** The sidecar behind a WebSocket ended before it answered; the server starts another one. */
  sidecarExited: 1018,
  /** The request had no credit for long, and another one needed its place. */
  creditTimeout: 1019,
  /** The stream was paused for long, and another request needed its place. */
  pauseTimeout: 1020,
  /** A request was received before `initialize`. */
  notInitialized: -32002,
  /** The message is not a JSON-RPC 2.0 request, or the request is not allowed at this time. */
  invalidRequest: -32600,
  /** Another request with this id has not been answered yet. */
  duplicateId: -32600,
  /** The message is longer than the sidecar accepts; it was skipped without being parsed. */
  messageTooLong: -32600,
  /** The sidecar has received `shutdown` and accepts no more requests. */
  shuttingDown: -32600,
  /** There is no method of this name. */
  methodNotFound: -32601,
  /** A param is missing, has the wrong type, is out of range, or contradicts another param. */
  invalidParams: -32602,
  /** The params contain a field that this sidecar does not know. */
  unknownField: -32602,
  /** This sidecar cannot produce the encoding. */
  unknownEncoding: -32602,
  /** The text contains nothing that can be spoken. */
  emptyText: -32602,
  /** The text names somebody who is not among the request's speakers. */
  unknownSpeaker: -32602,
  /** The text is not the SSML that the request says it is, or has what is not allowed there. */
  invalidMarkup: -32602,
  /** The file of a lexicon cannot be read, or is not what its suffix says. */
  badLexicon: -32602,
  /** A number is NaN, infinite, or too large for a double. */
  notFinite: -32602,
  /** The token belongs to another request that has not been answered yet. */
  tokenInUse: -32602,
  /** The name of the new voice cannot be used as a file name. */
  invalidVoiceName: -32602,
  /** The client uses a version of the protocol that this sidecar does not. */
  protocolVersionMismatch: -32602,
  /** The sidecar has a bug; its log on stderr has the details. */
  internalError: -32603,
  /** The body of the frame is not JSON in UTF-8. */
  parseError: -32700,
  /** The request was cancelled, by the client or because the process is ending. */
  cancelled: -32800,
} as const;

/** The stable names of errors; `ERROR_CODES` says what each of them means. */
export type ErrorType = keyof typeof ERROR_CODES;

/** How the preset voices in the catalogue sound. */
export const PRESET_GENDERS = {
  slt: "female",
  rms: "male",
  serena: "female",
  vivian: "female",
  uncle_fu: "male",
  ryan: "male",
  aiden: "male",
  ono_anna: "female",
  sohee: "female",
  eric: "male",
  dylan: "male",
} as const;
