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
  /** Who says it, if the speech has `speakers`; undefined: the speech's own voice. */
  speaker?: string;
  /** The text is SSML; captions do not show its tags. */
  isSsml?: true;
}

/** A text whose sentences are taken from its front. The wire counts code points, JavaScript UTF-16 units. */
export class SpokenText {
  #whole = "";
  #start = 0;

  constructor(readonly isSsml = false) {}

  /** All of the text so far. */
  get whole(): string {
    return this.#whole;
  }

  /** Number of UTF-16 units that are not in a sentence yet. */
  get waiting(): number {
    return this.#whole.length - this.#start;
  }

  add(text: string): void {
    this.#whole += text;
  }

  /** Return the first `codePoints` of the text. */
  until(codePoints: number): string {
    return this.#whole.slice(0, unitsOf(this.#whole, 0, codePoints));
  }

  take({ index, textStart, textEnd, startMs, speaker }: SentenceProgress): Sentence {
    const start = this.#start;
    this.#start += unitsOf(this.#whole, start, textEnd - textStart);
    const text = this.#whole.slice(start, this.#start);
    const sentence: Sentence = { index, text, textStart: start, textEnd: this.#start, startMs };
    if (speaker !== undefined) sentence.speaker = speaker;
    if (this.isSsml) sentence.isSsml = true;
    return sentence;
  }
}

/** Return the length in UTF-16 units of so many code points of a text. */
function unitsOf(text: string, start: number, codePoints: number): number {
  let units = start;
  for (let n = 0; n < codePoints; n++) units += (text.codePointAt(units) ?? 0) > 0xffff ? 2 : 1;
  return units - start;
}
