import { Emitter } from "./emitter.js";
import { SidecarCancelledError, SidecarError } from "./errors.js";
import type { Heard } from "./heard.js";
import type { SynthesizeResult } from "./protocol.gen.js";
import type { Sentence } from "./sentences.js";
import type { SentenceWords } from "./words.js";
import { concat, HEADER_BYTES, wavHeader } from "./wav.js";

/** How a speech ended. */
export interface SpeechResult extends Omit<SynthesizeResult, "audio" | "sentences"> {
  /** All sentences of the text, in order. */
  sentences: Sentence[];
  /** With `timing: "word"`: the words of each sentence, in order. */
  words?: SentenceWords[];
}

/** A piece of audio. */
export interface SpeechChunk {
  /**
   * The next bytes of the audio, in an ArrayBuffer of their own. With a `pcm_…` encoding they are whole
   * samples, so `new Int16Array(audio.buffer)` works; with another one they are a piece of one file.
   */
  audio: Uint8Array<ArrayBuffer>;
  /** Index of the chunk: 0, 1, 2, … without gaps. */
  seq: number;
  /** Number of samples in this chunk, including pauses. */
  samples: number;
  /** Number of codec frames generated for this chunk, 80 milliseconds each; 0 in a pause. */
  frames: number;
  /** Number of samples in all chunks before this one. */
  offset: number;
  /** Index of the sentence that the chunk belongs to. */
  sentence: number;
}

/** What `stream.on` can listen to. */
export interface SpeechEvents {
  /**
   * The start of a sentence in the audio is known. The event comes before the sentence's audio; with
   * `textMode: "stream"` it comes after it, when the model has read the sentence to its end.
   */
  sentence: Sentence;
  /** With `timing: "word"`: the words of a sentence, after all of its audio has arrived. */
  words: SentenceWords;
}

/** Encodings whose audio is a complete file. */
const FILES: readonly string[] = ["flac", "mp3", "ogg_opus"] satisfies SynthesizeResult["encoding"][];

/** Where a stream's audio comes from. */
export interface SpeechSource {
  readonly encoding: SynthesizeResult["encoding"];
  start(onSentence: (sentence: Sentence) => void, onWords: (words: SentenceWords) => void): void;
  next(): Promise<SpeechChunk | undefined>;
  readonly result: Promise<SpeechResult>;
  flush(): void;
  pause(paused: boolean): void;
  /** End `next` and `result` with `error` at once; resolves when all work has ended. */
  stop(error: unknown, playedMs?: number): Promise<void>;
  /** What was heard, once it has ended; undefined if nothing was sent. */
  heard(playedMs?: number): Heard | undefined;
}

/** Options of `stream.cancel`. */
export interface StopOptions {
  /** Milliseconds of the audio that were played. Default: all that was sent. */
  playedMs?: number;
}

/**
 * Speech that is being generated. Its audio can be read once: by a loop, by `bytes`, `toWav` or
 * `toReadableStream`. If only `final` is called, the audio is discarded.
 *
 * @example
 * ```ts
 * const stream = tts.synthesize({ text: "Hello there." });
 * for await (const { audio } of stream) console.log(new Int16Array(audio.buffer)); // 24000 Hz, mono
 * const { durationMs } = await stream.final();
 * ```
 */
export class SpeechStream extends Emitter<SpeechEvents> implements AsyncIterable<SpeechChunk> {
  #source: SpeechSource;
  #reader: string | undefined;
  #stopped: { error: unknown } | undefined;
  #cancelled: unknown;
  #forgetSignal: () => void = () => {};

  /** @internal */
  constructor(source: SpeechSource, signal?: AbortSignal) {
    super();
    this.#source = source;
    source.result.catch(() => {}); // The reader of the audio gets the same error.
    if (signal?.aborted) {
      void this.#stop(signal.reason);
      return;
    }
    if (signal) this.#listen(signal);
    source.start(
      (sentence) => this.emit("sentence", sentence),
      (words) => this.emit("words", words),
    );
  }

  /**
   * Return an iterator over the audio, chunk by chunk. Leaving the loop cancels the speech.
   *
   * @throws {@link SidecarError} if the audio is already read by something else, and in the loop what
   * `final` rejects with; but a loop over a stream that `cancel` stopped ends without an error.
   */
  [Symbol.asyncIterator](): AsyncIterator<SpeechChunk, undefined> {
    this.#take("a loop");
    return {
      next: async () => {
        const value = await this.#read();
        return value ? { done: false, value } : { done: true, value: undefined };
      },
      return: async () => {
        await this.cancel();
        return { done: true, value: undefined };
      },
    };
  }

  /**
   * Wait for the end of the speech, and resolve with its result. If nothing has begun to read the
   * audio, it is discarded.
   *
   * @throws {@link SidecarResponseError} if the sidecar refuses the speech or fails to generate it.
   * @throws {@link SidecarCancelledError} if `cancel` stopped the speech or a loop over it was left.
   * @throws {@link SidecarExitedError} if the sidecar's process ends before the speech.
   * @throws {@link SidecarClosedError} if the sidecar is closed before the speech ends.
   * @throws The reason of the `signal`, if that is aborted.
   *
   * @example
   * ```ts
   * const { durationMs, seed, sentences } = await stream.final();
   * ```
   */
  async final(): Promise<SpeechResult> {
    if (this.#reader === undefined) {
      this.#take("final()");
      while (await this.#source.next());
      this.#forgetSignal();
    }
    return this.#source.result;
  }

  /**
   * Stop the speech, and resolve with what was heard of it; undefined if no audio was sent. A loop over
   * it ends without an error, `final` rejects with {@link SidecarCancelledError}. After the end of the
   * speech it stops nothing, but still says what was heard. Never rejects.
   *
   * @example
   * ```ts
   * const heard = await stream.cancel({ playedMs: 1200 });
   * console.log(heard?.text);
   * ```
   */
  async cancel({ playedMs }: StopOptions = {}): Promise<Heard | undefined> {
    this.#cancelled ??= new SidecarCancelledError();
    await this.#stop(this.#cancelled, playedMs);
    return this.#source.heard(playedMs);
  }

  /**
   * Speak now what there is of a text that is still being written. Without it, the last sentence waits
   * for the word after it. It concerns what the source has given so far; a source may call it between
   * two pieces.
   *
   * @example
   * ```ts
   * stream.flush();
   * ```
   */
  flush(): void {
    this.#source.flush();
  }

  /**
   * Generate no more until `resume`; audio that is on its way still arrives. The stream keeps its place;
   * after 30 s, a sidecar at its limits may end it.
   *
   * @example
   * ```ts
   * stream.pause();
   * ```
   */
  pause(): void {
    this.#source.pause(true);
  }

  /**
   * Go on after `pause`.
   *
   * @example
   * ```ts
   * stream.resume();
   * ```
   */
  resume(): void {
    this.#source.pause(false);
  }

  /**
   * Wait for the end of the speech, and resolve with all of the audio: a file, or with a `pcm_…`
   * encoding the samples without a header.
   *
   * @throws {@link SidecarError} if the audio is already read by something else, and whatever `final`
   * rejects with.
   *
   * @example
   * ```ts
   * const mp3 = await tts.synthesize({ text: "Hello there.", encoding: "mp3" }).bytes();
   * ```
   */
  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    const parts: Uint8Array[] = [];
    for await (const { audio } of this) parts.push(audio);
    await this.final(); // Rejects if it was cancelled, since the audio is then incomplete.
    return concat(parts);
  }

  /**
   * Wait for the end of the speech, and resolve with a WAV file of it, whose header has its length. The
   * encoding must be `pcm_s16le`, `pcm_f32le` or `wav`.
   *
   * @throws {@link SidecarError} with another encoding, or if the audio is already read by something
   * else, and whatever `final` rejects with.
   *
   * @example
   * ```ts
   * const file = await tts.synthesize({ text: "Hello there." }).toWav();
   * ```
   */
  async toWav(): Promise<Uint8Array<ArrayBuffer>> {
    const { encoding } = this.#source;
    if (FILES.includes(encoding)) {
      throw new SidecarError(`This speech is encoded as ${encoding}: bytes() is the file.`);
    }
    const bytes = await this.bytes();
    const samples = bytes.subarray(encoding === "wav" ? HEADER_BYTES : 0);
    return concat([wavHeader(await this.final(), samples.length), samples]);
  }

  /**
   * Return a stream of the audio's bytes, e.g. for a `Response`. Cancelling it cancels the speech.
   *
   * @throws {@link SidecarError} if the audio is already read by something else. The stream itself
   * fails with whatever `final` rejects with.
   *
   * @example
   * ```ts
   * const speech = tts.synthesize({ text: "Hello there.", encoding: "mp3" });
   * const response = new Response(speech.toReadableStream(), { headers: { "content-type": "audio/mpeg" } });
   * ```
   */
  toReadableStream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    this.#take("toReadableStream()");
    return new ReadableStream(
      {
        pull: async (controller) => {
          const chunk = await this.#read();
          if (chunk) controller.enqueue(chunk.audio);
          else controller.close();
        },
        cancel: async () => void (await this.cancel()),
      },
      { highWaterMark: 0 },
    );
  }

  #take(reader: string): void {
    if (this.#reader !== undefined) {
      throw new SidecarError(`The audio of this stream is already read by ${this.#reader}.`);
    }
    this.#reader = reader;
  }

  async #read(): Promise<SpeechChunk | undefined> {
    try {
      if (this.#stopped) throw this.#stopped.error;
      const chunk = await this.#source.next();
      if (!chunk) this.#forgetSignal();
      return chunk;
    } catch (error) {
      if (error === this.#cancelled) return undefined;
      throw error;
    }
  }

  #stop(error: unknown, playedMs?: number): Promise<void> {
    this.#stopped ??= { error };
    return this.#source.stop(this.#stopped.error, playedMs);
  }

  /** Listen until the audio has been read, not only generated: aborting stops a slow reader, too. */
  #listen(signal: AbortSignal): void {
    const abort = () => void this.#stop(signal.reason);
    this.#forgetSignal = () => signal.removeEventListener("abort", abort);
    signal.addEventListener("abort", abort, { once: true });
    this.#source.result.catch(this.#forgetSignal);
  }
}
