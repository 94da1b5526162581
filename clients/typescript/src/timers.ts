/** What a timer can wait, at most: a longer time would be over at once. */
const LONGEST_MS = 2 ** 31 - 1;

export const timerMs = (ms: number): number => Math.min(ms, LONGEST_MS);
