import { SidecarCancelledError, SidecarError } from "./errors.js";
import type { SynthesizeResult } from "./protocol.gen.js";
import { concat, wavHeader } from "./wav.js";

/** What `final()` resolves to. */
export type SpeechResult = Omit<SynthesizeResult, "audio">;

export interface SpeechChunk {
  /** Samples in the stream's encoding, in an ArrayBuffer of their own: views of any type fit. */
  pcm: Uint8Array<ArrayBuffer>;
  /** From 0, without gaps. */
  seq: number;
  /** In this chunk. */
  samples: number;
  /** Codec frames in this chunk, 80 ms each. */
  frames: number;
  /** Samples in all chunks before. */
  offset: number;
}

/** Where a stream's audio comes from: the wire, or several streams of it. */
export interface SpeechSource {
  start(): void;
  next(): Promise<SpeechChunk | undefined>;
  readonly result: Promise<SpeechResult>;
  /** Ends `next` and `result` with `error` at once; resolves when nothing runs any more. */
  stop(error: unknown): Promise<void>;
}

/** Speech as it is generated. Read it once: by a loop, by one of the `to…` methods, or by `final`. */
export class SpeechStream implements AsyncIterable<SpeechChunk> {
  #source: SpeechSource;
  #reader: string | undefined;
  #stopped: { error: unknown } | undefined;
  #cancelled: unknown;
  #forgetSignal: () => void = () => {};

  /** @internal */
  constructor(source: SpeechSource, signal?: AbortSignal) {
    this.#source = source;
    source.result.catch(() => {}); // Whoever reads the audio is told of it as well.
    if (signal?.aborted) {
      void this.#stop(signal.reason);
      return;
    }
    if (signal) this.#listen(signal);
    source.start();
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

  /** All of it, as a WAV file. */
  async toWav(): Promise<Uint8Array<ArrayBuffer>> {
    const parts: Uint8Array[] = [];
    let bytes = 0;
    for await (const { pcm } of this) {
      parts.push(pcm);
      bytes += pcm.length;
    }
    return concat([wavHeader(await this.final(), bytes), ...parts]);
  }

  /** The samples, for a `Response` or a pipe; cancelling it cancels the speech. */
  toReadableStream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    this.#take("toReadableStream()");
    return new ReadableStream(
      {
        pull: async (controller) => {
          const chunk = await this.#read();
          if (chunk) controller.enqueue(chunk.pcm);
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
