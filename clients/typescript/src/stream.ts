import { Emitter } from "./emitter.js";
import { SidecarCancelledError, SidecarError } from "./errors.js";
import type { SynthesizeResult } from "./protocol.gen.js";
import type { Sentence } from "./sentences.js";
import { concat, HEADER_BYTES, wavHeader } from "./wav.js";

/** What `final()` resolves to. */
export interface SpeechResult extends Omit<SynthesizeResult, "audio" | "sentences"> {
  /** The whole text, in order. */
  sentences: Sentence[];
}

export interface SpeechChunk {
  /**
   * The next bytes in the stream's encoding, in an ArrayBuffer of their own. Of PCM they are whole
   * samples, so that views of any type fit; of the other encodings they are a piece of one file.
   */
  audio: Uint8Array<ArrayBuffer>;
  /** From 0, without gaps. */
  seq: number;
  /** In this chunk. */
  samples: number;
  /** Codec frames spoken for it, 80 ms each before `speed`; 0 in a pause. */
  frames: number;
  /** Samples in all chunks before. */
  offset: number;
  /** Index of the sentence it belongs to. */
  sentence: number;
}

export interface SpeechEvents {
  /**
   * A sentence has its place in the audio. It comes before the sentence's audio is read, but for
   * text that is fed to the model token by token: there when its end is known.
   */
  sentence: Sentence;
}

/** Encodings that are files of their own. */
const FILES: readonly string[] = ["flac", "mp3", "ogg_opus"] satisfies SynthesizeResult["encoding"][];

/** Where a stream's audio comes from. */
export interface SpeechSource {
  readonly encoding: SynthesizeResult["encoding"];
  start(onSentence: (sentence: Sentence) => void): void;
  next(): Promise<SpeechChunk | undefined>;
  readonly result: Promise<SpeechResult>;
  /** Ends `next` and `result` with `error` at once; resolves when nothing runs any more. */
  stop(error: unknown): Promise<void>;
}

/** Speech as it is generated. Read it once: by a loop, by one of the `to…` methods, or by `final`. */
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
    source.result.catch(() => {}); // Whoever reads the audio is told of it as well.
    if (signal?.aborted) {
      void this.#stop(signal.reason);
      return;
    }
    if (signal) this.#listen(signal);
    source.start((sentence) => this.emit("sentence", sentence));
  }

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

  /** How it ended. If nobody reads the audio, it is thrown away. */
  async final(): Promise<SpeechResult> {
    if (this.#reader === undefined) {
      this.#take("final()");
      while (await this.#source.next());
      this.#forgetSignal();
    }
    return this.#source.result;
  }

  /** Stops the speech: a loop over it ends, `final()` rejects. Nothing happens after its end. */
  async cancel(): Promise<void> {
    this.#cancelled ??= new SidecarCancelledError();
    await this.#stop(this.#cancelled);
  }

  /** All of it, as it comes: a file in the encodings `wav`, `flac`, `mp3` and `ogg_opus`. */
  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    const parts: Uint8Array[] = [];
    for await (const { audio } of this) parts.push(audio);
    await this.final(); // Rejects if it was cancelled: the parts are not all of it.
    return concat(parts);
  }

  /** All of it, as a WAV file whose header knows its length. Of PCM, or of `wav`. */
  async toWav(): Promise<Uint8Array<ArrayBuffer>> {
    const { encoding } = this.#source;
    if (FILES.includes(encoding)) {
      throw new SidecarError(`This speech is encoded as ${encoding}: bytes() is the file.`);
    }
    const bytes = await this.bytes();
    const samples = bytes.subarray(encoding === "wav" ? HEADER_BYTES : 0);
    return concat([wavHeader(await this.final(), samples.length), samples]);
  }

  /** The bytes, for a `Response` or a pipe; cancelling it cancels the speech. */
  toReadableStream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    this.#take("toReadableStream()");
    return new ReadableStream(
      {
        pull: async (controller) => {
          const chunk = await this.#read();
          if (chunk) controller.enqueue(chunk.audio);
          else controller.close();
        },
        cancel: () => this.cancel(),
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

  #stop(error: unknown): Promise<void> {
    this.#stopped ??= { error };
    return this.#source.stop(this.#stopped.error);
  }

  /** Until the audio was read, not only generated: aborting stops a slow reader, too. */
  #listen(signal: AbortSignal): void {
    const abort = () => void this.#stop(signal.reason);
    this.#forgetSignal = () => signal.removeEventListener("abort", abort);
    signal.addEventListener("abort", abort, { once: true });
    this.#source.result.catch(this.#forgetSignal);
  }
}
