/** The part of the window that is granted again at once: a message for each small chunk would be too many. */
const RENEWAL = 1 / 4;

/** Grants a stream more audio as its audio is read, so that at most `windowMs` of it wait to be read. */
export class Credit {
  #readMs = 0;
  #samplesPerMs = Infinity;

  constructor(
    readonly windowMs: number,
    /** Lets the stream send this many milliseconds more. */
    readonly grant: (ms: number) => void,
  ) {}

  /** Note the sample rate of the stream, which its first chunk has. */
  start(sampleRate: number): void {
    this.#samplesPerMs = sampleRate / 1000;
  }

  /** Note that a chunk has been read. */
  read(samples: number): void {
    this.#readMs += samples / this.#samplesPerMs;
    if (this.#readMs === 0 || this.#readMs < this.windowMs * RENEWAL) return;
    this.grant(this.#readMs);
    this.#readMs = 0;
  }
}
