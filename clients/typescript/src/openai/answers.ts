/** Return a JSON response with its length, which Node's `http` does not determine by itself. */
export function json(value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  const body = new TextEncoder().encode(JSON.stringify(value));
  return new Response(body, {
    status,
    headers: { "content-type": "application/json", "content-length": String(body.length), ...headers },
  });
}

const SANE_ID = /^[\w.:=+/-]{1,128}$/;

/** Return the id that a request has, if it can safely be repeated in a header and a log, or a new one. */
export function requestId(given: string | null | undefined): string {
  if (given && SANE_ID.test(given)) return given;
  return `req_${crypto.randomUUID().replaceAll("-", "")}`;
}
