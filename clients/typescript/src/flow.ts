/**
 * Decides when stdout is read. Up to `limit` bytes of audio, over all streams, wait in memory. Beyond that, stdout
 * is not read, and the sidecar pauses; but only while no call or reader is waiting, so that a slow reader never
 * delays another one, or a ping.
 */
export class FlowGate {
  #waiting = 0;
  #buffered = 0;
  #paused = false;
  #apply: (paused: boolean) => void = () => {};

  constructor(readonly limit: number) {}

  get buffered(): number {
    return this.#buffered;
  }

  /** Whether stdout is not being read. */
  get paused(): boolean {
    return this.#paused;
  }

  /** Control the stdout of the next process instead of the last one's. */
  attach(apply: (paused: boolean) => void): void {
    this.#apply = apply;
    apply(this.#paused);
  }

  buffer(bytes: number): void {
    this.#buffered += bytes;
    this.#update();
  }

  /** Read stdout until `promise` settles, however much audio waits in memory. */
  async waitFor<T>(promise: Promise<T>): Promise<T> {
    this.#waiting += 1;
    this.#update();
    try {
      return await promise;
    } finally {
      this.#waiting -= 1;
      this.#update();
    }
  }

  #update(): void {
    const paused = this.#waiting === 0 && this.#buffered > this.limit;
    if (paused === this.#paused) return;
    this.#paused = paused;
    this.#apply(paused);
  }
}

/** Keeps the host process running while a call is pending, which the child and its pipes never do. */
export class KeepAlive {
  #holders = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  async during<T>(work: Promise<T>): Promise<T> {
    if (this.#holders++ === 0) this.#timer = setInterval(() => {}, 2 ** 30);
    try {
      return await work;
    } finally {
      if (--this.#holders === 0) clearInterval(this.#timer);
    }
  }
}
