/** Let the host process end although a timer runs. In a browser, there is no such thing. */
export function unref<T>(timer: T): T {
  (timer as { unref?: () => void }).unref?.();
  return timer;
}

/** The longest delay of a timer: a longer one would fire at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** Return the delay, limited to what a timer supports. */
export const timerMs = (ms: number): number => Math.min(ms, LONGEST_MS);
