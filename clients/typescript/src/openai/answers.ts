/** Return a JSON response that says how long it is, which Node's `http` does not find out by itself. */
export function json(value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  const body = new TextEncoder().encode(JSON.stringify(value));
  return new Response(body, {
    status,
    headers: { "content-type": "application/json", "content-length": String(body.length), ...headers },
  });
}

const SANE_ID = /^[\w.:=+/-]{1,128}$/;

/** Return the id that a request brought, if that can be repeated in a header and a log, or a new one. */
export function requestId(given: string | null | undefined): string {
  if (given && SANE_ID.test(given)) return given;
  return `req_${crypto.randomUUID().replaceAll("-", "")}`;
}
