// What is heard when: the sentences and words of one request, by their times in its audio.

import type { HeardWord, Place, SpokenSentence } from "./types.js";

export interface TimedSentence extends SpokenSentence {
  readonly startMs: number;
}

export interface TimedWord extends HeardWord {
  readonly startMs: number;
}

/** What is heard at a time. */
export interface Heard {
  sentence: TimedSentence | undefined;
  word: TimedWord | undefined;
}

interface Marked extends Place {
  index: number;
  text: string;
  startMs: number;
}

interface MarkedWords {
  sentence: number;
  words: readonly TimedWord[] | null;
}

export class Timeline {
  readonly #sentences: TimedSentence[] = [];
  readonly #words = new Map<number, readonly TimedWord[]>();

  /** @param base Where the request's text begins in the whole text. */
  constructor(readonly base: number) {}

  addSentence({ index, text, textStart, textEnd, startMs }: Marked): void {
    this.#sentences.push({ index, text, startMs, textStart: textStart + this.base, textEnd: textEnd + this.base });
  }

  addWords({ sentence, words }: MarkedWords): void {
    const placed = words?.map(({ word, startMs, textStart, textEnd }) => {
      return { word, startMs, textStart: textStart + this.base, textEnd: textEnd + this.base };
    });
    if (placed) this.#words.set(sentence, placed);
  }

  /** A word is heard until the next one begins. Of sentences that begin together, all but the last are silent. */
  at(ms: number): Heard {
    const sentence = this.#sentences.findLast(({ startMs }) => startMs <= ms);
    const word = sentence && this.#words.get(sentence.index)?.findLast(({ startMs }) => startMs <= ms);
    return { sentence, word };
  }

  /** Return the sentence that is heard after another one, if its start is known. */
  after({ index }: TimedSentence): TimedSentence | undefined {
    const next = this.#sentences.find((sentence) => sentence.index > index);
    return next && this.at(next.startMs).sentence;
  }

  /** Return the sentence that begins at a place of the text. */
  starting(textStart: number): TimedSentence | undefined {
    return this.#sentences.find((sentence) => sentence.textStart === textStart);
  }
}
