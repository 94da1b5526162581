// The audio of one request that was generated, as far back as it may be heard again.

import { SAMPLE_RATE } from "./types.js";

const BYTES = 2;
/** How many samples are kept after they have been heard: a minute, which is 2.9 MB. */
const KEPT = 60 * SAMPLE_RATE;

export class Tape {
  #chunks: Uint8Array[] = [];
  /** The first sample that is still here, and the one after the last. */
  start = 0;
  end = 0;

  push(pcm: Uint8Array): void {
    this.#chunks.push(pcm);
    this.end += pcm.length / BYTES;
  }

  /** Return the audio from a sample on. */
  from(sample: number): Uint8Array[] {
    const parts: Uint8Array[] = [];
    let at = this.start;
    for (const chunk of this.#chunks) {
      const skipped = Math.max(0, sample - at) * BYTES;
      if (skipped < chunk.length) parts.push(chunk.subarray(skipped));
      at += chunk.length / BYTES;
    }
    return parts;
  }

  /** Forget what was heard long ago. */
  forget(heard: number): void {
    for (let first = this.#chunks[0]; first; first = this.#chunks[0]) {
      const end = this.start + first.length / BYTES;
      if (end > heard - KEPT) return;
      this.#chunks.shift();
      this.start = end;
    }
  }
}
