// Generated from protocol/schema.json by scripts/generate-types.mjs; do not edit.

export const PROTOCOL_VERSION = 1;

/** One chunk of a stream; `seq` counts 0, 1, 2, … without gaps. */
export interface AudioProgress {
  kind: "audio";
  seq: number;
  /** Base64. */
  audio: string;
  samples: number;
  frames: number;
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
  /** From 1 to 4096. */
  firstFrames?: number | null;
  /** From 1 to 4096. */
  maxFrames?: number | null;
}

export interface ClientInfo {
  name: string;
  version?: string | null;
}

/** An answer that says only: done. */
export type Empty = Record<string, never>;

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
  maxTextChars: number;
  /** Largest `maxFrames`; 12.5 frames a second. */
  maxFrames: number;
  /** Requests generated at the same time. */
  maxStreams: number;
  /** Requests waiting behind those. */
  maxQueued: number;
}

export interface LoadProgress {
  kind: "load";
  stage: "downloading" | "loading" | "resolving";
  message: string;
}

export interface LoadedModel {
  model: string;
  dtype: string;
  memoryBytes: number;
  streams: number;
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
  state: "bundled" | "cached" | "known" | "loaded";
  /** Its id on the hub. */
  repo?: string;
}

export interface ModelListResult {
  models: ModelEntry[];
}

export interface ModelLoadParams {
  /** A hub id, a local folder, or an alias. */
  model: string;
  dtype?: "auto" | "bfloat16" | "float16" | "float32" | null;
  workDoneToken?: string | number | null;
}

export interface ModelLoadResult {
  model: string;
  family: string;
  variant: string;
  dtype: string;
  sampleRate: number;
  voices: string[];
  languages: string[];
  memoryBytes: number;
  loadMs: number;
}

export interface ModelUnloadParams {
  model: string;
}

/** This method takes nothing. */
export type NoParams = Record<string, never>;

export interface PingResult {
  uptimeMs: number;
}

/** `$/progress`: `value` is what the request that brought `token` promises. */
export interface ProgressParams {
  token: string | number;
  value: AudioProgress | LoadProgress;
}

/** Audio whose voice is cloned; give `path` or `audio`. */
export interface Reference {
  path?: string | null;
  /** A whole audio file. Base64. */
  audio?: string | null;
  /** Its transcript; without one only the timbre is taken. */
  text?: string | null;
  /** 0.5 s behind the audio, so that its tail does not leak. Default true. */
  appendSilence?: boolean | null;
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

export interface ServerInfo {
  name: string;
  version: string;
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
  /** Default: the server's --model. */
  model?: string | null;
  /** A preset voice of the model. */
  voice?: string | null;
  /** Default auto. */
  language?: string | null;
  /** How to speak, or the voice itself. */
  instruct?: string | null;
  reference?: Reference | null;
  sampling?: Sampling | null;
  /** From 0 to 9007199254740991. */
  seed?: number | null;
  /** From 1 to 4096. */
  maxFrames?: number | null;
  /** full: all text before the first frame. stream: one token a frame. Default: what the official code does for the model's variant. */
  textMode?: "full" | "stream" | null;
  encoding?: "pcm_f32le" | "pcm_s16le" | null;
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
  encoding: "pcm_f32le" | "pcm_s16le";
  durationMs: number;
  /** Send it again for the same audio. */
  seed: number;
  metrics: Metrics;
  /** All of it, if there was no partialResultToken. Base64. */
  audio?: string;
}

export interface VoiceEntry {
  voice: string;
  kind: "preset" | "saved";
  model: string;
  /** A dialect the voice speaks. */
  language?: string;
}

export interface VoiceListParams {
  model?: string | null;
}

export interface VoiceListResult {
  voices: VoiceEntry[];
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
  /** The voices of a model. */
  "voice/list": { params: VoiceListParams; result: VoiceListResult };
  /** Text to speech, streamed. */
  "speech/synthesize": { params: SynthesizeParams; result: SynthesizeResult; progress: AudioProgress };
}

/** What is sent without an answer. */
export interface Notifications {
  /** The client has read the handshake's answer. */
  "initialized": { params: NoParams };
  /** Ends the process. */
  "exit": { params: NoParams };
  /** The request answers with error -32800. */
  "$/cancelRequest": { params: CancelParams };
}

/** `error.data.type` → `error.code`. */
export const ERROR_CODES = {
  unknownModel: 1001,
  modelLoadFailed: 1002,
  notACheckpoint: 1002,
  modelNotDownloaded: 1002,
  unknownVoice: 1003,
  unknownLanguage: 1004,
  badReferenceAudio: 1005,
  unsupported: 1006,
  textTooLong: 1007,
  queueFull: 1008,
  outOfMemory: 1009,
  generationFailed: 1010,
  modelInUse: 1011,
  engineStalled: 1012,
  notInitialized: -32002,
  invalidRequest: -32600,
  duplicateId: -32600,
  shuttingDown: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  unknownField: -32602,
  unknownEncoding: -32602,
  emptyText: -32602,
  notFinite: -32602,
  tokenInUse: -32602,
  protocolVersionMismatch: -32602,
  internalError: -32603,
  parseError: -32700,
  cancelled: -32800,
} as const;

/** What can be wrong, by name; stable. */
export type ErrorType = keyof typeof ERROR_CODES;
