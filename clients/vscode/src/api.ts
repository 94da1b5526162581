// What `activate` returns: the extension's API for other extensions, and for tests.

import type * as vscode from "vscode";
import type { Highlighted } from "./highlighter.js";
import type { TextSource } from "./live-text.js";
import type { Message } from "./messenger.js";
import type { AudioStatistics, HeardWord, Outcome, SpeechOptions, SpokenSentence, Status } from "./types.js";

export interface QwenTts {
  /** Raised when something is taken away or means something else. */
  readonly version: 1;
  readonly status: Status;
  readonly onDidChangeStatus: vscode.Event<Status>;
  /** The sentence that is heard now; undefined: none. */
  readonly sentence: SpokenSentence | undefined;
  /** The word that is heard now; undefined: none, or its time is not known. */
  readonly word: HeardWord | undefined;
  readonly onDidChangeSentence: vscode.Event<SpokenSentence | undefined>;
  /** What is highlighted in the document; undefined: nothing. */
  readonly highlighted: Highlighted | undefined;
  /** Process id of the sidecar; undefined: it does not run, or a bridge has it. */
  readonly sidecarPid: number | undefined;
  /** The last message that was shown. */
  readonly lastMessage: Message | undefined;
  /**
   * Read a text aloud, in place of what is being read. The promise resolves when it has been heard, or was stopped.
   * A text that is still being written is read while it arrives. If the reading ends first, the `return` of its iterator is called.
   *
   * @throws Error if it cannot be read; its message is for a person, who has been shown it.
   */
  speak(text: TextSource, options?: SpeechOptions): Promise<Outcome>;
  stop(): void;
  pause(): void;
  resume(): void;
  next(): void;
  previous(): void;
  /** Measure the sound; undefined: no webview has played yet. */
  audio(): Promise<AudioStatistics | undefined>;
}
