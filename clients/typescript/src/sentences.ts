import type { SentenceProgress } from "./protocol.gen.js";

/** A passage of the text that is spoken in one go, and where it is heard. Together they are the text. */
export interface Sentence {
  /** From 0, without gaps. */
  index: number;
  /** As it was written, white space and all. */
  text: string;
  /** Where `text` is in the whole text, as `slice` counts. */
  textStart: number;
  textEnd: number;
  /** In the audio. The next sentence's is where it ends. */
  startMs: number;
}

/** A text whose sentences are told off from its front. The wire counts code points, JavaScript does not. */
export class SpokenText {
  #rest = "";
  #start = 0;

  /** UTF-16 units that are in no sentence yet. */
  get waiting(): number {
    return this.#rest.length;
  }

  add(text: string): void {
    this.#rest += text;
  }

  take({ index, textStart, textEnd, startMs }: SentenceProgress): Sentence {
    const text = this.#rest.slice(0, unitsOf(this.#rest, textEnd - textStart));
    const start = this.#start;
    this.#rest = this.#rest.slice(text.length);
    this.#start += text.length;
    return { index, text, textStart: start, textEnd: this.#start, startMs };
  }
}

/** How long the first `codePoints` of a text are. */
function unitsOf(text: string, codePoints: number): number {
  let units = 0;
  for (let n = 0; n < codePoints; n++) units += (text.codePointAt(units) ?? 0) > 0xffff ? 2 : 1;
  return units;
}
