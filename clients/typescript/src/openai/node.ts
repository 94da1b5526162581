import type { Handler } from "./handler.js";

/** The parts of `http.IncomingMessage` that are used, so that the types need no `@types/node`. */
export interface NodeRequest extends AsyncIterable<Uint8Array> {
  method?: string;
  url?: string;
  headers: Record<string, string | string[] | undefined>;
}

/** The parts of `http.ServerResponse`. */
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

/** `http.createServer(toNodeListener(handler))`. */
export function toNodeListener(
  handler: Handler,
): (request: NodeRequest, response: NodeResponse) => void {
  return (request, response) => {
    // A connection that is gone fails here; there is nobody left to tell.
    serve(handler, request, response).catch(() => response.destroy());
  };
}

async function serve(handler: Handler, request: NodeRequest, response: NodeResponse): Promise<void> {
  const gone = new AbortController();
  response.on("close", () => response.writableEnded || gone.abort());
  const answer = await handler(toWebRequest(request, gone.signal));
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

function toWebRequest(request: NodeRequest, signal: AbortSignal): Request {
  const { method = "GET", headers, url = "/" } = request;
  const host = typeof headers.host === "string" ? headers.host : "localhost";
  const hasBody = method !== "GET" && method !== "HEAD";
  const init = { method, headers: webHeaders(headers), signal, duplex: "half" };
  return new Request(new URL(url, `http://${host}`), {
    ...init,
    body: hasBody ? bodyOf(request) : undefined,
  } as RequestInit);
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

/** Until the socket takes more, or is closed: nothing would drain that. */
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
