import type { Sentence, SentenceWords, Sidecar, SpeechParams, SpeechResult } from "qwen-tts-sidecar/connect";
import { concat16 } from "./samples.js";
import { Timeline } from "./timeline.js";

/** Samples for each column of the waveform that is kept: 5 ms at 24 kHz. */
export const BUCKET = 120;

/** Told what a take has received. */
export interface TakeListener {
  onChunk(take: Take, samples: Int16Array<ArrayBuffer>): void;
  onSentence(sentence: Sentence): void;
  onWords(words: SentenceWords): void;
}

/** One speech: what was asked for, and all that came. */
export class Take {
  /** `performance.now()` when it was asked for. */
  readonly startedAt = performance.now();
  readonly timeline: Timeline;
  readonly chunks: Int16Array<ArrayBuffer>[] = [];
  readonly sentences: Sentence[] = [];
  readonly words: SentenceWords[] = [];
  /** The loudest sample of each bucket, from 0 to 1. */
  readonly peaks: number[] = [];
  result: SpeechResult | undefined;

  constructor(
    readonly params: SpeechParams,
    readonly sampleRate: number,
    /** Whose voice it is, for people. */
    readonly voiceName: string,
  ) {
    this.timeline = new Timeline(sampleRate);
  }

  get samples(): number {
    return this.timeline.samples;
  }

  get seconds(): number {
    return this.samples / this.sampleRate;
  }

  /** Milliseconds since it was asked for. */
  get now(): number {
    return performance.now() - this.startedAt;
  }

  /** Speak, and tell the listener what arrives. */
  async run(sidecar: Sidecar, listener: TakeListener, signal: AbortSignal): Promise<SpeechResult> {
    const { timings } = sidecar.capabilities;
    const timing = timings?.includes("word") ? "word" : undefined;
    const params = { ...this.params, timing, encoding: "pcm_s16le", sampleRate: this.sampleRate } as const;
    const stream = sidecar.synthesize(params, { signal });
    stream.on("sentence", (sentence) => {
      this.sentences.push(sentence);
      listener.onSentence(sentence);
    });
    stream.on("words", (words) => {
      this.words.push(words);
      listener.onWords(words);
    });
    for await (const { audio } of stream) {
      const samples = new Int16Array(audio.buffer, audio.byteOffset, audio.byteLength / 2);
      this.#add(samples);
      listener.onChunk(this, samples);
    }
    this.result = await stream.final();
    this.timeline.isComplete = true;
    return this.result;
  }

  /** Return the samples from a place to the end. */
  from(sample: number): Int16Array<ArrayBuffer> {
    return concat16(this.chunks).subarray(sample);
  }

  #add(samples: Int16Array<ArrayBuffer>): void {
    const before = this.samples;
    this.chunks.push(samples);
    this.timeline.arrive(this.now, samples.length);
    samples.forEach((sample, i) => {
      const bucket = Math.floor((before + i) / BUCKET);
      this.peaks[bucket] = Math.max(this.peaks[bucket] ?? 0, Math.abs(sample) / 32768);
    });
  }
}
