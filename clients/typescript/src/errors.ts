import type { ErrorData, ErrorType } from "./protocol.gen.js";

/** The numbers of an error, where it has any: bytes of a full disk, seconds that a hub asks for. */
export interface ErrorFigures extends Omit<ErrorData, "type" | "field" | "hint"> {}

/**
 * Base of every error that this package throws, except the reason of an `AbortSignal`.
 *
 * @example
 * ```ts
 * import { SidecarError, SidecarResponseError } from "qwen-tts-sidecar";
 *
 * try {
 *   await tts.synthesize({ text: "Hello there.", voice: "nobody" }).final();
 * } catch (error) {
 *   if (error instanceof SidecarResponseError) console.error(error.type, error.field, error.hint);
 *   else if (error instanceof SidecarError) console.error(error.message);
 *   else throw error;
 * }
 * ```
 */
export class SidecarError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** No sidecar was found. */
export class SidecarNotFoundError extends SidecarError {
  constructor(
    message: string,
    /** The places where it was looked for. */
    readonly looked: readonly string[],
  ) {
    super(message);
  }
}

/** The sidecar's process could not be started, or did not answer in time. */
export class SidecarStartError extends SidecarError {}

/** The sidecar speaks another version of the protocol than this client. */
export class SidecarVersionError extends SidecarError {}

/** The process has sent something that is not the protocol: it is another program. */
export class SidecarProtocolError extends SidecarError {}

/** The sidecar was closed before the call, or while it was pending. */
export class SidecarClosedError extends SidecarError {
  constructor() {
    super("The sidecar was closed.");
  }
}

/** The sidecar's process ended while the call was pending, or has ended and is not started again. */
export class SidecarExitedError extends SidecarError {
  constructor(
    /** The process's exit code; null if a signal ended it. */
    readonly exitCode: number | null,
    /** The signal that ended the process, e.g. `"SIGKILL"`; null if there was none. */
    readonly signal: string | null,
    /** The last lines that the process wrote to stderr. */
    readonly stderr: string,
    note = "",
    options?: { cause?: unknown },
  ) {
    const how = signal ? `by ${signal}` : exitCode === null ? "" : `with exit code ${exitCode}`;
    super(`The sidecar ${how ? `ended ${how}` : "did not start"}.${note}${stderr && `\n${stderr}`}`, options);
  }
}

/** The speech was stopped by `stream.cancel()`, or by leaving a loop over it. */
export class SidecarCancelledError extends SidecarError {
  constructor() {
    super("The speech was cancelled.");
  }
}

/**
 * The sidecar answered with an error. `message` has its hint, if it has one, on a line of its own. One
 * answer is given by this client, before anything is sent: `messageTooLong`.
 */
export class SidecarResponseError extends SidecarError {
  constructor(
    message: string,
    /** The JSON-RPC error code (dimensionless); several types may share one. */
    readonly code: number,
    /** The stable name of the error: decide by it. Newer sidecars may have types that are not listed. */
    readonly type: ErrorType | (string & {}),
    /** The param at fault as a path, e.g. `"sampling.topK"`; undefined if it is no single one. */
    readonly field?: string,
    /** What can be done, in a sentence; undefined if nothing is known. */
    readonly hint?: string,
    /** The numbers of the error, if it has any. */
    readonly figures: ErrorFigures = {},
  ) {
    super(hint ? `${asSentence(message)}\n${hint}` : message);
  }
}

/** Return the message with a full stop, so that it and the hint stay two sentences on one line. */
const asSentence = (message: string) => (/[.!?…。！？]$/u.test(message) ? message : `${message}.`);
