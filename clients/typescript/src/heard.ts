import type { Sentence } from "./sentences.js";

/** What was heard of a speech that was stopped. */
export interface Heard {
  /**
   * The text up to there. It is exact where a sentence begins or ends, and estimated within one, where it
   * ends before the word that was not heard to its end.
   */
  text: string;
  /** Number of audio samples up to there. */
  samples: number;
  /** Index of the sentence in which it ends. */
  sentence: number;
}

/** White space, and ideograms, each of which is a word of its own. */
const ENDS_A_WORD =
  /[\s\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\u3000-\u303f\uff00-\uff60]$/u;

/** A speech that was generated to its end. */
export interface Generated {
  text: string;
  sentences: readonly Sentence[];
  /** When the speech of each sentence that has any ends in the audio, in milliseconds, by its index. */
  endsMs: ReadonlyMap<number, number>;
  sampleRate: number;
}

/** Return what was heard of a speech, by the sidecar's own rule. */
export function findHeard({ text, sentences, endsMs, sampleRate }: Generated, samples: number): Heard {
  const ms = (samples / sampleRate) * 1000;
  const sentence = sentences.findLast(({ startMs }) => startMs <= ms);
  if (!sentence) return { text: "", samples, sentence: 0 };
  const { index, startMs, textStart, textEnd } = sentence;
  const length = (endsMs.get(index) ?? startMs) - startMs;
  const share = length > 0 ? Math.min((ms - startMs) / length, 1) : 1;
  let end = textStart + Math.floor((textEnd - textStart) * share + 1e-9);
  while (textStart < end && end < textEnd && !ENDS_A_WORD.test(text.slice(textStart, end))) end -= 1;
  return { text: text.slice(0, end), samples, sentence: index };
}
