import type { WordsProgress } from "./protocol.gen.js";
import type { Sentence } from "./sentences.js";

/** A word of the text, and when it is heard. */
export interface SpokenWord {
  /** The word as it is written, without markup and marks around it. */
  word: string;
  /** Where it starts in the audio, in milliseconds. */
  startMs: number;
  /** Where it ends in the audio, in milliseconds. */
  endMs: number;
  /** Where it starts in the whole text, in UTF-16 code units, as `String.prototype.slice` counts. */
  textStart: number;
  /** Where it ends in the whole text, in UTF-16 code units, as `String.prototype.slice` counts. */
  textEnd: number;
}

/** The words of a sentence. */
export interface SentenceWords {
  /** Index of the sentence. */
  sentence: number;
  /** The words in order. Empty: nothing was spoken. `null`: there are no times, and a warning in the result says why. */
  words: SpokenWord[] | null;
  /** Who knows the times: the model that speaks, or an aligner. Absent: there are no times. */
  source?: "model" | "aligner";
  /** The distance of the times that it can tell apart, in milliseconds. Absent: there are no times. */
  grainMs?: number;
}

/**
 * Return the words with places in UTF-16 units.
 *
 * @param start Where the sentence starts in the whole text, in code points.
 */
export function toSentenceWords(value: WordsProgress, sentence: Sentence, start: number): SentenceWords {
  const units = [0];
  for (const char of sentence.text) units.push((units.at(-1) ?? 0) + char.length);
  const place = (at: number) => sentence.textStart + (units[at - start] ?? sentence.text.length);
  const words = value.words?.map((word) => ({
    ...word,
    textStart: place(word.textStart),
    textEnd: place(word.textEnd),
  }));
  const { source, grainMs } = value;
  return { sentence: value.sentence, words: words ?? null, ...(source && { source }), ...(grainMs && { grainMs }) };
}
