// What main process and page say to each other.

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

/** What the preload script gives the page. */
export interface SpeechBridge {
  /** Returns what cancels it. */
  speak(params: SpeakParams, onReply: (reply: Reply) => void): () => void;
}

export const CHANNELS = { speak: "speech:speak", cancel: "speech:cancel", reply: "speech:reply" } as const;
