export interface RestartPolicy {
  /** So many crashes within `windowMs` are the end. Default 5. */
  maxCrashes?: number;
  /** Default 3 minutes. */
  windowMs?: number;
  /** Pause behind the first crash; doubled by each further one. Default 200. */
  firstDelayMs?: number;
  /** Longest pause. Default 5000. */
  maxDelayMs?: number;
}

const DEFAULTS: Required<RestartPolicy> = {
  maxCrashes: 5,
  windowMs: 180_000,
  firstDelayMs: 200,
  maxDelayMs: 5000,
};

/** Counts crashes, and says how long to wait before the next start. */
export class Backoff {
  readonly #policy: Required<RestartPolicy>;
  #crashes: number[] = [];

  constructor(restart: boolean | RestartPolicy = true) {
    const policy = typeof restart === "object" ? { ...DEFAULTS, ...restart } : DEFAULTS;
    this.#policy = restart === false ? { ...policy, maxCrashes: 1 } : policy;
  }

  /** Milliseconds until the next start; `undefined` is the end. */
  crashed(now = performance.now()): number | undefined {
    const { maxCrashes, windowMs, firstDelayMs, maxDelayMs } = this.#policy;
    this.#crashes = [...this.#crashes.filter((time) => now - time < windowMs), now];
    if (this.#crashes.length >= maxCrashes) return undefined;
    return Math.min(maxDelayMs, firstDelayMs * 2 ** (this.#crashes.length - 1));
  }
}
