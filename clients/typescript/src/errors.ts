import type { ErrorData, ErrorType } from "./protocol.gen.js";

/** Numbers of an error: bytes of a full disk, seconds that a hub asks for. */
export type ErrorFigures = Omit<ErrorData, "type" | "field" | "hint">;

/** Everything this package throws, except the reason of an `AbortSignal`. */
export class SidecarError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** No sidecar was found; `looked` lists the places. */
export class SidecarNotFoundError extends SidecarError {
  constructor(
    message: string,
    readonly looked: readonly string[],
  ) {
    super(message);
  }
}

/** It could not be started, or did not answer the handshake. */
export class SidecarStartError extends SidecarError {}

/** Client and sidecar do not speak the same version of the protocol. */
export class SidecarVersionError extends SidecarError {}

/** What came from the sidecar is not the protocol. */
export class SidecarProtocolError extends SidecarError {}

/** A call after `close()`, or one that `close()` interrupted. */
export class SidecarClosedError extends SidecarError {
  constructor() {
    super("The sidecar was closed.");
  }
}

/** The process ended while a call was pending, or has ended for good. */
export class SidecarExitedError extends SidecarError {
  constructor(
    readonly exitCode: number | null,
    readonly signal: string | null,
    /** The last lines it wrote to stderr. */
    readonly stderr: string,
    note = "",
    options?: { cause?: unknown },
  ) {
    const how = signal ? `by ${signal}` : exitCode === null ? "" : `with exit code ${exitCode}`;
    super(`The sidecar ${how ? `ended ${how}` : "did not start"}.${note}${stderr && `\n${stderr}`}`, options);
  }
}

/** `stream.cancel()`, or a loop that was left. */
export class SidecarCancelledError extends SidecarError {
  constructor() {
    super("The speech was cancelled.");
  }
}

/**
 * The sidecar answered with an error. One answer is given in its stead, before anything is sent:
 * `messageTooLong`.
 */
export class SidecarResponseError extends SidecarError {
  constructor(
    message: string,
    /** JSON-RPC's number. */
    readonly code: number,
    /** Stable; decide by this one. Newer sidecars may have types that are not listed here. */
    readonly type: ErrorType | (string & {}),
    /** The param at fault, as a path. */
    readonly field?: string,
    /** What can be done. */
    readonly hint?: string,
    /** Its numbers, if it has any. */
    readonly figures: ErrorFigures = {},
  ) {
    super(hint ? `${message} ${hint}` : message);
  }
}
