import { createHash, timingSafeEqual } from "node:crypto";
import { errorResponse, HttpError } from "./errors.js";
import { getModel, listModels, listVoices, loadModel, unloadModel } from "./models.js";
import type { OpenAIOptions, SpeechEngine } from "./options.js";
import { createSpeech } from "./speech.js";

export type Handler = (request: Request) => Promise<Response>;

/** OpenAI's speech API before a sidecar: for `Bun.serve`, `toNodeListener`, or any router. */
export function openaiHandler(engine: SpeechEngine, options: OpenAIOptions = {}): Handler {
  return async (request) => {
    try {
      return await route(request, engine, options);
    } catch (error) {
      return errorResponse(error);
    }
  };
}

async function route(request: Request, engine: SpeechEngine, options: OpenAIOptions): Promise<Response> {
  const { host, pathname, searchParams } = new URL(request.url);
  const at = `${request.method} ${pathname}`;
  if (at === "GET /health") return health(engine);
  checkOrigin(request.headers.get("origin"), host, options.origins);
  checkKey(request, options.apiKey);
  if (at === "POST /v1/audio/speech") return createSpeech(request, engine, options);
  if (at === "GET /v1/audio/voices") return listVoices(searchParams.get("model"), engine, options);
  if (at === "GET /v1/models") return listModels(engine, options);
  const id = modelId(pathname);
  if (id && request.method === "GET") return getModel(id, engine, options);
  if (id && request.method === "POST") return loadModel(id, engine, options, request.signal);
  if (id && request.method === "DELETE") return unloadModel(id, engine, options);
  throw new HttpError(404, `Unknown request: ${at}`, "unknown_url");
}

/** A hub id has a slash, which may come escaped or not. */
function modelId(pathname: string): string | undefined {
  const id = /^\/v1\/models\/(.+)$/.exec(pathname)?.[1];
  try {
    return id && decodeURIComponent(id);
  } catch {
    return undefined;
  }
}

async function health(engine: SpeechEngine): Promise<Response> {
  const { streams, queued, uptimeMs } = await engine.status();
  const { version } = engine.serverInfo;
  const busy = { streams: streams.length, queued };
  return Response.json({ status: "ok", version, ...busy, uptime_ms: uptimeMs });
}

/** Any web page can send requests to this machine, though it cannot read the answers. */
function checkOrigin(origin: string | null, host: string, origins: readonly string[] = []): void {
  if (origin === null || origins.includes(origin)) return;
  if (URL.canParse(origin) && new URL(origin).host === host) return;
  throw new HttpError(403, `Pages of ${origin} may not ask here.`, "wrong_origin");
}

function checkKey(request: Request, apiKey: string | undefined): void {
  if (apiKey === undefined) return;
  const given = /^Bearer (.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
  // Digests have one length, so that comparing them tells nothing of the key.
  const digest = (text: string) => createHash("sha256").update(text).digest();
  if (timingSafeEqual(digest(given), digest(apiKey))) return;
  throw new HttpError(401, "The API key is missing or wrong.", "invalid_api_key");
}
