// What the parts of the extension, its API for other extensions, and the webview say to each other about a reading.

/** `starting`: nothing has been heard yet; `blocked`: the webview may not play before it has been clicked. */
export type Status = "idle" | "starting" | "speaking" | "paused" | "blocked";

/** A part of the text that is read, in UTF-16 units, as `String.prototype.slice` counts. */
export interface Place {
  readonly textStart: number;
  readonly textEnd: number;
}

export interface SpokenSentence extends Place {
  /** Its number in the request that speaks it; after a skip, another request may begin with 0. */
  readonly index: number;
  readonly text: string;
}

export interface HeardWord extends Place {
  readonly word: string;
}

/** How to speak: each may be left out. */
export interface SpeechOptions {
  voice?: string;
  model?: string;
  language?: string;
  /** 0.5 to 2 (dimensionless). */
  speed?: number;
  instruct?: string;
  /** The same seed gives the same audio. */
  seed?: number;
}

/** How a reading ended. */
export interface Outcome {
  /** Whether it was heard to its end; false: it was stopped. */
  finished: boolean;
  /** Milliseconds of audio that were heard. */
  heardMs: number;
  /** The text up to the end of the sentence that was heard last. */
  heardText: string;
}

/** Where the sound is, in samples of the present take. */
export interface Position {
  take: number;
  played: number;
  queued: number;
  underrun: number;
  /** How much later than it is played a sample is heard, in milliseconds. */
  latencyMs: number;
}

/** What the webview measures. Counts are in samples. */
export interface AudioStatistics {
  state: "running" | "suspended" | "closed" | "interrupted";
  currentTime: number;
  sampleRate: number;
  /** Of the present take, which a skip, a stop or another reading begins anew. */
  played: number;
  queued: number;
  underrun: number;
  /** Since the webview was made. */
  totalPlayed: number;
  totalReceived: number;
  /** Of the last 2048 samples, 0 to 1. */
  rms: number;
  peak: number;
  isBlocked: boolean;
}

/** Samples per second of all audio: the webview's AudioContext has this rate, and each request asks for it. */
export const SAMPLE_RATE = 24_000;
