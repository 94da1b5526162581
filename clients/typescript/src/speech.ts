import { Channel } from "./channel.js";
import type { Call, Connection } from "./connection.js";
import type { FlowGate, KeepAlive } from "./flow.js";
import type { ReferenceInput, SpeechParams } from "./options.js";
import type { AudioProgress, Reference, SynthesizeResult } from "./protocol.gen.js";
import type { SpeechChunk, SpeechSource } from "./stream.js";

/** What a stream needs from its client. */
export interface SpeechHost {
  connection(): Promise<Connection>;
  readonly gate: FlowGate;
  readonly keepAlive: KeepAlive;
}

/** One `speech/synthesize` on the wire. */
export class WireSpeech implements SpeechSource {
  readonly result: Promise<SynthesizeResult>;
  #settle!: { resolve(result: SynthesizeResult): void; reject(error: unknown): void };
  #chunks = new Channel<SpeechChunk>();
  #call: Call<SynthesizeResult> | undefined;
  #running: Promise<void> | undefined;
  #ended = false;
  #offset = 0;

  constructor(
    readonly host: SpeechHost,
    readonly params: SpeechParams,
  ) {
    this.result = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
  }

  start(): void {
    this.#running = this.host.keepAlive.during(this.#run());
  }

  async next(): Promise<SpeechChunk | undefined> {
    const chunk = await this.host.gate.waitFor(this.#chunks.next());
    if (chunk) this.host.gate.buffer(-chunk.pcm.length);
    return chunk;
  }

  async stop(error: unknown): Promise<void> {
    if (!this.#ended) {
      this.#end(error);
      this.#call?.cancel();
    }
    this.#drop();
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      const connection = await this.host.connection();
      if (this.#ended) return;
      const params = toWire(this.params);
      this.#call = connection.request("speech/synthesize", params, (value) => this.#onAudio(value));
      const result = await this.#call.result;
      if (!this.#ended) this.#finish(result);
    } catch (error) {
      if (!this.#ended) this.#end(error);
    }
  }

  #onAudio({ audio, seq, samples, frames }: AudioProgress): void {
    if (this.#ended) return;
    const pcm = fromBase64(audio);
    this.host.gate.buffer(pcm.length);
    this.#chunks.push({ pcm, seq, samples, frames, offset: this.#offset });
    this.#offset += samples;
  }

  #finish(result: SynthesizeResult): void {
    this.#ended = true;
    this.#chunks.end();
    this.#settle.resolve(result);
  }

  #end(error: unknown): void {
    this.#ended = true;
    this.#chunks.end(error);
    this.#settle.reject(error);
  }

  /** Audio that nobody will read no longer counts as waiting. */
  #drop(): void {
    for (const { pcm } of this.#chunks.clear()) this.host.gate.buffer(-pcm.length);
  }
}

/** Params whose reference may have bytes, as they go over the wire. */
export function toWire<P extends { reference?: ReferenceInput | null }>(
  params: P,
): Omit<P, "reference"> & { reference?: Reference | null } {
  const { reference, ...rest } = params;
  if (!reference) return rest;
  const { audio } = reference;
  const text = audio instanceof Uint8Array ? Buffer.from(audio).toString("base64") : audio;
  return { ...rest, reference: { ...reference, audio: text } };
}

/** Into memory of its own: Node's small buffers share one, at offsets that 16-bit views refuse. */
function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const memory = new ArrayBuffer((text.length / 4) * 3 - padding);
  Buffer.from(memory).write(text, "base64");
  return new Uint8Array(memory);
}
