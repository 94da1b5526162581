// The messages between the extension and its webview.

import type { AudioStatistics, Position, Status } from "./types.js";

/** What the webview shows. */
export interface Shown {
  status: Status;
  sentence: string;
  word: { start: number; end: number } | undefined;
  voice: string;
  speed: number;
}

export type ToWebview =
  /** Throw away all audio; what follows belongs to this take. */
  | { kind: "begin"; take: number }
  | { kind: "samples"; take: number; pcm: ArrayBuffer }
  | { kind: "pause" }
  | { kind: "resume" }
  /** Throw away all audio, and be silent until the next `begin`. */
  | { kind: "stop" }
  | { kind: "show"; shown: Shown }
  | { kind: "measure"; id: number };

/** The buttons of the webview, which are commands of the extension. */
export const BUTTONS = ["previous", "togglePause", "next", "stop"] as const;
export type Button = (typeof BUTTONS)[number];

export type FromWebview =
  | { kind: "ready" }
  | { kind: "position"; position: Position }
  | { kind: "blocked"; isBlocked: boolean }
  | { kind: "button"; button: Button }
  | { kind: "measured"; id: number; statistics: AudioStatistics | null }
  | { kind: "failed"; message: string };
