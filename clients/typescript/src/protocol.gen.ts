// Generated from protocol/schema.json by scripts/generate-types.mjs; do not edit.

export const PROTOCOL_VERSION = 1;

export interface AppendTextParams {
  /** The request's partialResultToken. */
  token: string | number;
  text: string;
}

/** One chunk of a stream; `seq` counts 0, 1, 2, … without gaps. */
export interface AudioProgress {
  kind: "audio";
  seq: number;
  /** Base64. */
  audio: string;
  /** Of the output; a pause has some, too. */
  samples: number;
  /** Spoken by the model for them; 0 in a pause. */
  frames: number;
  /** Index of the sentence they belong to. */
  sentence: number;
}

export interface CancelParams {
  id: number | string;
}

export interface Capabilities {
  methods: string[];
  encodings: string[];
  textModes: string[];
  limits: Limits;
}

export interface Chunking {
  /** From 1 to 1024. */
  firstFrames?: number | null;
  /** From 1 to 1024. */
  maxFrames?: number | null;
}

export interface ClientInfo {
  name: string;
  version?: string | null;
}

/** A voice by its description, which a VoiceDesign model speaks once. */
export interface DesignParams {
  /** The description. */
  instruct: string;
  /** What its reference says: a sentence or two. */
  text: string;
  language?: string | null;
  /** A VoiceDesign model. Default 1.7b-voicedesign. */
  model?: string | null;
  /** From 0 to 9007199254740991. */
  seed?: number | null;
  /** Cuts the reference. Default 375, which is 30 s. From 13 to 750. */
  maxFrames?: number | null;
}

/** An answer that says only: done. */
export type Empty = Record<string, never>;

export interface EndTextParams {
  token: string | number;
}

/** What the engine's thread is at.

    `stalled`: it has been on one piece of work for over ten seconds. A load may take that long;
    speech should not. */
export interface EngineState {
  state: "busy" | "idle" | "stalled";
  doing?: string;
  /** On this piece of work, to the second. */
  forMs?: number;
}

/** Machine-readable part of an error: `type` is stable, the message is not. */
export interface ErrorData {
  type: string;
  field?: string;
  hint?: string;
  neededBytes?: number;
  freeBytes?: number;
  retryAfterSeconds?: number;
  messageBytes?: number;
  limitBytes?: number;
}

export interface InitializeParams {
  /** 1; anything else is refused. */
  protocolVersion: number;
  clientInfo: ClientInfo;
  /** The client's process; the sidecar ends when it does. From 1 to 2147483647. */
  processId?: number | null;
  /** Send log events of at least this level as window/logMessage, too. */
  logMessages?: "debug" | "error" | "info" | "warning" | null;
}

export interface InitializeResult {
  protocolVersion: number;
  serverInfo: ServerInfo;
  capabilities: Capabilities;
}

export interface Limits {
  /** Largest body of a frame, both ways. */
  maxMessageBytes: number;
  /** A body over `maxMessageBytes` is refused and read past, up to this; a longer one ends the process. */
  maxDiscardBytes: number;
  /** Of a streamed request's text. */
  maxTextChars: number;
  /** Of an instruction or transcript, and of a text that is not split or whose audio comes whole in the result. */
  maxUtteranceChars: number;
  /** Largest `maxFrames`; 12.5 frames a second. */
  maxFrames: number;
  /** Requests generated at the same time. */
  maxStreams: number;
  /** Requests waiting behind those. */
  maxQueued: number;
  /** Longest recording in `reference`; --max-reference-seconds. */
  maxReferenceSeconds: number;
}

/** A model on its way. `downloading` is repeated, at most some ten times a second. */
export interface LoadProgress {
  kind: "load";
  stage: "downloading" | "loading" | "resolving";
  message: string;
  /** On this machine, of totalBytes; never falls. */
  receivedBytes?: number;
  totalBytes?: number;
  receivedFiles?: number;
  totalFiles?: number;
  /** The hub asks for a pause of so long. */
  waitingMs?: number;
}

export interface LoadedModel {
  model: string;
  dtype: string;
  memoryBytes: number;
  streams: number;
  /** What it is quantised to. */
  bits?: number;
}

/** An event of the log, in LSP's form: type 1 is an error, 2 a warning, 3 info, 4 debug. */
export interface LogMessageParams {
  type: 1 | 2 | 3 | 4;
  message: string;
  /** The part of the sidecar that says so. */
  logger: string;
}

export interface MemoryStatus {
  activeBytes: number;
  peakBytes: number;
  cacheBytes: number;
  /** What loaded models may take together; absent: no limit. */
  limitBytes?: number;
}

export interface Metrics {
  /** From the request to its first computation. */
  queueMs: number;
  /** From the request to its first chunk. */
  firstAudioMs: number;
  /** From first computation to last chunk. */
  generationMs: number;
  /** generationMs ÷ durationMs. */
  realTimeFactor: number;
  peakMemoryBytes: number;
}

export interface ModelEntry {
  model: string;
  /** cached: all of it is on this machine; known: would be downloaded. */
  state: "bundled" | "cached" | "known" | "loaded";
  /** Its id on the hub. */
  repo?: string;
  variant?: string;
  /** Of its weights; 16 is bfloat16. */
  bits?: number;
  /** Outside the codec. */
  parameters?: number;
  /** Of the files it needs; computed, not measured. */
  downloadBytes?: number;
  /** To speak one stream on this machine's device; computed, not measured. */
  memoryBytes?: number;
  /** What is on this machine of it, in parts too. */
  diskBytes?: number;
  languages?: string[];
  abilities?: ("batching" | "cloning" | "design" | "instruct" | "presets" | "seed" | "textStreaming")[];
  /** Of one that is here in part; its state is known. */
  missingFiles?: string[];
}

export interface ModelListResult {
  models: ModelEntry[];
}

export interface ModelLoadParams {
  /** An alias, a hub id or a folder; the first two also as name@revision. Default: the server's --model. */
  model?: string | null;
  /** Branch, tag or commit; the same as model@revision. */
  revision?: string | null;
  dtype?: "auto" | "bfloat16" | "float16" | "float32" | null;
  /** Quantise it, if it is not already. */
  bits?: 4 | 6 | 8 | null;
  /** Seconds it stays without work; -1 for ever. Default: --keep-alive. From -1 to 31536000. */
  keepAlive?: number | null;
  workDoneToken?: string | number | null;
}

export interface ModelLoadResult {
  /** What to name it by: with its revision, if one was. */
  model: string;
  family: string;
  variant: string;
  dtype: string;
  sampleRate: number;
  voices: string[];
  languages: string[];
  memoryBytes: number;
  loadMs: number;
  /** What it can do; the rest is refused as unsupported. */
  abilities: ("batching" | "cloning" | "design" | "instruct" | "presets" | "seed" | "textStreaming")[];
  /** Values of `language`, too; some voices speak them. */
  dialects?: string[];
  /** What it is quantised to. */
  bits?: number;
  /** Seconds it stays without work; absent: for ever. */
  keepAlive?: number;
}

export interface ModelUnloadParams {
  model: string;
  /** While it speaks: wait for the end, instead of refusing. */
  wait?: boolean | null;
}

/** This method takes nothing. */
export type NoParams = Record<string, never>;

/** Silence put behind a sentence, beside what the model leaves there itself. */
export interface Pauses {
  /** Default 100. From 0 to 10000. */
  sentenceMs?: number | null;
  /** Behind a paragraph's last one. Default 400. From 0 to 10000. */
  paragraphMs?: number | null;
}

export interface PingResult {
  uptimeMs: number;
}

/** `$/progress`: `value` is what the request that brought `token` promises. */
export interface ProgressParams {
  token: string | number;
  value: AudioProgress | SentenceProgress | LoadProgress | VoiceProgress;
}

/** Audio whose voice is cloned; give `path` or `audio`. */
export interface Reference {
  /** An audio file, or its `file:` URI. */
  path?: string | null;
  /** A whole audio file in base64, or as a `data:` URI. */
  audio?: string | null;
  /** Its transcript; without one only the timbre is taken. */
  text?: string | null;
  /** 0.5 s behind the audio, so that its tail does not leak. Default true. */
  appendSilence?: boolean | null;
}

/** Recordings whose analysis is remembered. */
export interface ReferenceStatus {
  count: number;
  bytes: number;
  /** What the codecs remember of such recordings. */
  codecBytes: number;
}

/** What is left out comes from the checkpoint's generation_config.json. */
export interface Sampling {
  /** 0 is greedy. From 0 to 10. */
  temperature?: number | null;
  /** 0 keeps every code. From 0. */
  topK?: number | null;
  /** More than 0 to 1. */
  topP?: number | null;
  /** Over the whole history of codebook 0. More than 0 to 10. */
  repetitionPenalty?: number | null;
  subtalker?: SubtalkerSampling | null;
}

/** Where a sentence starts. All of them cover the text without gaps, in order. */
export interface SentenceProgress {
  kind: "sentence";
  /** 0, 1, 2, … */
  index: number;
  /** In the text of the request, in code points. */
  textStart: number;
  textEnd: number;
  /** In the audio that comes out. */
  startMs: number;
}

export interface ServerInfo {
  name: string;
  version: string;
}

/** A file in the folder of voices that is none. */
export interface SkippedFile {
  file: string;
  reason: string;
}

export interface StatusResult {
  /** metal, cuda or cpu; starting or broken: MLX is not there (yet). */
  backend: string;
  engine: EngineState;
  memory: MemoryStatus;
  /** Requests that wait for a model or for a row. */
  queued: number;
  streams: StreamStatus[];
  models: LoadedModel[];
  references: ReferenceStatus;
  uptimeMs: number;
}

export interface StreamStatus {
  model: string;
  frames: number;
  audioMs: number;
  elapsedMs: number;
}

/** Sampling of codebooks 1 and up; codebook 0 has its own. */
export interface SubtalkerSampling {
  /** 0 is greedy. From 0 to 10. */
  temperature?: number | null;
  /** 0 keeps every code. From 0. */
  topK?: number | null;
  /** More than 0 to 1. */
  topP?: number | null;
}

export interface SynthesizeParams {
  text: string;
  /** `text` is only the beginning; speech/appendText brings the rest. */
  textStream?: boolean | null;
  /** How long such a text may stand still. Default 60000. More than 0 to 3600000. */
  textTimeoutMs?: number | null;
  /** Speak sentence by sentence. Default true; false is one utterance. */
  splitSentences?: boolean | null;
  /** Numbers, dates, units, URLs, … as words. Default true. */
  normalizeText?: boolean | null;
  pauses?: Pauses | null;
  /** Default: the server's --model. */
  model?: string | null;
  /** A preset or a saved voice. */
  voice?: string | null;
  /** A name of the model's, or a tag such as `en` or `pt-BR`. Default auto. */
  language?: string | null;
  /** How to speak, or the voice itself. */
  instruct?: string | null;
  reference?: Reference | null;
  sampling?: Sampling | null;
  /** From 0 to 9007199254740991. */
  seed?: number | null;
  /** Of the whole speech. An utterance has a limit of its own. From 1 to 1000000. */
  maxFrames?: number | null;
  /** full: all text before the first frame. stream: one token a frame. Default: what the official code does for the model's variant. */
  textMode?: "full" | "stream" | null;
  /** Default pcm_s16le. */
  encoding?: "flac" | "mp3" | "ogg_opus" | "pcm_f32le" | "pcm_s16le" | "wav" | null;
  /** Hz, 8000 to 48000. Default: the model's. */
  sampleRate?: number | null;
  /** 0.5 to 2; the pitch stays. Default 1. */
  speed?: number | null;
  /** 5 ms up from silence and down to it. Default true, but for pcm_f32le, which has the model's very samples. */
  fade?: boolean | null;
  /** Ceiling in dBFS, −40 to 0. Default: none. */
  peakLimit?: number | null;
  chunk?: Chunking | null;
  /** Who is spoken first when not all can be. Default normal. */
  priority?: "high" | "low" | "normal" | null;
  /** End speech that does not end by itself. Default true. */
  stopRunaway?: boolean | null;
  /** Stream audio as $/progress under this token. */
  partialResultToken?: string | number | null;
}

export interface SynthesizeResult {
  finishReason: "length" | "runaway" | "stop";
  frames: number;
  samples: number;
  sampleRate: number;
  encoding: "flac" | "mp3" | "ogg_opus" | "pcm_f32le" | "pcm_s16le" | "wav";
  durationMs: number;
  /** How many `sentence` events there were. */
  sentences: number;
  /** Send it again for the same audio. */
  seed: number;
  metrics: Metrics;
  /** About the reference recording, or sentences that were cut. */
  warnings?: Warning[];
  /** All of it, if there was no partialResultToken. Base64. */
  audio?: string;
}

/** Give `reference` or `design`. */
export interface VoiceCreateParams {
  /** Its name. Default: a free one, voice-1 and so on. */
  voice?: string | null;
  /** The Base model that will speak with it. Default 1.7b-base. */
  model?: string | null;
  reference?: Reference | null;
  design?: DesignParams | null;
  /** What it speaks if nothing is said about that. */
  language?: string | null;
  /** One of that name may be there. */
  replace?: boolean | null;
  workDoneToken?: string | number | null;
}

export interface VoiceCreateResult {
  /** A value of speech/synthesize's `voice`. */
  voice: string;
  kind: "saved";
  model: string;
  created: string;
  hasTranscript: boolean;
  language?: string;
  /** Codec frames of the reference. */
  frames?: number;
  /** The design's. */
  seed?: number;
  warnings?: Warning[];
}

export interface VoiceDeleteParams {
  voice: string;
}

export interface VoiceEntry {
  voice: string;
  kind: "preset" | "saved";
  /** The one that has it, or that it was made with. */
  model: string;
  /** What it speaks if nothing is said about that; a preset's is a dialect. */
  language?: string;
  /** Native to a preset, which sounds best in these; it speaks the others of its model, too. */
  languages?: string[];
  gender?: "female" | "male";
  /** A preset's, one sentence in English; a designed voice's, what it was designed by. */
  description?: string;
  /** A saved voice's, ISO 8601 in UTC. */
  created?: string;
  origin?: "design" | "reference";
  /** Of a saved voice: false is the timbre alone. */
  hasTranscript?: boolean;
}

export interface VoiceListParams {
  /** Its presets and the saved voices that fit it. Default: the server's --model, and all saved voices. */
  model?: string | null;
}

export interface VoiceListResult {
  voices: VoiceEntry[];
  skipped?: SkippedFile[];
  /** Files that were not looked at, because there are too many. */
  omitted?: number;
}

/** A voice in the making. `designing` is repeated, with what has been spoken so far. */
export interface VoiceProgress {
  kind: "voice";
  stage: "designing" | "downloading" | "encoding" | "loading" | "resolving" | "saving";
  message: string;
}

/** What was noticed and did not stop the work. */
export interface Warning {
  type: string;
  message: string;
}

/** Everything that is answered. */
export interface Requests {
  /** The handshake; first. */
  "initialize": { params: InitializeParams; result: InitializeResult };
  /** No more requests; streams in flight may finish. */
  "shutdown": { params: NoParams; result: Empty };
  /** Answered at once, whatever the engine does. */
  "ping": { params: NoParams; result: PingResult };
  /** What the engine is doing, and its memory. */
  "server/status": { params: NoParams; result: StatusResult };
  /** Models known, cached, loaded. */
  "model/list": { params: NoParams; result: ModelListResult };
  /** Fetches if needed, and loads. */
  "model/load": { params: ModelLoadParams; result: ModelLoadResult; progress: LoadProgress };
  /** Frees a model's memory. */
  "model/unload": { params: ModelUnloadParams; result: Empty };
  /** A model's voices, and saved ones. */
  "voice/list": { params: VoiceListParams; result: VoiceListResult };
  /** Makes a voice of a recording or a description, and saves it. */
  "voice/create": { params: VoiceCreateParams; result: VoiceCreateResult; progress: VoiceProgress };
  /** Deletes a saved voice. */
  "voice/delete": { params: VoiceDeleteParams; result: Empty };
  /** Text to speech, streamed. */
  "speech/synthesize": { params: SynthesizeParams; result: SynthesizeResult; progress: AudioProgress | SentenceProgress };
}

/** What is sent without an answer. */
export interface Notifications {
  /** The client has read the handshake's answer. */
  "initialized": { params: NoParams };
  /** Ends the process. */
  "exit": { params: NoParams };
  /** More of the text of a request with textStream. */
  "speech/appendText": { params: AppendTextParams };
  /** There is no more of it. */
  "speech/endText": { params: EndTextParams };
  /** The request answers with error -32800. */
  "$/cancelRequest": { params: CancelParams };
}

/** `error.data.type` → `error.code`. */
export const ERROR_CODES = {
  unknownModel: 1001,
  unknownRevision: 1001,
  modelLoadFailed: 1002,
  notACheckpoint: 1002,
  modelNotDownloaded: 1002,
  hubUnreachable: 1002,
  hubAccessDenied: 1002,
  hubRateLimited: 1002,
  diskFull: 1002,
  corruptDownload: 1002,
  missingPackage: 1002,
  unknownVoice: 1003,
  unknownLanguage: 1004,
  badReferenceAudio: 1005,
  referenceTooShort: 1005,
  referenceTooLong: 1005,
  referenceSilent: 1005,
  unsupported: 1006,
  voiceDoesNotFit: 1006,
  textTooLong: 1007,
  queueFull: 1008,
  outOfMemory: 1009,
  memoryLimitExceeded: 1009,
  generationFailed: 1010,
  modelInUse: 1011,
  engineStalled: 1012,
  voiceExists: 1013,
  badVoiceFile: 1014,
  voiceNotSaved: 1015,
  textTimeout: 1016,
  notInitialized: -32002,
  invalidRequest: -32600,
  duplicateId: -32600,
  messageTooLong: -32600,
  shuttingDown: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  unknownField: -32602,
  unknownEncoding: -32602,
  emptyText: -32602,
  notFinite: -32602,
  tokenInUse: -32602,
  invalidVoiceName: -32602,
  protocolVersionMismatch: -32602,
  internalError: -32603,
  parseError: -32700,
  cancelled: -32800,
} as const;

/** What can be wrong, by name; stable. */
export type ErrorType = keyof typeof ERROR_CODES;
