import { type SidecarError, SidecarProtocolError, SidecarResponseError } from "./errors.js";
import { MAX_BODY } from "./framing.js";
import { encodeMessage, type Outgoing } from "./outgoing.js";
import { ERROR_CODES, type ErrorData, type Notifications, type Requests } from "./protocol.gen.js";

export type Method = keyof Requests;
export type Params<M extends Method> = Outgoing<Requests[M]["params"]>;
export type Result<M extends Method> = Requests[M]["result"];
export type Progress<M extends Method> = Requests[M] extends { progress: infer P } ? P : never;

/** Sends a request, waits for its answer, and cancels it when the signal is aborted. */
export type Caller = <M extends Method>(
  method: M,
  params: Params<M>,
  options?: { signal?: AbortSignal },
  onProgress?: (value: Progress<M>) => void,
) => Promise<Result<M>>;

export interface Call<T> {
  readonly result: Promise<T>;
  /** What its progress comes under. */
  readonly token: number;
  /** Asks the sidecar to stop; `result` still settles, once. */
  cancel(): void;
}

interface Pending {
  resolve(result: never): void;
  reject(error: unknown): void;
  onProgress?: (value: never) => void;
  /** Whether its caller has cancelled it. */
  cancelled?: boolean;
  /** Passes on an answer that was kept back, because the sidecar seems to end. */
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
  "voice/create": "workDoneToken",
  "speech/synthesize": "partialResultToken",
};

/** How long a sidecar that cancels everything may take to end. By its protocol that is a second. */
const ENDING_MS = 5000;

/** One process's conversation: ids out, answers and progress back. Knows nothing of processes. */
export class Connection {
  #pending = new Map<unknown, Pending>();
  #lastId = 0;
  #closed: SidecarError | undefined;
  /** Longest message that the other side takes; known from the handshake on. */
  maxMessageBytes = MAX_BODY;

  constructor(
    readonly write: (frame: Uint8Array) => void,
    /** Told what concerns no call. */
    readonly log: (line: string) => void = () => {},
  ) {}

  /** Why nothing can be said any more. */
  get closed(): SidecarError | undefined {
    return this.#closed;
  }

  /** Throws `messageTooLong` for what the other side would not take; then nothing was sent. */
  request<M extends Method>(
    method: M,
    params: Params<M>,
    onProgress?: (value: Progress<M>) => void,
  ): Call<Result<M>> {
    const id = ++this.#lastId;
    if (this.#closed) return { result: Promise.reject(this.#closed), token: id, cancel: () => {} };
    const token = onProgress && TOKEN_FIELDS[method];
    const frame = this.#encode({ id, method, params: token ? { ...params, [token]: id } : params });
    const result = new Promise<Result<M>>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, onProgress });
    });
    this.write(frame);
    return { result, token: id, cancel: () => this.#cancel(id) };
  }

  /** Throws as `request` does. */
  notify<M extends keyof Notifications>(method: M, params: Notifications[M]["params"]): void {
    if (!this.#closed) this.write(this.#encode({ method, params }));
  }

  /** Throws `SidecarProtocolError` for what a sidecar never says. */
  receive(body: Buffer): void {
    const message = parse(body);
    if (message.method === undefined) this.#onAnswer(message);
    else if (message.id === undefined) this.#onNotification(message);
    else throw strange(`a request (${message.method}): it may be a program that repeats its input`);
  }

  /** Fails what is pending, and everything later. The first reason counts. */
  close(reason: SidecarError): void {
    this.#closed ??= reason;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of pending) reject(this.#closed);
  }

  #encode(message: { id?: number; method: string; params: object }): Uint8Array {
    return encodeMessage(message, this.maxMessageBytes);
  }

  #cancel(id: number): void {
    const pending = this.#pending.get(id);
    if (!pending) return;
    pending.cancelled = true;
    if (pending.heldBack) pending.heldBack();
    else this.notify("$/cancelRequest", { id });
  }

  #onNotification({ method, params }: Incoming): void {
    if (method !== "$/progress") return;
    // The token is the id of the request. Its answer is the last of it, so no entry is no error.
    this.#pending.get(params?.token)?.onProgress?.(params?.value as never);
  }

  #onAnswer({ id, result, error }: Incoming): void {
    if (result === undefined && !error) throw strange("a message that is no answer");
    if (error && (id ?? null) === null) {
      // The sidecar could not read the message, so it does not know whose it was.
      this.log(`The sidecar could not read a message: ${error.message} (${error.data?.type})`);
      return;
    }
    const pending = this.#pending.get(id);
    if (!pending) return;
    if (error?.code === ERROR_CODES.cancelled && !pending.cancelled) {
      // Nobody has cancelled it, so the sidecar is about to end. The caller gets the error of that end.
      pending.heldBack = () => this.#settle(id, result, error);
      setTimeout(pending.heldBack, ENDING_MS).unref();
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

function parse(body: Buffer): Incoming {
  try {
    const message: unknown = JSON.parse(body.toString("utf8"));
    if (typeof message === "object" && message !== null) return message;
  } catch {
    // Told below, with the rest.
  }
  const start = JSON.stringify(body.toString("latin1", 0, 200));
  throw new SidecarProtocolError(`The sidecar sent a frame that is no JSON object: ${start}`);
}

const strange = (what: string) => new SidecarProtocolError(`The sidecar sent ${what}.`);

function responseError({ code, message, data }: NonNullable<Incoming["error"]>): Error {
  const { type = "unknown", field, hint, ...figures } = data ?? {};
  return new SidecarResponseError(message, code, type, field, hint, figures);
}
