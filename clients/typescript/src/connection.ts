import { type SidecarError, SidecarProtocolError, SidecarResponseError } from "./errors.js";
import { encodeMessage, type Encoded, MAX_BODY, type Outgoing } from "./outgoing.js";
import { ERROR_CODES, type ErrorData, type Notifications, type Requests } from "./protocol.gen.js";
import { unref } from "./timers.js";
import type { AudioChunk } from "./transport.js";

export type Method = keyof Requests;
export type Params<M extends Method> = Outgoing<Requests[M]["params"]>;
export type Result<M extends Method> = Requests[M]["result"];
export type Progress<M extends Method> = Requests[M] extends { progress: infer P } ? P : never;

/**
 * Sends a request, waits for its answer, and cancels it when the signal is aborted. With `repeat`, it is sent again if
 * the process ends before the answer and is started again.
 */
export type Caller = <M extends Method>(
  method: M,
  params: Params<M>,
  options?: { signal?: AbortSignal; repeat?: boolean },
  onProgress?: (value: Progress<M>) => void,
) => Promise<Result<M>>;

export interface Call<T> {
  readonly result: Promise<T>;
  /** The token of its progress. */
  readonly token: number;
  /** Ask the sidecar to stop, and say how much speech was played; `result` still settles, once. */
  cancel(playedMs?: number): void;
}

interface Pending {
  resolve(result: never): void;
  reject(error: unknown): void;
  onProgress?: (value: never) => void;
  /** Whether its caller has cancelled it. */
  cancelled?: boolean;
  /** Delivers an answer that was held back because the sidecar seems to be ending. */
  heldBack?: () => void;
}

interface Incoming {
  id?: unknown;
  method?: string;
  params?: { token: unknown; value: unknown };
  result?: unknown;
  error?: { code: number; message: string; data?: ErrorData };
}

const TOKEN_FIELDS: { [M in Method]?: string } = {
  "model/load": "workDoneToken",
  "model/download": "workDoneToken",
  "voice/create": "workDoneToken",
  "speech/synthesize": "partialResultToken",
};

/** Time limit for the end of a sidecar that cancels everything; the protocol says one second. */
const ENDING_MS = 5000;

/** The conversation with one process: matches answers and progress to requests. Does not know the process itself. */
export class Connection {
  #pending = new Map<unknown, Pending>();
  #lastId = 0;
  #closed: SidecarError | undefined;
  /** Largest message that the sidecar accepts; set by the handshake. */
  maxMessageBytes = MAX_BODY;

  constructor(
    /** Sends a message of so many bytes. */
    readonly write: (json: string, bytes: number) => void,
    /** Called with messages that concern no call. */
    readonly log: (line: string) => void = () => {},
  ) {}

  /** Why the conversation has ended; undefined if it has not. */
  get closed(): SidecarError | undefined {
    return this.#closed;
  }

  /** Send a request. Throws `messageTooLong`, without sending anything, if the sidecar would not accept it. */
  request<M extends Method>(
    method: M,
    params: Params<M>,
    onProgress?: (value: Progress<M>) => void,
  ): Call<Result<M>> {
    const id = ++this.#lastId;
    if (this.#closed) return { result: Promise.reject(this.#closed), token: id, cancel: () => {} };
    const token = onProgress && TOKEN_FIELDS[method];
    const { json, bytes } = this.#encode({ id, method, params: token ? { ...params, [token]: id } : params });
    const result = new Promise<Result<M>>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, onProgress });
    });
    this.write(json, bytes);
    return { result, token: id, cancel: (playedMs) => this.#cancel(id, playedMs) };
  }

  /** Send a notification. Throws like `request`. */
  notify<M extends keyof Notifications>(method: M, params: Notifications[M]["params"]): void {
    if (this.#closed) return;
    const { json, bytes } = this.#encode({ method, params });
    this.write(json, bytes);
  }

  /** Handle a message from the sidecar. Throws `SidecarProtocolError` for a message that a sidecar never sends. */
  receive(json: string): void {
    const message = parse(json);
    if (message.method === undefined) this.#onAnswer(message);
    else if (message.id === undefined) this.#onNotification(message);
    else throw unexpected(`a request (${message.method}): it may be a program that repeats its input`);
  }

  /** Handle a chunk of audio that did not come as JSON. */
  receiveAudio(token: number, chunk: AudioChunk): void {
    this.#pending.get(token)?.onProgress?.(chunk as never);
  }

  /** Reject all pending calls and all later ones. The first reason counts. */
  close(reason: SidecarError): void {
    this.#closed ??= reason;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of pending) reject(this.#closed);
  }

  #encode(message: { id?: number; method: string; params: object }): Encoded {
    return encodeMessage(message, this.maxMessageBytes);
  }

  #cancel(id: number, playedMs?: number): void {
    const pending = this.#pending.get(id);
    if (!pending) return;
    pending.cancelled = true;
    if (pending.heldBack) pending.heldBack();
    else this.notify("$/cancelRequest", { id, playedMs });
  }

  #onNotification({ method, params }: Incoming): void {
    if (method !== "$/progress") return;
    // The token is the id of the request. After its answer there is no entry, which is not an error.
    this.#pending.get(params?.token)?.onProgress?.(params?.value as never);
  }

  #onAnswer({ id, result, error }: Incoming): void {
    if (result === undefined && !error) throw unexpected("a message that is not an answer");
    if (error && (id ?? null) === null) {
      // The sidecar could not read a message, so it does not know which request it was.
      this.log(`The sidecar could not read a message: ${error.message} (${error.data?.type})`);
      return;
    }
    const pending = this.#pending.get(id);
    if (!pending) return;
    if (error?.code === ERROR_CODES.cancelled && !pending.cancelled) {
      // The caller did not cancel it, so the sidecar is about to end, and the caller gets the error of that end.
      pending.heldBack = () => this.#settle(id, result, error);
      unref(setTimeout(pending.heldBack, ENDING_MS));
    } else {
      this.#settle(id, result, error);
    }
  }

  #settle(id: unknown, result: unknown, error: Incoming["error"]): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (error) pending?.reject(responseError(error));
    else pending?.resolve(result as never);
  }
}

function parse(json: string): Incoming {
  try {
    const message: unknown = JSON.parse(json);
    if (typeof message === "object" && message !== null) return message;
  } catch {
    // Reported below.
  }
  const start = JSON.stringify(json.slice(0, 200));
  throw new SidecarProtocolError(`The sidecar sent a frame that is not a JSON object: ${start}`);
}

const unexpected = (what: string) => new SidecarProtocolError(`The sidecar sent ${what}.`);

function responseError({ code, message, data }: NonNullable<Incoming["error"]>): Error {
  const { type = "unknown", field, hint, ...figures } = data ?? {};
  return new SidecarResponseError(message, code, type, field, hint, figures);
}
