import type { Sentence, SentenceWords } from "qwen-tts-sidecar/connect";

/** Shows the text, and marks the word that is heard, or its sentence if the words have no times. */
export class Reading {
  readonly #before = new Text();
  readonly #marked = document.createElement("mark");
  readonly #after = new Text();
  #text = "";
  #sentences: Sentence[] = [];
  #words = new Map<number, SentenceWords["words"]>();
  #shown: { textStart: number; textEnd: number } | undefined;

  constructor(readonly element: HTMLElement) {
    element.replaceChildren(this.#before, this.#marked, this.#after);
  }

  /** What is marked now; nothing is `""`. */
  get marked(): string {
    return this.#marked.textContent ?? "";
  }

  /** Begin with another text; nothing of it is marked. */
  start(text: string): void {
    this.#text = text;
    this.#sentences = [];
    this.#words.clear();
    this.#mark(undefined);
  }

  addSentence(sentence: Sentence): void {
    this.#sentences.push(sentence);
  }

  addWords({ sentence, words }: SentenceWords): void {
    this.#words.set(sentence, words);
  }

  /** Mark what is heard at a time in the audio. A word stays marked until the next one begins. */
  hear(ms: number): void {
    const sentence = this.#sentences.findLast(({ startMs }) => startMs <= ms);
    // The words of a sentence arrive after its audio, so that they may be late, or there may be none.
    const words = sentence && this.#words.get(sentence.index);
    this.#show(words ? words.findLast(({ startMs }) => startMs <= ms) : sentence);
  }

  /** Mark nothing. */
  end(): void {
    this.#show(undefined);
  }

  #show(place: { textStart: number; textEnd: number } | undefined): void {
    if (place === this.#shown) return;
    this.#mark(place);
    if (place) this.#follow();
  }

  #mark(place: { textStart: number; textEnd: number } | undefined): void {
    this.#shown = place;
    const { textStart, textEnd } = place ?? { textStart: 0, textEnd: 0 };
    this.#before.data = this.#text.slice(0, textStart);
    this.#marked.textContent = this.#text.slice(textStart, textEnd);
    this.#after.data = this.#text.slice(textEnd);
  }

  /** Scroll the text, but not the page, if the mark is out of sight. */
  #follow(): void {
    const [seen, mark] = [this.element.getBoundingClientRect(), this.#marked.getBoundingClientRect()];
    if (mark.top < seen.top || mark.bottom > seen.bottom) this.element.scrollTop += mark.top - seen.top;
  }
}
