// What the webview shows of what is heard.

import type { Shown } from "./messages.js";
import type { Heard } from "./timeline.js";
import type { SpeechOptions, Status } from "./types.js";

export function shownOf(status: Status, { sentence, word }: Heard, { voice = "", speed = 1 }: SpeechOptions): Shown {
  const text = sentence?.text ?? "";
  const sentenceShown = text.trim();
  const first = (sentence?.textStart ?? 0) + text.length - text.trimStart().length;
  const start = word ? Math.max(0, word.textStart - first) : 0;
  const place = word && { start, end: Math.max(start, word.textEnd - first) };
  return { status, sentence: sentenceShown, word: place, voice, speed };
}
