import type { SpeechParams } from "./options.js";
import { SentenceSplitter } from "./sentences.js";
import type { SpeechChunk, SpeechResult, SpeechSource } from "./stream.js";

export type TextSource = AsyncIterable<string> | Iterable<string>;

type StartSpeech = (params: SpeechParams) => SpeechSource;

/**
 * Speaks text that is still being written, a sentence a request, the next one requested while this
 * one is heard. Further ones wait until the consumer gets there: a consumer that stops reading stops
 * the text, too. Where `capabilities.methods` has `speech/appendText`, another source of the same
 * interface can send the pieces as they are; `Sidecar.synthesizeText` would choose.
 */
export class TextSpeech implements SpeechSource {
  readonly result: Promise<SpeechResult>;
  #settle!: { resolve(result: SpeechResult): void; reject(error: unknown): void };
  #sentences: AsyncGenerator<string, undefined>;
  #params: Omit<SpeechParams, "text">;
  #current: Promise<SpeechSource | undefined> | undefined;
  #speaking: SpeechSource | undefined;
  #ahead: Promise<SpeechSource | undefined> | undefined;
  #live = new Set<SpeechSource>();
  #results: SpeechResult[] = [];
  #stopped: { error: unknown } | undefined;
  #interrupt!: (error: unknown) => void;
  #interrupted: Promise<never>;
  #seq = 0;
  #offset = 0;

  constructor(
    text: TextSource,
    params: Omit<SpeechParams, "text">,
    readonly limits: { maxTextChars: number },
    readonly speak: StartSpeech,
  ) {
    this.result = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    this.#interrupted = new Promise((_, reject) => (this.#interrupt = reject));
    this.#interrupted.catch(() => {});
    this.#sentences = sentencesOf(text, new SentenceSplitter(limits.maxTextChars));
    // One seed for all sentences: another one may sound like another person.
    this.#params = { ...params, seed: params.seed ?? Math.floor(Math.random() * 2 ** 53) };
  }

  start(): void {
    this.#current = this.#request();
  }

  async next(): Promise<SpeechChunk | undefined> {
    try {
      const chunk = await this.#nextChunk();
      if (!chunk) this.#settle.resolve(joined(this.#results));
      return chunk;
    } catch (error) {
      void this.stop(error);
      throw error;
    }
  }

  async stop(error: unknown): Promise<void> {
    if (!this.#stopped) {
      this.#stopped = { error };
      this.#settle.reject(error);
      this.#interrupt(error);
      // Not awaited: a text source that is stuck does not hold up the end.
      this.#sentences.return(undefined).catch(() => {});
    }
    await Promise.all([...this.#live].map((speech) => speech.stop(error)));
  }

  async #nextChunk(): Promise<SpeechChunk | undefined> {
    for (;;) {
      const speech = (this.#speaking ??= await this.#orInterrupted(this.#current));
      if (!speech) return undefined;
      this.#ahead ??= this.#request();
      const chunk = await speech.next();
      if (chunk) return this.#renumbered(chunk);
      this.#results.push(await speech.result);
      this.#live.delete(speech);
      this.#speaking = undefined;
      this.#current = this.#ahead;
      this.#ahead = undefined;
    }
  }

  /** The next sentence, on the wire. */
  #request(): Promise<SpeechSource | undefined> {
    const speech = this.#start();
    speech.catch(() => {}); // Told to the consumer when it gets there.
    return speech;
  }

  async #start(): Promise<SpeechSource | undefined> {
    const { done, value } = await this.#sentences.next();
    if (this.#stopped) throw this.#stopped.error;
    if (done) return undefined;
    const speech = this.speak({ ...this.#params, text: value });
    this.#live.add(speech);
    speech.result.catch(() => {});
    speech.start();
    return speech;
  }

  #orInterrupted<T>(promise: Promise<T> | undefined): Promise<T | undefined> {
    return Promise.race([Promise.resolve(promise), this.#interrupted]);
  }

  #renumbered(chunk: SpeechChunk): SpeechChunk {
    const renumbered = { ...chunk, seq: this.#seq++, offset: this.#offset };
    this.#offset += chunk.samples;
    return renumbered;
  }
}

async function* sentencesOf(
  text: TextSource,
  splitter: SentenceSplitter,
): AsyncGenerator<string, undefined> {
  let spoken = false;
  for await (const piece of text) {
    for (const sentence of splitter.push(piece)) {
      spoken = true;
      yield sentence;
    }
  }
  const rest = splitter.flush();
  // Without a word in it, it is the sidecar's to refuse, as it refuses any such text.
  yield* spoken || rest.length > 0 ? rest : [""];
  return undefined;
}

/** The result of the sentences as if they were one speech. */
function joined(results: readonly SpeechResult[]): SpeechResult {
  const sum = (value: (result: SpeechResult) => number) =>
    results.reduce((total, result) => total + value(result), 0);
  const first = results[0] as SpeechResult;
  const generationMs = sum(({ metrics }) => metrics.generationMs);
  const durationMs = sum((result) => result.durationMs);
  return {
    ...first,
    finishReason: results.find((result) => result.finishReason !== "stop")?.finishReason ?? "stop",
    frames: sum((result) => result.frames),
    samples: sum((result) => result.samples),
    durationMs,
    metrics: {
      ...first.metrics,
      generationMs,
      realTimeFactor: generationMs / durationMs,
      peakMemoryBytes: Math.max(...results.map(({ metrics }) => metrics.peakMemoryBytes)),
    },
  };
}
