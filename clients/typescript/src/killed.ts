import { SidecarExitedError } from "./errors.js";

/** Return the error of a process that this client kills. */
export function killed(stderr: string, why: string): SidecarExitedError {
  return new SidecarExitedError(null, "SIGKILL", stderr, ` The client killed it: ${why}.`);
}
