// Plays float samples as they are posted, at the context's sample rate, and reports its position.
// Messages in: a Float32Array, "clear". Out: {played, underrun, queued}, in samples: thirty times a second,
// after "clear", and at once when the samples have run out or have come back.

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
  #underrun = 0;
  #isStarved = false;
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
    const missing = this.#played > 0 ? output.length - filled : 0;
    this.#underrun += missing;
    this.#sinceReport += output.length;
    const isTurn = missing > 0 !== this.#isStarved;
    this.#isStarved = missing > 0;
    if (isTurn || this.#sinceReport >= sampleRate / REPORTS_PER_SECOND) this.#report();
    return true;
  }

  #push(samples: Float32Array): void {
    this.#queue.push(samples);
    this.#queued += samples.length;
  }

  #clear(): void {
    this.#queue = [];
    this.#at = this.#queued = this.#played = this.#underrun = 0;
    this.#isStarved = false;
    this.#report();
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

  #report(): void {
    this.#sinceReport = 0;
    this.port.postMessage({ played: this.#played, underrun: this.#underrun, queued: this.#queued });
  }
}

registerProcessor("pcm-player", PcmPlayer);
