import { readHost, readPath, requestUrl } from "./address.js";
import { requestId } from "./answers.js";
import { addCorsHeaders, isPreflight, preflightResponse } from "./cors.js";
import { Door } from "./door.js";
import { errorResponse } from "./errors.js";
import { Guard } from "./guard.js";
import type { OpenAIOptions, SpeechEngine } from "./options.js";
import { route } from "./routes.js";

/** A function from a web request to its response. It never rejects. */
export type Handler = (request: Request) => Promise<Response>;

/**
 * Return a handler that offers OpenAI's speech API for a sidecar: for `Bun.serve`, `toNodeListener`, or any router. It
 * opens no port by itself. It accepts requests for the names of this machine and those in `hosts`, and from web pages
 * of its own origin and those in `origins`.
 *
 * @throws TypeError if an option is invalid.
 *
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import { openaiHandler, toNodeListener } from "qwen-tts-sidecar/openai";
 *
 * const handler = openaiHandler(tts, { apiKey: process.env.SPEECH_API_KEY });
 * createServer(toNodeListener(handler)).listen(8787, "127.0.0.1");
 * ```
 */
export function openaiHandler(engine: SpeechEngine, options: OpenAIOptions = {}): Handler {
  const door = new Door(engine, options);
  const guard = new Guard(options);
  return async (request) => {
    const response = await answer(request, door, guard).catch(errorResponse);
    addCorsHeaders(response, request, guard);
    response.headers.set("x-request-id", requestId(request.headers.get("x-request-id")));
    if (request.method !== "HEAD") return response;
    await response.body?.cancel();
    return new Response(null, { status: response.status, headers: response.headers });
  };
}

async function answer(request: Request, door: Door, guard: Guard): Promise<Response> {
  const url = readUrl(request);
  // A request that the app created may have no Host header: then its URL counts.
  const host = readHost(request.headers.get("host") ?? url.host);
  guard.checkHost(host);
  guard.checkOrigin(request, host);
  if (isPreflight(request)) return preflightResponse(request);
  const { searchParams } = url;
  return route(door, request, { pathname: readPath(url.pathname), searchParams }, () => guard.checkKey(request));
}

/** Return the request's URL. If the Host header is missing or invalid, Bun leaves the URL without a host. */
const readUrl = ({ url, headers }: Request): URL =>
  URL.canParse(url) ? new URL(url) : requestUrl(headers.get("host") ?? undefined, url);
