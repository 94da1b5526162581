import type { SentenceProgress } from "./protocol.gen.js";

/** A part of the text that is spoken without a cut. All sentences joined are the text. */
export interface Sentence {
  /** Index of the sentence: 0, 1, 2, … without gaps. */
  index: number;
  /** The sentence as it was written, white space included. */
  text: string;
  /** Where it starts in the whole text, in UTF-16 code units, as `String.prototype.slice` counts. */
  textStart: number;
  /** Where it ends in the whole text, in UTF-16 code units, as `String.prototype.slice` counts. */
  textEnd: number;
  /** Where it starts in the audio, in milliseconds. It ends where the next one starts. */
  startMs: number;
}

/** A text whose sentences are taken from its front. The wire counts code points, JavaScript UTF-16 units. */
export class SpokenText {
  #rest = "";
  #start = 0;

  /** Number of UTF-16 units that are not in a sentence yet. */
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

/** Return the length in UTF-16 units of the first `codePoints` of a text. */
function unitsOf(text: string, codePoints: number): number {
  let units = 0;
  for (let n = 0; n < codePoints; n++) units += (text.codePointAt(units) ?? 0) > 0xffff ? 2 : 1;
  return units;
}
