// Generated from protocol/schema.json by scripts/generate-types.mjs; do not edit.

/** Version of the protocol that this client speaks. */
export const PROTOCOL_VERSION = 1;

/** More of a text that is still being written. */
export interface AppendTextParams {
  /** The `partialResultToken` of the request. */
  token: string | number;
  /** The next piece of the text, cut anywhere. */
  text: string;
}

/** One chunk of the audio of a stream. */
export interface AudioProgress {
  /** Always "audio". */
  kind: "audio";
  /** Index of the chunk: 0, 1, 2, … without gaps. */
  seq: number;
  /**
   * The next bytes of the encoding; those of all chunks joined are the whole. Encoded as base64.
   */
  audio: string;
  /** Number of samples in this chunk, those of a pause included. */
  samples: number;
  /** Number of codec frames that the model spoke for it, 80 milliseconds each; 0 in a pause. */
  frames: number;
  /** Index of the sentence that the chunk belongs to. */
  sentence: number;
}

/** Which request to cancel. */
export interface CancelParams {
  /** The id of the request. */
  id: number | string;
}

/** What this sidecar can do. */
export interface Capabilities {
  /** All methods that a client may send, notifications included. */
  methods: string[];
  /** Values of `encoding`. */
  encodings: string[];
  /** Values of `textMode`. */
  textModes: string[];
  /** The largest requests that are taken. */
  limits: Limits;
}

/** How much audio comes in one chunk. */
export interface Chunking {
  /**
   * Size of the first chunk in codec frames, 80 milliseconds each. Default 1. Range: from 1 to
   * 1024.
   */
  firstFrames?: number;
  /**
   * Size that later chunks grow to, in codec frames, 80 milliseconds each. Default 12. Range: from
   * 1 to 1024.
   */
  maxFrames?: number;
}

/** The program that talks to the sidecar. */
export interface ClientInfo {
  /** The client's name, for the log. */
  name: string;
  /** The client's own version, for the log. Default: none. */
  version?: string;
}

/** A voice in words. A VoiceDesign model speaks with it once, and that becomes the recording. */
export interface DesignParams {
  /** The voice in words, e.g. a calm old man. */
  instruct: string;
  /** What that model says: a sentence or two, 3 to 15 seconds of speech. */
  text: string;
  /** The language of `text`. Default auto. */
  language?: LanguageName;
  /** A VoiceDesign model. Default 1.7b-voicedesign. */
  model?: ModelName;
  /**
   * Another seed makes another voice. Default: one drawn at random. Range: from 0 to
   * 9007199254740991.
   */
  seed?: number;
  /**
   * Most codec frames that are spoken; 12.5 of them are 1 s. Default 375, which is 30 s. Range:
   * from 13 to 750.
   */
  maxFrames?: number;
}

/** An answer without content: the work is done. */
export type Empty = Record<string, never>;

/** The end of a text that was still being written. */
export interface EndTextParams {
  /** The `partialResultToken` of the request. */
  token: string | number;
}

/** What the engine, which runs the models, is doing. */
export interface EngineState {
  /**
   * stalled: one piece of work has taken more than ten seconds. A load may take that long, speech
   * should not.
   */
  state: "busy" | "idle" | "stalled";
  /** That piece of work in words, for people. Absent if idle. */
  task?: string;
  /**
   * How long that piece of work has taken so far, in milliseconds, rounded to whole seconds.
   * Absent if idle.
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
}

/** The handshake's params: which protocol the client speaks, and who it is. */
export interface InitializeParams {
  /** Version of the protocol that the client speaks: 1. Others are refused. */
  protocolVersion: number;
  /** The client's name and version. */
  clientInfo: ClientInfo;
  /**
   * The client's process id. The sidecar ends when that process has ended. Default: none, and only
   * the end of stdin counts. Range: from 1 to 2147483647.
   */
  processId?: number;
  /**
   * The sidecar sends log events of this level and above as window/logMessage notifications.
   * Default: it sends none.
   */
  logMessages?: "debug" | "error" | "info" | "warning";
}

/** The handshake's answer. */
export interface InitializeResult {
  /** Version of the protocol that the sidecar speaks: 1. */
  protocolVersion: number;
  /** The sidecar's name and version. */
  serverInfo: ServerInfo;
  /** Methods, encodings and limits of this sidecar. */
  capabilities: Capabilities;
}

/** A language that a model speaks; the examples are Qwen3-TTS's. */
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

/** The largest requests that this sidecar takes. */
export interface Limits {
  /** Largest body of one frame in bytes, in both directions. */
  maxMessageBytes: number;
  /**
   * Largest body of a frame, in bytes, that is over `maxMessageBytes` and is therefore refused and
   * read past. A larger one ends the process.
   */
  maxDiscardBytes: number;
  /** Longest text of a streamed request, in characters (Unicode code points). */
  maxTextChars: number;
  /**
   * Longest instruction or transcript, in characters (Unicode code points). It also bounds a text
   * with `splitSentences: false`, and one whose audio comes whole in the result.
   */
  maxUtteranceChars: number;
  /** Largest value of `maxFrames`, in codec frames; 12.5 of them are 1 s. */
  maxFrames: number;
  /** Number of requests that are generated at the same time. */
  maxStreams: number;
  /** Number of requests that may wait until one of those has ended. */
  maxQueued: number;
  /**
   * Longest recording that `reference` may have, in seconds. The option --max-reference-seconds
   * sets it.
   */
  maxReferenceSeconds: number;
}

/** How far a model is. `downloading` is repeated, at most some ten times a second. */
export interface LoadProgress {
  /** Always "load". */
  kind: "load";
  /**
   * What begins: looking for the model, downloading it if it is not on this machine, reading it
   * into memory.
   */
  stage: "downloading" | "loading" | "resolving";
  /** The same in words, for people. */
  message: string;
  /**
   * Bytes on this machine of `totalBytes`, those of an earlier download included. It never falls.
   * Absent in other stages.
   */
  receivedBytes?: number;
  /** Size of the files that are needed, in bytes. Absent in other stages. */
  totalBytes?: number;
  /** Number of files that are complete. Absent in other stages. */
  receivedFiles?: number;
  /** Number of files that are needed. Absent in other stages. */
  totalFiles?: number;
  /**
   * The hub has asked for a pause of this length, in milliseconds, and the sidecar keeps it.
   * Absent: no pause.
   */
  waitingMs?: number;
}

/** A model in memory. */
export interface LoadedModel {
  /** The name that it was first loaded by. */
  model: string;
  /** Type of its numbers: float32, bfloat16 or float16. */
  dtype: string;
  /** Memory of its weights, in bytes. */
  memoryBytes: number;
  /** Number of requests that it is speaking now. */
  streams: number;
  /** Bits of each quantised weight. Absent: the model is not quantised. */
  bits?: number;
}

/** An event of the log, in the Language Server Protocol's form. */
export interface LogMessageParams {
  /** 1 is an error, 2 a warning, 3 info, 4 debug. */
  type: 1 | 2 | 3 | 4;
  /** The event in words, for people. */
  message: string;
  /** The part of the sidecar that logged the event, e.g. sidecar.engine. */
  logger: string;
}

/** The memory of MLX, the library that computes. */
export interface MemoryStatus {
  /** Memory in use now, in bytes. */
  activeBytes: number;
  /** The most memory that was in use since the start, in bytes. */
  peakBytes: number;
  /** Memory that is free but kept for reuse, in bytes. */
  cacheBytes: number;
  /** What all loaded models together may take, in bytes. Absent: there is no limit. */
  limitBytes?: number;
}

/** How long the speech took, and its memory. */
export interface Metrics {
  /** Milliseconds from the request to its first computation, loading the model included. */
  queueMs: number;
  /** Milliseconds from the request to its first chunk. */
  firstAudioMs: number;
  /** Milliseconds of computing, without waiting for more of the text. */
  generationMs: number;
  /** A number without a unit: generationMs ÷ durationMs. Below 1 is faster than playback. */
  realTimeFactor: number;
  /** The most memory that MLX has used since the process started, in bytes. */
  peakMemoryBytes: number;
}

/** A model that can be loaded. */
export interface ModelEntry {
  /** A value of `model`. */
  model: string;
  /**
   * loaded: in memory. bundled: comes with the sidecar. cached: all of it is on this machine.
   * known: would be downloaded.
   */
  state: "bundled" | "cached" | "known" | "loaded";
  /** Its repository on the Hugging Face hub. Absent if it is on none. */
  repo?: string;
  /** custom_voice, voice_design or base. Absent outside the catalogue. */
  variant?: string;
  /** Bits of each weight; 16 is bfloat16. Absent outside the catalogue. */
  bits?: number;
  /** Number of parameters, without the codec's. Absent outside the catalogue. */
  parameters?: number;
  /**
   * Size of the files that it needs, in bytes; computed, not measured. Absent outside the
   * catalogue.
   */
  downloadBytes?: number;
  /**
   * Memory that it takes to speak one stream on this machine's device, in bytes; computed, not
   * measured. Absent outside the catalogue.
   */
  memoryBytes?: number;
  /**
   * Size of its files on this machine, in bytes, those of half a download included. Absent: there
   * are none.
   */
  diskBytes?: number;
  /** Values of `language` that it takes. Absent: they are known once it is loaded. */
  languages?: string[];
  /**
   * What it can do. Absent: that is known once it is loaded. presets: it has voices of its own.
   * cloning: it takes a `reference`. design: it takes a description of the voice. instruct: it
   * takes an instruction on how to speak. textStreaming: it takes a text that is still being
   * written. batching: it speaks several requests at the same time. seed: the same seed gives the
   * same audio.
   */
  abilities?: ("batching" | "cloning" | "design" | "instruct" | "presets" | "seed" | "textStreaming")[];
  /**
   * The files that are still to be downloaded of a model that is here in part. Its state is known.
   */
  missingFiles?: string[];
}

/** All models that can be loaded by name. */
export interface ModelListResult {
  /** The bundled model, the catalogue, and other models on this machine. */
  models: ModelEntry[];
}

/** Which model to load, and how. */
export interface ModelLoadParams {
  /**
   * A name of model/list, a hub id `owner/name`, or a folder. A name and a hub id may end in
   * `@revision`. Default: the server's --model.
   */
  model?: ModelName;
  /**
   * Branch, tag or commit of the model's repository, as in `model@revision`. Default: the main
   * branch.
   */
  revision?: string;
  /**
   * Type of the model's numbers in memory. Default auto: a loaded model stays as it is; otherwise
   * float32 on the CPU and the checkpoint's own type elsewhere.
   */
  dtype?: "auto" | "bfloat16" | "float16" | "float32";
  /**
   * Quantise the weights to this number of bits while they are loaded. Default: they stay as they
   * are.
   */
  bits?: 4 | 6 | 8;
  /**
   * Seconds that the model stays in memory without work: −1 for ever, 0 until it is idle. Default:
   * the server's --keep-alive, or −1. Range: from -1 to 31536000.
   */
  keepAlive?: number;
  /** Report stages as $/progress under this token. Default: no reports. */
  workDoneToken?: string | number;
}

/** A model that was loaded, and what it can do. */
export interface ModelLoadResult {
  /** The name to use it by; with `revision`, model@revision. */
  model: string;
  /** Its architecture, e.g. qwen3_tts. */
  family: string;
  /** custom_voice, voice_design or base; a model of another family has that family's name. */
  variant: string;
  /** Type of its numbers: float32, bfloat16 or float16. */
  dtype: string;
  /** Rate of the audio that it makes, in Hz. */
  sampleRate: number;
  /** Its preset voices; the first is the default. Empty if it has none. */
  voices: string[];
  /** Values of `language` that it takes; the first is auto. */
  languages: string[];
  /** Memory of its weights, in bytes. */
  memoryBytes: number;
  /**
   * How long it took to load, in milliseconds and without the download, also if that was earlier.
   */
  loadMs: number;
  /**
   * What it can do; a request for anything else fails as `unsupported`. presets: it has voices of
   * its own. cloning: it takes a `reference`. design: it takes a description of the voice.
   * instruct: it takes an instruction on how to speak. textStreaming: it takes a text that is
   * still being written. batching: it speaks several requests at the same time. seed: the same
   * seed gives the same audio.
   */
  abilities: ("batching" | "cloning" | "design" | "instruct" | "presets" | "seed" | "textStreaming")[];
  /**
   * Further values of `language`: the dialects of some of its voices, which speak them by default.
   */
  dialects?: string[];
  /** Bits of each quantised weight. Absent: the model is not quantised. */
  bits?: number;
  /** Seconds that it stays in memory without work. Absent: for ever. */
  keepAlive?: number;
}

/** A name of model/list, a hub id `owner/name`, or a folder; the examples are the catalogue's. */
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
  /** Any name that it was loaded by. */
  model: ModelName;
  /**
   * While the model speaks: wait until it has finished. Default false: refuse with `modelInUse`.
   */
  wait?: boolean;
}

/** No params: the method takes none. */
export type NoParams = Record<string, never>;

/** Silence that is added after a sentence, beside the pause that the model makes itself. */
export interface Pauses {
  /** After a sentence, in milliseconds. Default 100. Range: from 0 to 10000. */
  sentenceMs?: number;
  /**
   * After the last sentence of a paragraph, in milliseconds. Default 400. Range: from 0 to 10000.
   */
  paragraphMs?: number;
}

/** A sign of life. */
export interface PingResult {
  /** Milliseconds since the process started to serve. */
  uptimeMs: number;
}

/** Progress of a request. */
export interface ProgressParams {
  /** The token that the request brought. */
  token: string | number;
  /** What is reported; `kind` says which. */
  value: AudioProgress | SentenceProgress | LoadProgress | VoiceProgress;
}

/** A recording whose voice is cloned: give either `path` or `audio`. */
export interface Reference {
  /**
   * Either this or `audio`: the path of an audio file or its `file:` URI. A path is relative to
   * the sidecar's working directory; `~` is not expanded.
   */
  path?: string;
  /** Either this or `path`: the content of an audio file, in base64 or as a `data:` URI. */
  audio?: string;
  /**
   * The transcript: what is said in the recording. Default: none, and only the timbre is taken.
   */
  text?: string;
  /**
   * Whether to append 0.5 s of silence to the recording, which keeps its end out of the speech.
   * Default true; it has an effect only with `text`.
   */
  appendSilence?: boolean;
}

/** Reference recordings whose analysis is kept in memory, so that it is not done again. */
export interface ReferenceCacheStatus {
  /** Number of such recordings. */
  count: number;
  /** Memory of what the models' encoders heard in them, in bytes. */
  featureBytes: number;
  /** Memory of what the models' codecs heard in them, in bytes. */
  codecBytes: number;
}

/**
 * How the first codebook is sampled. What is left out comes from the checkpoint's
 * generation_config.json.
 */
export interface Sampling {
  /**
   * A number without a unit that divides the logits: 0 always takes the likeliest code, 1 samples
   * as the model learned. Default: the checkpoint's. Range: from 0 to 10.
   */
  temperature?: number;
  /**
   * Number of the likeliest codes that are sampled from; 0 is all. Default: the checkpoint's.
   * Range: from 0.
   */
  topK?: number;
  /**
   * A number without a unit: the likeliest codes are sampled from whose probabilities add up to
   * it; 1 is all. Default: the checkpoint's. Range: more than 0 to 1.
   */
  topP?: number;
  /**
   * A number without a unit that makes codes less likely which the utterance already has; 1 is
   * none. Default: the checkpoint's. Range: more than 0 to 10.
   */
  repetitionPenalty?: number;
  /** How the other codebooks are sampled. Default: the checkpoint's. */
  subtalker?: SubtalkerSampling;
}

/** Where a sentence starts. Together the sentences cover the text without gaps, in order. */
export interface SentenceProgress {
  /** Always "sentence". */
  kind: "sentence";
  /** Index of the sentence: 0, 1, 2, … without gaps. */
  index: number;
  /** Where it starts in the request's text, in characters (Unicode code points). */
  textStart: number;
  /** Where it ends in the request's text, in characters (Unicode code points). */
  textEnd: number;
  /** Where it starts in the audio, in milliseconds. */
  startMs: number;
}

/** The sidecar's own name and version. */
export interface ServerInfo {
  /** Always qwen-tts-sidecar. */
  name: string;
  /** Version of the Python package, e.g. 0.1.0. */
  version: string;
}

/** A file in the folder of voices that cannot be used as a voice. */
export interface SkippedFile {
  /** Path of the file. */
  file: string;
  /** Why it cannot be used, in words. */
  reason: string;
}

/** What the sidecar is doing, at the engine's last step. */
export interface StatusResult {
  /**
   * The device that computes: metal, cuda or cpu. starting: MLX is still being imported. broken:
   * it cannot be imported.
   */
  backend: string;
  /** What the engine is doing. */
  engine: EngineState;
  /** The memory of MLX. */
  memory: MemoryStatus;
  /** Number of requests that wait for a model or for their turn. */
  queued: number;
  /** The requests that are being generated. */
  streams: StreamStatus[];
  /** The models in memory. */
  models: LoadedModel[];
  /** Reference recordings whose analysis is kept. */
  referenceCache: ReferenceCacheStatus;
  /** Milliseconds since the process started to serve. */
  uptimeMs: number;
}

/** A request that is being generated. */
export interface StreamStatus {
  /** The model that speaks. */
  model: string;
  /** Number of codec frames generated so far, 80 milliseconds each. */
  frames: number;
  /** Length of the audio that was handed out so far, in milliseconds. */
  audioMs: number;
  /** Milliseconds since the first computation for this request. */
  elapsedMs: number;
}

/** How codebooks 1 and up are sampled. What is left out comes from the checkpoint. */
export interface SubtalkerSampling {
  /**
   * A number without a unit that divides the logits: 0 always takes the likeliest code, 1 samples
   * as the model learned. Default: the checkpoint's. Range: from 0 to 10.
   */
  temperature?: number;
  /**
   * Number of the likeliest codes that are sampled from; 0 is all. Default: the checkpoint's.
   * Range: from 0.
   */
  topK?: number;
  /**
   * A number without a unit: the likeliest codes are sampled from whose probabilities add up to
   * it; 1 is all. Default: the checkpoint's. Range: more than 0 to 1.
   */
  topP?: number;
}

/** What to speak, and how. */
export interface SynthesizeParams {
  /** The text to speak. */
  text: string;
  /**
   * Whether `text` is only the beginning, and speech/appendText brings the rest. Default false.
   */
  moreText?: boolean;
  /**
   * How long to wait for more of such a text before the request fails with `textTimeout`, in
   * milliseconds. Default 60000. Range: more than 0 to 3600000.
   */
  textTimeoutMs?: number;
  /**
   * Whether to speak sentence by sentence; false makes one utterance of the text. Default true.
   */
  splitSentences?: boolean;
  /** Whether to write out numbers, dates, units, URLs and the like as words. Default true. */
  normalizeText?: boolean;
  /** Silence after sentences and paragraphs. Default 100 and 400 ms. */
  pauses?: Pauses;
  /**
   * The model that speaks; it is loaded first if need be. Default: a saved voice's own, else the
   * server's --model.
   */
  model?: ModelName;
  /**
   * A preset voice of the model or a saved voice, in any case. Default: the model's first preset.
   */
  voice?: VoiceName;
  /**
   * The language of the text: one of the model's in any case, or a tag such as `en` or `pt-BR`.
   * Default: a saved voice's own, else auto, which finds it out.
   */
  language?: LanguageName;
  /**
   * How to speak, in words; for a VoiceDesign model, a description of the voice. Default: nothing.
   */
  instruct?: string;
  /** A recording whose voice is cloned. Default: none. */
  reference?: Reference;
  /** How codes are drawn at random. Default: as the checkpoint says. */
  sampling?: Sampling;
  /**
   * The same seed gives the same audio for the same params, version and machine. Default: one
   * drawn at random, which the result names. Range: from 0 to 9007199254740991.
   */
  seed?: number;
  /**
   * Cut the whole speech at this length in codec frames; 12.5 of them are 1 s. Default: no limit,
   * or 4096 if the audio comes in the result. Range: from 1 to 1000000.
   */
  maxFrames?: number;
  /**
   * full: the model reads all of the text before the first frame. stream: it reads one token of
   * the text per frame. Default: stream for a Base model, else full.
   */
  textMode?: "full" | "stream";
  /**
   * How the audio is encoded: bare samples (pcm_s16le, pcm_f32le) or a file. Default pcm_s16le.
   */
  encoding?: "flac" | "mp3" | "ogg_opus" | "pcm_f32le" | "pcm_s16le" | "wav";
  /** Rate of the audio in Hz, 8000 to 48000. Default: the model's, 24000. */
  sampleRate?: number;
  /** A number without a unit, 0.5 to 2: 2 is twice as fast. The pitch stays. Default 1. */
  speed?: number;
  /**
   * Whether the audio fades in from silence and out to it, 5 ms each. Default true; false for
   * pcm_f32le, which has exactly the model's samples.
   */
  fade?: boolean;
  /** Limit of the samples' level in dBFS, −40 to 0. Default: none. */
  peakLimit?: number;
  /** Sizes of the chunks. Default: the first has 1 frame, later ones 12. */
  chunk?: Chunking;
  /** Which requests go first when not all can. Default normal. */
  priority?: "high" | "low" | "normal";
  /** Whether to end speech that does not end by itself. Default true. */
  stopRunaway?: boolean;
  /** Stream the audio as $/progress under this token. Default: the result has all of it. */
  partialResultToken?: string | number;
}

/** How the speech ended. */
export interface SynthesizeResult {
  /**
   * stop: the speech ended. length: it was cut at `maxFrames`. runaway: it did not end by itself
   * and was cut.
   */
  finishReason: "length" | "runaway" | "stop";
  /** Number of codec frames that the model spoke, 80 milliseconds each. */
  frames: number;
  /** Number of samples of the audio, pauses included. */
  samples: number;
  /** Rate of the audio in Hz. */
  sampleRate: number;
  /** How the audio is encoded. */
  encoding: "flac" | "mp3" | "ogg_opus" | "pcm_f32le" | "pcm_s16le" | "wav";
  /** Length of the audio in milliseconds, pauses included. */
  durationMs: number;
  /** Number of `sentence` events that were sent. */
  sentences: number;
  /** The seed that was used. Send it again for the same audio. */
  seed: number;
  /** How long it took. */
  metrics: Metrics;
  /** What was noticed: a poor reference recording, a sentence that was cut. Absent: nothing. */
  warnings?: Warning[];
  /** All of the audio, if there was no partialResultToken. Encoded as base64. */
  audio?: string;
}

/** What to make a voice from: give either `reference` or `design`. */
export interface VoiceCreateParams {
  /** The new voice's name. Default: a free one of voice-1, voice-2, and so on. */
  voice?: string;
  /** The Base model that will speak with the voice. Default 1.7b-base. */
  model?: ModelName;
  /** A recording of the voice. Default: none. */
  reference?: Reference;
  /** The voice in words. Default: none. */
  design?: DesignParams;
  /** The language that the voice speaks unless a request names one. Default: `design.language`. */
  language?: LanguageName;
  /**
   * Whether to replace a saved voice of the same name. Default false: refuse with `voiceExists`.
   */
  replace?: boolean;
  /** Report stages as $/progress under this token. Default: no reports. */
  workDoneToken?: string | number;
}

/** A voice that was made and saved. */
export interface VoiceCreateResult {
  /** Its name, a value of speech/synthesize's `voice`. */
  voice: string;
  /** Always saved. */
  kind: "saved";
  /** The Base model that it was made with. */
  model: string;
  /** When it was made: ISO 8601, UTC. */
  created: string;
  /** Whether the recording's transcript is known; false: only the timbre was taken. */
  hasTranscript: boolean;
  /** The language that it speaks unless a request names one. Absent: none is fixed. */
  language?: string;
  /**
   * Length of the recording in codec frames, 80 milliseconds each. Absent without a transcript.
   */
  frames?: number;
  /** The seed of `design`; it makes the same voice again. Absent otherwise. */
  seed?: number;
  /** What was noticed about the recording. Absent: nothing. */
  warnings?: Warning[];
}

/** Which saved voice to delete. */
export interface VoiceDeleteParams {
  /** The name of a saved voice. */
  voice: string;
}

/** A voice that can be used by name. */
export interface VoiceEntry {
  /** A value of speech/synthesize's `voice`. */
  voice: string;
  /** preset: comes with the model. saved: made by voice/create. */
  kind: "preset" | "saved";
  /** The model that has the preset, or that the voice was made with. */
  model: string;
  /**
   * The language that the voice speaks unless the request names one; of a preset, its dialect.
   * Absent: none is fixed.
   */
  language?: string;
  /**
   * Values of `language` that are native to a preset, which sounds best in them; it speaks its
   * model's others, too. Absent: they are not known.
   */
  languages?: string[];
  /** How a preset sounds. Absent: it is not known. */
  gender?: "female" | "male";
  /**
   * The voice in a sentence: a preset in English, a designed voice as it was described. Absent:
   * there is none.
   */
  description?: string;
  /** When a saved voice was made: ISO 8601, UTC. Absent for a preset. */
  created?: string;
  /**
   * What a saved voice was made from: a recording (reference) or a description (design). Absent
   * for a preset.
   */
  origin?: "design" | "reference";
  /**
   * Whether the transcript of a saved voice's recording is known; false: only its timbre was
   * taken. Absent for a preset.
   */
  hasTranscript?: boolean;
}

/** Which voices to list. */
export interface VoiceListParams {
  /**
   * List this model's presets and the saved voices that fit it. Default: the presets of the
   * server's --model, and all saved voices.
   */
  model?: ModelName;
}

/** Voices, and the files in the folder of voices that cannot be used. */
export interface VoiceListResult {
  /** The voices, presets first. */
  voices: VoiceEntry[];
  /** Files that cannot be used as a voice. Absent: there are none. */
  skipped?: SkippedFile[];
  /**
   * Number of files that were not looked at, because there are too many. Absent: there are none.
   */
  omitted?: number;
}

/** A preset voice of a model, or a saved voice; the examples are presets. */
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

/** How far a new voice is. `designing` is repeated, with how much has been spoken. */
export interface VoiceProgress {
  /** Always "voice". */
  kind: "voice";
  /**
   * What begins: finding, downloading and loading each model, speaking the description, listening
   * to the recording, writing the file.
   */
  stage: "designing" | "downloading" | "encoding" | "loading" | "resolving" | "saving";
  /** The same in words, for people. */
  message: string;
}

/** Something that was noticed and did not stop the work. */
export interface Warning {
  /** A stable name, e.g. referenceQuiet. New ones may be added. */
  type: string;
  /** What was noticed and what can be done, for people. */
  message: string;
}

/** Requests that a client may send, with what they answer. */
export interface Requests {
  /** The handshake, which comes first. */
  "initialize": { params: InitializeParams; result: InitializeResult };
  /** The client sends no more requests; those in flight may finish. */
  "shutdown": { params: NoParams; result: Empty };
  /** Answer at once, whatever the engine is doing. */
  "ping": { params: NoParams; result: PingResult };
  /** Tell what the engine is doing, and its memory. */
  "server/status": { params: NoParams; result: StatusResult };
  /** List the models that can be loaded. */
  "model/list": { params: NoParams; result: ModelListResult };
  /** Load a model into memory; download it first if need be. */
  "model/load": { params: ModelLoadParams; result: ModelLoadResult; progress: LoadProgress };
  /** Remove a model from memory. */
  "model/unload": { params: ModelUnloadParams; result: Empty };
  /** List a model's preset voices and the saved ones. */
  "voice/list": { params: VoiceListParams; result: VoiceListResult };
  /** Make a voice from a recording or a description, and save it. */
  "voice/create": { params: VoiceCreateParams; result: VoiceCreateResult; progress: VoiceProgress };
  /** Delete a saved voice. */
  "voice/delete": { params: VoiceDeleteParams; result: Empty };
  /** Speak a text; the audio is streamed. */
  "speech/synthesize": { params: SynthesizeParams; result: SynthesizeResult; progress: AudioProgress | SentenceProgress };
}

/** Notifications that a client may send. They are not answered. */
export interface Notifications {
  /** The client has read the answer to initialize. */
  "initialized": { params: NoParams };
  /** End the process. */
  "exit": { params: NoParams };
  /** Append to the text of a request with moreText. */
  "speech/appendText": { params: AppendTextParams };
  /** End the text of a request with moreText. */
  "speech/endText": { params: EndTextParams };
  /** Cancel a request, which then fails with error -32800. */
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
  /** The content of a downloaded file differs from what the model hub lists. */
  corruptDownload: 1002,
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
  /** The model is speaking, so it cannot be unloaded, or loaded with other options. */
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
