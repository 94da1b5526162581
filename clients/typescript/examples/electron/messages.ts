// The messages between the page and the speech process, over a port of their own.

export interface SpeakParams {
  text: string;
  model?: string;
  voice?: string;
  seed?: number;
}

/** What the page sends. Each text has an id of the page's choice. */
export type Request =
  | { kind: "speak"; id: number; params: SpeakParams }
  | { kind: "cancel"; id: number }
  /** How many samples have been played so far. The speech process sends no more than some seconds ahead of that. */
  | { kind: "played"; id: number; samples: number };

/** What the speech process sends. After any other kind than `chunk`, nothing of that id follows. */
export type Reply =
  | { kind: "chunk"; id: number; seq: number; pcm: Uint8Array }
  | { kind: "end"; id: number; durationMs: number; seed: number }
  | { kind: "cancelled"; id: number }
  | { kind: "error"; id: number; message: string };

/** A text that is being spoken. */
export interface Speech {
  cancel(): void;
  played(samples: number): void;
}

/** The API that the preload script exposes to the page. */
export interface SpeechBridge {
  /** Speak a text. `onReply` is called until a reply of another kind than `chunk`. */
  speak(params: SpeakParams, onReply: (reply: Reply) => void): Speech;
}

/** `connect`: the page asks the main process for a port; `port`: it gets one; `ended`: that leads nowhere any more. */
export const CHANNELS = { connect: "speech:connect", port: "speech:port", ended: "speech:ended" } as const;
