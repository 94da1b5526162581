// Plays float samples as they are posted, at the context's rate, and tells how far it is.
// Messages in: a Float32Array, "clear". Out: {played, starved, queued}, in samples, now and then.

interface Processor {
  readonly port: MessagePort;
}
declare const AudioWorkletProcessor: new () => Processor;
declare const sampleRate: number;
declare function registerProcessor(name: string, processor: new () => Processor): void;

const REPORTS_PER_SECOND = 30;

class PcmPlayer extends AudioWorkletProcessor {
  #queue: Float32Array[] = [];
  #at = 0;
  #queued = 0;
  #played = 0;
  #starved = 0;
  #sinceReport = 0;

  constructor() {
    super();
    this.port.onmessage = ({ data }: MessageEvent<Float32Array | "clear">) => {
      if (data === "clear") this.#clear();
      else this.#push(data);
    };
  }

  process(_inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const channels = outputs[0] ?? [];
    const output = channels[0];
    if (!output) return true;
    const filled = this.#fill(output);
    for (const other of channels.slice(1)) other.set(output);
    this.#played += filled;
    if (this.#played > 0) this.#starved += output.length - filled;
    this.#report(output.length);
    return true;
  }

  #push(samples: Float32Array): void {
    this.#queue.push(samples);
    this.#queued += samples.length;
  }

  #clear(): void {
    this.#queue = [];
    this.#at = this.#queued = this.#played = this.#starved = 0;
  }

  #fill(output: Float32Array): number {
    let filled = 0;
    for (let head = this.#queue[0]; head && filled < output.length; head = this.#queue[0]) {
      const part = head.subarray(this.#at, this.#at + output.length - filled);
      output.set(part, filled);
      filled += part.length;
      this.#at += part.length;
      if (this.#at < head.length) break;
      this.#queue.shift();
      this.#at = 0;
    }
    this.#queued -= filled;
    return filled;
  }

  #report(samples: number): void {
    this.#sinceReport += samples;
    if (this.#sinceReport < sampleRate / REPORTS_PER_SECOND) return;
    this.#sinceReport = 0;
    this.port.postMessage({ played: this.#played, starved: this.#starved, queued: this.#queued });
  }
}

registerProcessor("pcm-player", PcmPlayer);
