import type { ErrorData, ErrorType } from "./protocol.gen.js";

/** The figures of an error, if it has any: bytes of a full disk, seconds until the hub accepts requests again. */
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
    /** The places that were searched. */
    readonly looked: readonly string[],
  ) {
    super(message);
  }
}

/**
 * The sidecar cannot run on this machine, and nothing was started. The message says what to do instead. A program that
 * the option `command` or `QWEN_TTS_SIDECAR` names is started all the same.
 */
export class SidecarPlatformError extends SidecarError {
  constructor(
    message: string,
    /** Operating system and processor, in Node's spelling, e.g. `"win32-x64"`. */
    readonly platform: string,
  ) {
    super(message);
  }
}

/** The sidecar's process could not be started, or did not answer in time. */
export class SidecarStartError extends SidecarError {}

/** The sidecar speaks another version of the protocol than this client. */
export class SidecarVersionError extends SidecarError {}

/** The process has sent something that the protocol does not allow: it is probably another program. */
export class SidecarProtocolError extends SidecarError {}

/** The sidecar was closed before the call, or while it was pending. */
export class SidecarClosedError extends SidecarError {
  constructor() {
    super("The sidecar was closed.");
  }
}

/** The sidecar's process ended while the call was pending, or is no longer started again. */
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

/** The connection to a server ended while the call was pending, or is no longer opened again. */
export class SidecarDisconnectedError extends SidecarError {
  constructor(
    /** The code that the WebSocket was closed with (dimensionless); 1006 without one. */
    readonly closeCode: number,
    reason = "",
    options?: { cause?: unknown },
  ) {
    super(`The connection to the sidecar ended with ${closeCode}${reason && `: ${reason}`}.`, options);
  }
}

/** The speech was stopped by `stream.cancel()`, or by leaving a loop over it. */
export class SidecarCancelledError extends SidecarError {
  constructor() {
    super("The speech was cancelled.");
  }
}

/**
 * The sidecar answered with an error. `message` includes the hint, if there is one, on a line of its own. This
 * client itself throws it, before anything is sent, with the type `messageTooLong`.
 */
export class SidecarResponseError extends SidecarError {
  constructor(
    message: string,
    /** The JSON-RPC error code (dimensionless); several types may share one. */
    readonly code: number,
    /** The stable name of the error, to decide by. Newer sidecars may have types that are not listed. */
    readonly type: ErrorType | (string & {}),
    /** The param at fault as a path, e.g. `"sampling.topK"`; undefined if there is no single one. */
    readonly field?: string,
    /** What to do about it, in a sentence; undefined if there is no advice. */
    readonly hint?: string,
    /** The figures of the error, if it has any. */
    readonly figures: ErrorFigures = {},
  ) {
    super(hint ? `${asSentence(message)}\n${hint}` : message);
  }
}

/** Return the message with a full stop, so that it and the hint stay two sentences on one line. */
const asSentence = (message: string) => (/[.!?…。！？]$/u.test(message) ? message : `${message}.`);
