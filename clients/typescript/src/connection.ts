import { SidecarProtocolError, SidecarResponseError } from "./errors.js";
import { encodeFrame } from "./framing.js";
import type { ErrorData, Notifications, Requests } from "./protocol.gen.js";

export type Method = keyof Requests;
export type Params<M extends Method> = Requests[M]["params"];
export type Result<M extends Method> = Requests[M]["result"];
export type Progress<M extends Method> = Requests[M] extends { progress: infer P } ? P : never;

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

/** One process's conversation: ids out, answers and progress back. Knows nothing of processes. */
export class Connection {
  #pending = new Map<unknown, Pending>();
  #lastId = 0;
  #closed: unknown;

  constructor(readonly write: (frame: Uint8Array) => void) {}

  request<M extends Method>(
    method: M,
    params: Params<M>,
    onProgress?: (value: Progress<M>) => void,
  ): Call<Result<M>> {
    const id = ++this.#lastId;
    if (this.#closed) return { result: Promise.reject(this.#closed), token: id, cancel: () => {} };
    const token = onProgress && TOKEN_FIELDS[method];
    const sent = token ? { ...params, [token]: id } : params;
    const result = new Promise<Result<M>>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, onProgress });
    });
    this.write(encodeFrame({ jsonrpc: "2.0", id, method, params: sent }));
    return { result, token: id, cancel: () => this.#cancel(id) };
  }

  notify<M extends keyof Notifications>(method: M, params: Notifications[M]["params"]): void {
    if (!this.#closed) this.write(encodeFrame({ jsonrpc: "2.0", method, params }));
  }

  receive(body: Buffer): void {
    const message = parse(body);
    if (message.method !== undefined) this.#onNotification(message);
    else this.#onAnswer(message);
  }

  /** Fails what is pending, and everything later. The first reason counts. */
  close(reason: unknown): void {
    this.#closed ??= reason;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of pending) reject(this.#closed);
  }

  #cancel(id: number): void {
    if (this.#pending.has(id)) this.notify("$/cancelRequest", { id });
  }

  #onNotification({ method, params }: Incoming): void {
    if (method !== "$/progress") return;
    // The token is the id of the request. Its answer is the last of it, so no entry is no error.
    this.#pending.get(params?.token)?.onProgress?.(params?.value as never);
  }

  #onAnswer({ id, result, error }: Incoming): void {
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

function responseError({ code, message, data }: NonNullable<Incoming["error"]>): Error {
  const { type = "unknown", field, hint, ...figures } = data ?? {};
  return new SidecarResponseError(message, code, type, field, hint, figures);
}
