import { badRequest, HttpError } from "./errors.js";

/** More than the longest text that is accepted, in any script. */
const MAX_BYTES = 8 * 1024 * 1024;

/** Return the JSON object in a request's body. */
export async function readJson(request: Request): Promise<Record<string, unknown>> {
  // A web page may send other types across origins without a preflight request, but not this one.
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/json\b/i.test(type)) throw badRequest("The body must be application/json.");
  const value = parse(await readText(request));
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw badRequest("The body must be a JSON object.");
  }
  return value as Record<string, unknown>;
}

async function readText(request: Request): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  const reader = request.body?.getReader();
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done || !value) return text + decoder.decode();
    bytes += value.length;
    if (bytes > MAX_BYTES) throw new HttpError(413, `The body has more than ${MAX_BYTES} bytes.`);
    text += decoder.decode(value, { stream: true });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest("The body is not valid JSON.");
  }
}

/** Return an optional string of the body. */
export function optionalString(body: Record<string, unknown>, name: string): string | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw badRequest(`${name} must be a string.`, name);
  return value;
}
