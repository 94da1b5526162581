/** A full stop behind these ends no sentence. */
const ABBREVIATION = /(?:^|[\s("'])(?:Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|vs|e\.g|i\.e|\p{Lu})\.\s*$/u;

/** "Really?" he asked. */
const GOES_ON = /^\p{Ll}/u;

/**
 * Cuts text that is still being written into sentences. The last one is held back until the next
 * begins, or the text ends: until then nobody knows that it is whole.
 */
export class SentenceSplitter {
  #segmenter: Intl.Segmenter;
  #text = "";

  constructor(
    /** Longest piece, in Unicode code points. */
    readonly maxChars: number,
    locale?: string,
  ) {
    this.#segmenter = new Intl.Segmenter(locale, { granularity: "sentence" });
  }

  push(text: string): string[] {
    this.#text += text;
    const whole: string[] = [];
    let sentence = "";
    let cut = 0;
    for (const { segment, index } of this.#segmenter.segment(this.#text)) {
      if (isWhole(sentence) && !GOES_ON.test(segment)) {
        whole.push(sentence);
        cut = index;
        sentence = "";
      }
      sentence += segment;
    }
    this.#text = this.#text.slice(cut);
    return whole.flatMap((text) => this.#short(text));
  }

  /** The text has ended: what was held back. */
  flush(): string[] {
    const rest = this.#text;
    this.#text = "";
    return isSpeakable(rest) ? this.#short(rest) : [];
  }

  /** Parts of at most `maxChars`, cut at blanks where there are any. */
  #short(sentence: string): string[] {
    const parts: string[] = [];
    let letters = [...sentence.trim()];
    while (letters.length > this.maxChars) {
      const blank = letters.lastIndexOf(" ", this.maxChars);
      const end = blank > 0 ? blank : this.maxChars;
      parts.push(letters.slice(0, end).join(""));
      letters = letters.slice(blank > 0 ? end + 1 : end);
    }
    return [...parts, letters.join("")].map((part) => part.trim()).filter(isSpeakable);
  }
}

/** "1. " and "Dr. " belong to what follows; so do dashes, and stars. */
const isWhole = (text: string) => /\p{L}/u.test(text) && !ABBREVIATION.test(text);

const isSpeakable = (text: string) => /[\p{L}\p{N}]/u.test(text);
