// The messages between the main process and the page.

export interface SpeakParams {
  text: string;
  model?: string;
  voice?: string;
  seed?: number;
}

export type Reply =
  | { kind: "chunk"; seq: number; pcm: Uint8Array }
  | { kind: "end"; durationMs: number; seed: number }
  | { kind: "cancelled" }
  | { kind: "error"; message: string };

/** The API that the preload script exposes to the page. */
export interface SpeechBridge {
  /** Speak a text. Returns a function that cancels it. */
  speak(params: SpeakParams, onReply: (reply: Reply) => void): () => void;
}

export const CHANNELS = { speak: "speech:speak", cancel: "speech:cancel", reply: "speech:reply" } as const;
