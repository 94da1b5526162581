// What the speech process does for each page, without anything of Electron's, so that it runs under plain Node.

import type { Reply, Request, SpeakParams } from "./messages.js";

/** The part of Electron's `MessagePortMain` that is used. */
export interface Port {
  postMessage(reply: Reply): void;
  on(event: "message", listener: (event: { data: Request }) => void): unknown;
  on(event: "close", listener: () => void): unknown;
  start(): void;
}

/** The part of the client's streams that is used. */
interface Stream extends AsyncIterable<{ seq: number; audio: Uint8Array; samples: number }> {
  cancel(): unknown;
  final(): Promise<{ durationMs: number; seed: number }>;
}

/** The part of the client that is used. */
interface Speaker {
  synthesize(params: SpeakParams & { creditMs: number }): Stream;
}

/** Samples that may be sent ahead of what the page has played: ten seconds. A chunk is at most one second. */
const AHEAD = 10 * 24_000;

/** One text that is being spoken. */
class Speaking {
  isCancelled = false;
  #stream: Stream | undefined;
  #played = 0;
  #wake = () => {};

  played(samples: number): void {
    this.#played = samples;
    this.#wake();
  }

  cancel(): void {
    this.isCancelled = true;
    this.#wake();
    void this.#stream?.cancel();
  }

  async run(tts: Speaker, params: SpeakParams, onChunk: (seq: number, pcm: Uint8Array) => void) {
    if (this.isCancelled) throw new Error("It was cancelled before the sidecar had started.");
    this.#stream = tts.synthesize({ ...params, creditMs: 5000 }); // It pauses while the loop below does.
    let sent = 0;
    for await (const { seq, audio, samples } of this.#stream) {
      onChunk(seq, audio);
      sent += samples;
      while (sent - this.#played > AHEAD && !this.isCancelled) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    }
    return this.#stream.final();
  }
}

/**
 * Speak for a page until its port is closed: when it is left, reloaded or closed.
 *
 * @param start returns the sidecar; it is called for each text, and may fail.
 */
export function serveSpeech(port: Port, start: () => Promise<Speaker>): void {
  const open = new Map<number, Speaking>();

  async function speak(id: number, params: SpeakParams): Promise<Reply> {
    const speaking = new Speaking();
    open.set(id, speaking);
    try {
      const onChunk = (seq: number, pcm: Uint8Array) => port.postMessage({ kind: "chunk", id, seq, pcm });
      const { durationMs, seed } = await speaking.run(await start(), params, onChunk);
      return { kind: "end", id, durationMs, seed };
    } catch (error) {
      if (speaking.isCancelled) return { kind: "cancelled", id };
      return { kind: "error", id, message: error instanceof Error ? error.message : String(error) };
    } finally {
      open.delete(id);
    }
  }

  port.on("message", ({ data }) => {
    if (data.kind === "speak") void speak(data.id, data.params).then((reply) => port.postMessage(reply));
    else if (data.kind === "cancel") open.get(data.id)?.cancel();
    else open.get(data.id)?.played(data.samples);
  });
  port.on("close", () => {
    for (const speaking of open.values()) speaking.cancel();
  });
  port.start();
}

/** Return a function that starts something once, and again only after a start that failed. */
export function retrying<T>(start: () => Promise<T>): () => Promise<T> {
  let held: Promise<T> | undefined;
  return () => {
    held ??= start();
    held.catch(() => (held = undefined));
    return held;
  };
}
