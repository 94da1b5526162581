import type { Guard } from "./guard.js";

/** The response headers that a page may read, besides the body and its type. */
const EXPOSED = "x-request-id, x-ignored-parameters, retry-after, allow";

/** Let the pages of listed origins read a response, including errors. `Vary` keeps caches from mixing them up. */
export function addCorsHeaders(response: Response, request: Request, guard: Guard): void {
  response.headers.append("vary", "Origin");
  const origin = request.headers.get("origin");
  if (origin === null || !guard.allows(origin)) return;
  response.headers.set("access-control-allow-origin", origin);
  response.headers.set("access-control-expose-headers", EXPOSED);
}

/** Return whether a browser is asking if a page may send a request. */
export const isPreflight = ({ method, headers }: Request) =>
  method === "OPTIONS" && headers.has("origin") && headers.has("access-control-request-method");

/**
 * Return the response for a page whose origin has been accepted. SDKs send headers of their own, so all requested
 * headers are allowed: the origin and the key decide about access.
 */
export function preflightResponse({ headers }: Request): Response {
  const privately = headers.get("access-control-request-private-network") === "true";
  return new Response(null, {
    status: 204,
    headers: {
      "access-control-allow-methods": "GET, HEAD, POST, DELETE",
      "access-control-allow-headers":
        headers.get("access-control-request-headers") ?? "authorization, content-type",
      "access-control-max-age": "600",
      vary: "Access-Control-Request-Headers, Access-Control-Request-Private-Network",
      ...(privately && { "access-control-allow-private-network": "true" }),
    },
  });
}
