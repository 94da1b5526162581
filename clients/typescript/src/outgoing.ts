import { SidecarResponseError } from "./errors.js";
import { toBase64 } from "./base64.js";
import type { ReferenceInput } from "./options.js";
import { ERROR_CODES, type Reference } from "./protocol.gen.js";

/** Params as the app passes them: the audio of a reference may be bytes. */
export type Outgoing<P> = "reference" extends keyof P
  ? Omit<P, "reference"> & { reference?: ReferenceInput | null }
  : P;

interface Message {
  id?: number;
  method: string;
  params: object;
}

/** Largest message in both directions, until the handshake sets another limit. */
export const MAX_BODY = 64 * 1024 * 1024;

/** A message, and how many bytes it has in UTF-8. */
export interface Encoded {
  readonly json: string;
  readonly bytes: number;
}

/** Maximum nesting of a large field: `params.reference.audio`. */
const DEPTH = 3;

/**
 * Return a message as JSON. A message that is too long for the sidecar is refused here, if possible before it is
 * encoded: the sidecar's own refusal might not say which request it was.
 *
 * @throws SidecarResponseError `messageTooLong`
 */
export function encodeMessage(message: Message, maxBytes: number): Encoded {
  const least = leastBytes(message.params);
  if (least > maxBytes) throw tooLong(message, least, maxBytes, " or more");
  const params = toWire(message.params);
  const json = JSON.stringify({ jsonrpc: "2.0", ...message, params });
  const bytes = byteLength(json);
  if (bytes > maxBytes) throw tooLong(message, bytes, maxBytes);
  return { json, bytes };
}

const byteLength = (text: string) =>
  typeof Buffer === "undefined" ? new TextEncoder().encode(text).length : Buffer.byteLength(text);

/** Return the params with the bytes of a recording as base64. */
function toWire(params: { reference?: ReferenceInput | null }): { reference?: Reference | null } {
  const { reference } = params;
  if (!(reference?.audio instanceof Uint8Array)) return params as { reference?: Reference | null };
  return { ...params, reference: { ...reference, audio: toBase64(reference.audio) } };
}

/** Return the least number of bytes of a value as JSON: each UTF-16 unit of a string takes one or more. */
function leastBytes(value: unknown, depth = DEPTH): number {
  if (typeof value === "string") return value.length;
  if (ArrayBuffer.isView(value)) return 4 * Math.ceil(value.byteLength / 3);
  if (typeof value !== "object" || value === null || depth === 0) return 0;
  return Object.values(value).reduce((sum: number, part) => sum + leastBytes(part, depth - 1), 0);
}

function tooLong(
  { method, params }: Message,
  messageBytes: number,
  limitBytes: number,
  orMore = "",
): SidecarResponseError {
  const field = largestField(params);
  const hint =
    field === "reference.audio"
      ? "Give a shorter recording, or a compressed one; or name its file by reference.path."
      : "Send it in several parts.";
  return new SidecarResponseError(
    `A message of ${messageBytes} bytes${orMore} is too long for the sidecar, whose limit is ${limitBytes}; ` +
      `the largest field is ${field} of ${method}.`,
    ERROR_CODES.messageTooLong,
    "messageTooLong",
    field,
    hint,
    { messageBytes, limitBytes },
  );
}

/** Return the path of the largest field. */
function largestField(params: object): string {
  const path: string[] = [];
  for (let value: unknown = params; isObject(value) && path.length < DEPTH; ) {
    const sizes = Object.entries(value).map(([key, part]) => ({ key, part, size: leastBytes(part) }));
    const largest = sizes.reduce((a, b) => (b.size > a.size ? b : a));
    path.push(largest.key);
    value = largest.part;
  }
  return path.join(".");
}

function isObject(value: unknown): value is object {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return false;
  return !Array.isArray(value) && Object.keys(value).length > 0;
}
