/// <reference lib="esnext.disposable" preserve="true" />

export { connect, type ConnectOptions, type WebSocketClass } from "./connect.js";
export type { Sidecar } from "./client.js";
export * from "./errors.js";
export type { Models } from "./models.js";
export type * from "./options.js";
export type { RestartPolicy } from "./backoff.js";
export type { Emitter, Listener } from "./emitter.js";
export type { Heard } from "./heard.js";
export type { Sentence } from "./sentences.js";
export type { SentenceWords, SpokenWord } from "./words.js";
export type { SpeechChunk, SpeechEvents, SpeechResult, SpeechStream, StopOptions } from "./stream.js";
export type { TextSource } from "./text-feed.js";
export { toSrt, toVtt, type CaptionSource, type CaptionOptions } from "./captions.js";
export { wavHeader, type WavFormat } from "./wav.js";
export type { Voices } from "./voices.js";
export { VERSION } from "./version.js";
export { ERROR_CODES, PROTOCOL_VERSION } from "./protocol.gen.js";
export type * from "./protocol.gen.js";
