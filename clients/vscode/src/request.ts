// One request to the sidecar: the text from a place on, its audio as far as it is wanted, and when what is heard.

import type { LiveSpeechParams, SpeechStream } from "qwen-tts-sidecar";
import type { LiveText } from "./live-text.js";
import { Tape } from "./tape.js";
import { Timeline } from "./timeline.js";
import { SAMPLE_RATE } from "./types.js";

/** The part of the client that is used. */
export interface Speaker {
  synthesize(params: LiveSpeechParams & { text: string }): Stream;
  synthesizeText(text: AsyncIterable<string>, params: LiveSpeechParams): Stream;
}

export type Stream = Pick<SpeechStream, "on" | "final" | "cancel" | "flush"> & AsyncIterable<{ audio: Uint8Array }>;

export interface RequestEvents {
  onSamples(pcm: Uint8Array): void;
  /** All has been generated. */
  onComplete(): void;
  onError(error: unknown): void;
}

/** Samples that may be generated ahead of the listener: ten seconds. A chunk is at most one second. */
const AHEAD = 10 * SAMPLE_RATE;
/** Milliseconds of audio that the sidecar may be ahead of the loop below. */
const CREDIT_MS = 5000;
/** Milliseconds that a text may pause while it is written. */
const TEXT_TIMEOUT_MS = 10 * 60_000;
/** Milliseconds without text after which a sentence that is complete is spoken. */
const PAUSE_MS = 1500;
const SENTENCE_END = /[.!?…:。！？：]["'”’)\]]*\s*$/u;

export class Request {
  readonly tape = new Tape();
  readonly timeline: Timeline;
  isComplete = false;
  #stream: Stream | undefined;
  #isOver = false;
  #heard = 0;
  #wake = () => {};

  constructor(
    readonly text: LiveText,
    readonly start: number,
    readonly events: RequestEvents,
  ) {
    this.timeline = new Timeline(start);
  }

  send(speaker: Speaker, params: LiveSpeechParams): void {
    const wanted = { ...params, sampleRate: SAMPLE_RATE, encoding: "pcm_s16le" as const, creditMs: CREDIT_MS };
    const stream = this.text.isWhole
      ? speaker.synthesize({ ...wanted, text: this.text.text.slice(this.start) })
      : speaker.synthesizeText(this.#written(), { ...wanted, textTimeoutMs: TEXT_TIMEOUT_MS });
    this.#stream = stream;
    stream.on("sentence", (sentence) => this.timeline.addSentence(sentence));
    stream.on("words", (words) => this.timeline.addWords(words));
    void this.#run(stream);
  }

  /** Tell how far the listener is, in samples of this request. */
  heard(sample: number): void {
    this.#heard = sample;
    this.tape.forget(sample);
    this.#wake();
  }

  cancel(): void {
    this.#isOver = true;
    this.#wake();
    void this.#stream?.cancel({ playedMs: (this.#heard / SAMPLE_RATE) * 1000 });
  }

  /**
   * Yield the text as it is written. The sidecar waits for the word behind a sentence; if the writer pauses there, as
   * a chat does that calls a tool, the sentence is spoken all the same.
   */
  async *#written(): AsyncGenerator<string, void> {
    let timer: NodeJS.Timeout | undefined;
    try {
      for await (const piece of this.text.from(this.start)) {
        clearTimeout(timer);
        yield piece;
        if (SENTENCE_END.test(this.text.text)) timer = setTimeout(() => this.#stream?.flush(), PAUSE_MS);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  async #run(stream: Stream): Promise<void> {
    try {
      for await (const { audio } of stream) {
        if (this.#isOver) return;
        this.tape.push(audio);
        this.events.onSamples(audio);
        while (this.tape.end - this.#heard > AHEAD && !this.#isOver) {
          await new Promise<void>((resolve) => (this.#wake = resolve));
        }
      }
      await stream.final();
      this.isComplete = true;
      if (!this.#isOver) this.events.onComplete();
    } catch (error) {
      if (!this.#isOver) this.events.onError(error);
    }
  }
}
