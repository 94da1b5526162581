/** How often, and how soon, a sidecar that crashes is started again. */
export interface RestartPolicy {
  /** Number of crashes within `windowMs` after which it is not started again. Default 5. */
  maxCrashes?: number;
  /** Milliseconds for which a crash is remembered. Default 180000, which is three minutes. */
  windowMs?: number;
  /** Milliseconds between the first crash and the next start; each further crash doubles them. Default 200. */
  firstDelayMs?: number;
  /** The most milliseconds between a crash and the next start. Default 5000. */
  maxDelayMs?: number;
}

const DEFAULTS: Required<RestartPolicy> = {
  maxCrashes: 5,
  windowMs: 180_000,
  firstDelayMs: 200,
  maxDelayMs: 5000,
};

/** Counts crashes, and decides how long to wait before the next start. */
export class Backoff {
  readonly #policy: Required<RestartPolicy>;
  #crashes: number[] = [];

  constructor(restart: boolean | RestartPolicy = true) {
    const policy = typeof restart === "object" ? { ...DEFAULTS, ...restart } : DEFAULTS;
    this.#policy = restart === false ? { ...policy, maxCrashes: 1 } : policy;
  }

  /** Count a crash. Return the milliseconds until the next start, or `undefined` for no further start. */
  crashed(now = performance.now()): number | undefined {
    const { maxCrashes, windowMs, firstDelayMs, maxDelayMs } = this.#policy;
    this.#crashes = [...this.#crashes.filter((time) => now - time < windowMs), now];
    if (this.#crashes.length >= maxCrashes) return undefined;
    return Math.min(maxDelayMs, firstDelayMs * 2 ** (this.#crashes.length - 1));
  }
}
