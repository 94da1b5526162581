// A text to read, which may still be written while it is read. It can be read again from any place.

export type TextSource = string | Iterable<string> | AsyncIterable<string>;

/** Return whether a value can be read aloud. */
export function isTextSource(value: unknown): value is TextSource {
  if (typeof value === "string") return true;
  if (typeof value !== "object" || value === null) return false;
  return Symbol.asyncIterator in value || Symbol.iterator in value;
}

export class LiveText {
  /** The text so far. */
  text = "";
  /** Whether `text` is all of it. */
  isWhole = false;
  readonly #source: AsyncIterator<string> | Iterator<string> | undefined;
  #pulling: Promise<boolean> | undefined;

  constructor(source: TextSource) {
    if (typeof source === "string") {
      // Half a surrogate pair, which an editor may have, is one unit long, and so is what stands for it.
      this.text = source.toWellFormed();
      this.isWhole = true;
    } else {
      this.#source = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
    }
  }

  /** Yield the text from a place on, in pieces, and wait for what is not written yet. */
  async *from(start: number): AsyncGenerator<string, void> {
    for (let at = start; ;) {
      if (at < this.text.length) {
        const piece = this.text.slice(at);
        at = this.text.length;
        yield piece;
      } else if (!(await this.#pull())) return;
    }
  }

  /** Tell the source that its text is not read any further. */
  async close(): Promise<void> {
    if (!this.isWhole) await this.#source?.return?.();
  }

  /** Add the next piece; return whether there was one. Readers that wait share it. */
  #pull(): Promise<boolean> {
    if (this.isWhole || !this.#source) return Promise.resolve(false);
    this.#pulling ??= this.#next(this.#source).finally(() => (this.#pulling = undefined));
    return this.#pulling;
  }

  async #next(source: AsyncIterator<string> | Iterator<string>): Promise<boolean> {
    const { done, value } = await source.next();
    if (done) {
      this.isWhole = true;
      return false;
    }
    if (typeof value !== "string") {
      throw new TypeError(`The text to read must come in strings, and a piece of it is of the type ${typeof value}.`);
    }
    this.text += value;
    return true;
  }
}
