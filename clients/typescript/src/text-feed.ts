import type { SpokenText } from "./sentences.js";

/** A text that is still being written, as pieces that may be cut anywhere. */
export type TextSource = AsyncIterable<string> | Iterable<string>;

/** How much text may wait to be spoken before no more is asked for: minutes of speech. */
const AHEAD = 4000;

const ENDS_IN_HALF_A_CHARACTER = /[\uD800-\uDBFF]$/;

/** Reads a text that is still being written, no further ahead of the voice than it has to. */
export class TextFeed {
  #pieces: AsyncIterator<string> | Iterator<string> | undefined;
  #stopped = false;
  #proceed: () => void = () => {};

  constructor(
    readonly source: TextSource,
    /** Grows with what was read. */
    readonly text: SpokenText,
  ) {}

  /** Resolves with whether the text has come to its end; rejects with the source's error. */
  async run(append: (text: string) => void): Promise<boolean> {
    this.#pieces = iterate(this.source);
    const send = (piece: string) => {
      if (piece === "") return;
      const text = piece.toWellFormed(); // What JSON can carry.
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

  /** Sentences were told off: there may be room for more. */
  update(): void {
    this.#proceed();
  }

  /** Lets the source go, without waiting for it: it may be stuck. */
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
    // Nobody waits for it any more.
  }
}
