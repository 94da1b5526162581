import {
  SidecarClosedError,
  SidecarDisconnectedError,
  SidecarExitedError,
  SidecarResponseError,
} from "qwen-tts-sidecar/connect";

/** Return what an error means for the person at the page, in sentences; a hint is on a line of its own. */
export function explain(error: unknown): string {
  if (error instanceof SidecarDisconnectedError) return "The server went away before it was done.";
  if (error instanceof SidecarClosedError) return "The server does not answer.";
  const hasCrashed = error instanceof SidecarResponseError && error.type === "sidecarExited";
  if (hasCrashed || error instanceof SidecarExitedError) {
    return "The speech process has ended, and is started again.\nTry again in a moment.";
  }
  return error instanceof Error ? error.message : String(error);
}

/** Return whether the work was stopped on purpose. */
export const isStopped = (error: unknown) =>
  (error instanceof DOMException && error.name === "AbortError") ||
  (error instanceof SidecarResponseError && error.type === "cancelled");

/** Return a size as people say it: 2.5 GB. */
export function bytes(count: number): string {
  const [unit, size] = count >= 1e9 ? ["GB", 1e9] : count >= 1e6 ? ["MB", 1e6] : ["kB", 1e3];
  const value = count / Number(size);
  return `${value >= 100 ? Math.round(value) : value.toFixed(1)} ${unit}`;
}

/** Return a time as players show it: 1:05. */
export function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** Return a duration: 340 ms, 2.1 s. */
export const duration = (ms: number) => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);

/** Return the last part of a model's name, which may be a folder. */
export const short = (model: string) => model.split("/").at(-1) || model;

/** Return a name as a title: `ono_anna` is "Ono Anna". */
export const title = (name: string) =>
  name.replace(/_/g, " ").replace(/(^|\s)\p{L}/gu, (letter) => letter.toUpperCase());
