import { requestUrl } from "./address.js";
import { requestId } from "./answers.js";
import { errorResponse, HttpError } from "./errors.js";
import type { Handler } from "./handler.js";

/** The parts of `http.IncomingMessage` that are used, so that the types do not need `@types/node`. */
export interface NodeRequest extends AsyncIterable<Uint8Array> {
  method?: string;
  url?: string;
  headers: Record<string, string | string[] | undefined>;
  /** All values of each header; `headers` has only the first Host. */
  headersDistinct?: Record<string, string[] | undefined>;
}

/** The parts of `http.ServerResponse` that are used. */
export interface NodeResponse {
  statusCode: number;
  setHeader(name: string, value: string): unknown;
  write(data: Uint8Array): boolean;
  end(): unknown;
  destroy(): unknown;
  on(event: "close" | "drain", listener: () => void): unknown;
  once(event: "drain" | "close", listener: () => void): unknown;
  off(event: "drain" | "close", listener: () => void): unknown;
  readonly writableEnded: boolean;
  readonly destroyed: boolean;
}

/**
 * Return a listener for Node's `http`. The request's URL consists of its Host header and its path. A request that cannot
 * be converted to a web request is answered with a 400 or 405.
 *
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import { openaiHandler, toNodeListener } from "qwen-tts-sidecar/openai";
 *
 * createServer(toNodeListener(openaiHandler(tts))).listen(8787, "127.0.0.1");
 * ```
 */
export function toNodeListener(
  handler: Handler,
): (request: NodeRequest, response: NodeResponse) => void {
  return (request, response) => {
    // This fails if the connection is gone; then there is no client to answer.
    serve(handler, request, response).catch(() => response.destroy());
  };
}

async function serve(handler: Handler, request: NodeRequest, response: NodeResponse): Promise<void> {
  const gone = new AbortController();
  response.on("close", () => response.writableEnded || gone.abort());
  await send(await answer(handler, request, gone.signal), response);
  await readRest(request);
}

/** Read the rest of the body: most clients read the response only after they have sent all of it. */
async function readRest(request: NodeRequest): Promise<void> {
  try {
    for await (const _ of request);
  } catch {
    // The client is gone, or the handler has read the body.
  }
}

async function answer(handler: Handler, request: NodeRequest, signal: AbortSignal): Promise<Response> {
  try {
    return await handler(toWebRequest(request, signal));
  } catch (error) {
    const { "x-request-id": given } = request.headers;
    const refusal = errorResponse(error);
    refusal.headers.set("x-request-id", requestId(typeof given === "string" ? given : undefined));
    return refusal;
  }
}

async function send(answer: Response, response: NodeResponse): Promise<void> {
  response.statusCode = answer.status;
  answer.headers.forEach((value, name) => response.setHeader(name, value));
  const reader = answer.body?.getReader();
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done || !value) break;
    if (response.destroyed) return void reader?.cancel();
    if (!response.write(value)) await drained(response);
  }
  response.end();
}

/** Methods that a web request cannot have. Node itself answers CONNECT by closing the connection. */
const FORBIDDEN = /^(CONNECT|TRACE|TRACK)$/;
const ALLOW = "GET, HEAD, POST, DELETE, OPTIONS";

/** @throws HttpError 400, 405 */
function toWebRequest(request: NodeRequest, signal: AbortSignal): Request {
  const { method = "GET", headers, headersDistinct, url = "/" } = request;
  if (FORBIDDEN.test(method)) {
    throw new HttpError(405, `${method} is not a method of this server.`, "method_not_allowed", null, { allow: ALLOW });
  }
  const hosts = headersDistinct?.host ?? [headers.host ?? []].flat();
  const target = requestUrl(hosts.length > 0 ? hosts.join(", ") : undefined, url);
  const hasBody = method !== "GET" && method !== "HEAD";
  const init = { method, headers: webHeaders(headers), signal, duplex: "half" };
  return new Request(target, { ...init, body: hasBody ? bodyOf(request) : undefined } as RequestInit);
}

function bodyOf(request: NodeRequest): ReadableStream<Uint8Array> {
  const parts = request[Symbol.asyncIterator]();
  return new ReadableStream({
    pull: async (controller) => {
      const { done, value } = await parts.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: async () => void (await parts.return?.()),
  });
}

function webHeaders(headers: NodeRequest["headers"]): Headers {
  const pairs = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, Array.isArray(value) ? value.join(", ") : value] as [string, string]],
  );
  return new Headers(pairs);
}

/** Wait until the socket accepts more data, or is closed. */
function drained(response: NodeResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    response.once("drain", done);
    response.once("close", done);
  });
}
