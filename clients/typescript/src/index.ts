/// <reference lib="esnext.disposable" preserve="true" />

export { createSidecar, type Sidecar } from "./client.js";
export * from "./errors.js";
export type * from "./options.js";
export type { RestartPolicy } from "./backoff.js";
export type { Sentence } from "./sentences.js";
export type { SpeechChunk, SpeechEvents, SpeechResult, SpeechStream } from "./stream.js";
export type { TextSource } from "./text-feed.js";
export { toSrt, toVtt } from "./captions.js";
export { wavHeader } from "./wav.js";
export { VERSION } from "./version.js";
export { ERROR_CODES, PROTOCOL_VERSION } from "./protocol.gen.js";
export type {
  AudioProgress,
  Capabilities,
  ErrorType,
  Limits,
  LoadProgress,
  ModelEntry,
  ModelLoadParams,
  ModelLoadResult,
  PingResult,
  Reference,
  Sampling,
  ServerInfo,
  StatusResult,
  SynthesizeParams,
  SynthesizeResult,
  VoiceCreateResult,
  VoiceEntry,
  VoiceProgress,
} from "./protocol.gen.js";
