/** The longest time that a timer can wait: a longer one would be over at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** Return a time that a timer can wait. */
export const timerMs = (ms: number): number => Math.min(ms, LONGEST_MS);
