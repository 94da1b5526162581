// A sidecar and a player whose time the test decides.

import type { Speaker, Stream } from "../src/request.js";
import type { Sound } from "../src/reading.js";
import { SAMPLE_RATE } from "../src/types.js";

/** Let everything run that waits for nothing else. */
export const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

interface Asked {
  text: string | undefined;
  params: object;
  isCancelled: boolean;
  flushes?: number;
}

/**
 * Speaks one second for each sentence, which ends in a full stop, and holds what was not allowed yet. The samples of a
 * sentence all have the number of its first character.
 */
export class FakeSpeaker implements Speaker {
  readonly asked: Asked[] = [];
  /** Sentences that may still be spoken. */
  allowed = Infinity;
  failure: Error | undefined;
  #wake = () => {};

  allow(sentences: number): void {
    this.allowed += sentences;
    this.#wake();
  }

  fail(error: Error): void {
    this.failure = error;
    this.#wake();
  }

  synthesize({ text, ...params }: { text: string }): Stream {
    return this.#speak([text], { text, params, isCancelled: false });
  }

  synthesizeText(text: AsyncIterable<string>, params: object): Stream {
    return this.#speak(text, { text: undefined, params, isCancelled: false });
  }

  #speak(source: AsyncIterable<string> | Iterable<string>, asked: Asked): Stream {
    this.asked.push(asked);
    const listeners: Record<string, (event: never) => void> = {};
    const speaker = this;
    async function* chunks() {
      let [whole, index, at] = ["", 0, 0];
      for await (const piece of source) {
        whole += piece;
        for (const [text] of whole.slice(at).matchAll(/[^.]*\.\s*/g)) {
          while (speaker.allowed === 0 && !speaker.failure && !asked.isCancelled) {
            await new Promise<void>((resolve) => (speaker.#wake = resolve));
          }
          if (asked.isCancelled) return;
          if (speaker.failure) throw speaker.failure;
          speaker.allowed -= 1;
          const sentence = { index, text, textStart: at, textEnd: at + text.length, startMs: 1000 * index };
          listeners.sentence?.(sentence as never);
          yield { audio: new Uint8Array(new Int16Array(SAMPLE_RATE).fill(text.charCodeAt(0)).buffer) };
          index += 1;
          at += text.length;
        }
      }
      if (speaker.failure) throw speaker.failure;
    }
    const stream = {
      on(event: string, listener: (event: never) => void) {
        listeners[event] = listener;
        return stream;
      },
      final: async () => ({}),
      flush: () => (asked.flushes = (asked.flushes ?? 0) + 1),
      cancel: async () => {
        asked.isCancelled = true;
        speaker.#wake();
      },
      [Symbol.asyncIterator]: chunks,
    };
    return stream as unknown as Stream;
  }
}

/** Keeps what it was given. */
export class FakeSound implements Sound {
  take = 0;
  /** The first sample of each second of the present take. */
  samples: number[] = [];
  state: "playing" | "paused" | "stopped" = "stopped";

  begin(): number {
    this.samples = [];
    this.state = "playing";
    return ++this.take;
  }

  push(take: number, pcm: Uint8Array): void {
    if (take !== this.take) throw new Error("Audio of an earlier take was pushed.");
    this.samples.push(...new Int16Array(new Uint8Array(pcm).buffer));
  }

  pause(): void {
    this.state = "paused";
  }

  resume(): void {
    this.state = "playing";
  }

  stop(): void {
    this.state = "stopped";
  }

  /** The first letters of the sentences whose audio is here. */
  get letters(): string {
    const seconds = Math.ceil(this.samples.length / SAMPLE_RATE);
    return Array.from({ length: seconds }, (_, i) => String.fromCharCode(this.samples[i * SAMPLE_RATE] ?? 0)).join("");
  }
}
