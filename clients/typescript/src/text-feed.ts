import type { SpokenText } from "./sentences.js";

/** A text that is still being written, in pieces that may end anywhere. */
export type TextSource = AsyncIterable<string> | Iterable<string>;

/** Number of characters that may wait to be spoken before reading pauses: minutes of speech. */
const AHEAD = 4000;

const ENDS_IN_HALF_A_CHARACTER = /[\uD800-\uDBFF]$/;

/** Reads a text that is still being written, no further ahead of the voice than necessary. */
export class TextFeed {
  #pieces: AsyncIterator<string> | Iterator<string> | undefined;
  #stopped = false;
  #proceed: () => void = () => {};

  constructor(
    readonly source: TextSource,
    /** Receives everything that was read. */
    readonly text: SpokenText,
  ) {}

  /** Read to the end. Resolves to false if it was stopped before; rejects with the source's error. */
  async run(append: (text: string) => void): Promise<boolean> {
    this.#pieces = iterate(this.source);
    const send = (piece: string) => {
      if (piece === "") return;
      const text = piece.toWellFormed(); // Without half surrogate pairs, which JSON cannot carry.
      this.text.add(text);
      append(text);
    };
    let half = "";
    for (;;) {
      await this.#room();
      if (this.#stopped) return false;
      const { done, value } = await this.#pieces.next();
      if (this.#stopped) return false;
      if (done) break;
      if (typeof value !== "string") throw new TypeError(`A piece of text is a ${typeof value}.`);
      const piece = half + value;
      half = ENDS_IN_HALF_A_CHARACTER.exec(piece)?.[0] ?? "";
      send(piece.slice(0, piece.length - half.length));
    }
    send(half);
    return true;
  }

  /** Continue reading if sentences were spoken and there is room for more text. */
  update(): void {
    this.#proceed();
  }

  /** Release the source without waiting for it, since it may never return. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#proceed();
    void release(this.#pieces);
  }

  async #room(): Promise<void> {
    while (this.text.waiting > AHEAD && !this.#stopped) {
      await new Promise<void>((resolve) => (this.#proceed = resolve));
    }
  }
}

const iterate = (source: TextSource) =>
  Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();

async function release(pieces: AsyncIterator<string> | Iterator<string> | undefined): Promise<void> {
  try {
    await pieces?.return?.();
  } catch {
    // The speech has ended, so its error concerns no caller.
  }
}
