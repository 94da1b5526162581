import type { Door } from "./door.js";
import { HttpError } from "./errors.js";
import { json } from "./answers.js";
import { getModel, listAudioModels, listModels, loadModel, unloadModel } from "./models.js";
import { createSpeech } from "./speech.js";
import { listVoices } from "./voices.js";

/** A request that has been accepted. `id` is the model in the route's path. */
export interface Call {
  door: Door;
  request: Request;
  id: string;
  query: URLSearchParams;
}

type Method = "GET" | "POST" | "DELETE";

interface Route {
  path: RegExp;
  /** Whether the route needs no key. */
  open?: boolean;
  methods: Partial<Record<Method, (call: Call) => Promise<Response>>>;
}

/** A slash at the end of a path makes no difference. A hub id contains a slash, which may be escaped or not. */
const ROUTES: readonly Route[] = [
  { path: /^\/health\/?$/, open: true, methods: { GET: health } },
  { path: /^\/v1\/audio\/speech\/?$/, methods: { POST: createSpeech } },
  { path: /^\/v1\/audio\/voices\/?$/, methods: { GET: listVoices } },
  { path: /^\/v1\/audio\/models\/?$/, methods: { GET: listAudioModels } },
  { path: /^\/v1\/models\/?$/, methods: { GET: listModels } },
  { path: /^\/v1\/models\/(.+?)\/?$/, methods: { GET: getModel, POST: loadModel, DELETE: unloadModel } },
];

/**
 * Answer a request whose host and origin have been accepted.
 *
 * @param checkKey Called if the route needs the key.
 * @throws HttpError 404 for an unknown path, 405 for a method that the path does not have, and the errors of the routes.
 */
export async function route(
  door: Door,
  request: Request,
  { pathname, searchParams }: { pathname: string; searchParams: URLSearchParams },
  checkKey: () => void,
): Promise<Response> {
  const found = find(pathname);
  if (!found) {
    checkKey();
    throw new HttpError(404, `Unknown request: ${request.method} ${pathname}`, "unknown_url");
  }
  const allow = allowed(found.route);
  if (request.method === "OPTIONS") return new Response(null, { status: 204, headers: { allow } });
  if (!found.route.open) checkKey();
  const method = request.method === "HEAD" ? "GET" : request.method;
  const run = Object.hasOwn(found.route.methods, method) ? found.route.methods[method as Method] : undefined;
  if (run) return run({ door, request, id: found.id, query: searchParams });
  const message = `${request.method} is not allowed for ${pathname}, which has: ${allow}.`;
  throw new HttpError(405, message, "method_not_allowed", null, { allow });
}

function find(pathname: string): { route: Route; id: string } | undefined {
  for (const route of ROUTES) {
    const match = route.path.exec(pathname);
    const id = match && unescaped(match[1] ?? "");
    if (id !== null && id !== undefined) return { route, id };
  }
  return undefined;
}

function unescaped(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function allowed({ methods }: Route): string {
  const names = Object.keys(methods).flatMap((name) => (name === "GET" ? ["GET", "HEAD"] : [name]));
  return [...names, "OPTIONS"].join(", ");
}

async function health({ door: { engine } }: Call): Promise<Response> {
  const { streams, queued, uptimeMs } = await engine.status();
  const { version } = engine.serverInfo;
  return json({ status: "ok", version, streams: streams.length, queued, uptime_ms: uptimeMs });
}
