import { SidecarProtocolError } from "./errors.js";
import { MAX_BODY } from "./outgoing.js";

const MAX_HEADER = 4096;
const HEADER_END = "\r\n\r\n";

export function encodeFrame(message: object): Uint8Array {
  return encodeJson(JSON.stringify(message));
}

/** Return header and body in one buffer, for one write, so that frames cannot mix. */
export function encodeJson(json: string, bytes = Buffer.byteLength(json)): Uint8Array {
  const header = `Content-Length: ${bytes}\r\n\r\n`;
  const frame = Buffer.allocUnsafe(header.length + bytes);
  frame.write(header, "latin1");
  frame.write(json, header.length, "utf8");
  return frame;
}

/** Splits a byte stream into the bodies of its frames. Each byte of a body is copied once. */
export class FrameReader {
  #header = Buffer.alloc(0);
  #body: Buffer | undefined;
  #filled = 0;

  /** Add the next bytes, and return the bodies that they complete. */
  push(data: Uint8Array): Buffer[] {
    const bodies: Buffer[] = [];
    let at = 0;
    while (at < data.length) {
      at += this.#body ? this.#readBody(this.#body, data, at) : this.#readHeader(data, at);
      if (this.#body?.length === this.#filled) {
        bodies.push(this.#body);
        this.#body = undefined;
      }
    }
    return bodies;
  }

  #readBody(body: Buffer, data: Uint8Array, at: number): number {
    const part = data.subarray(at, at + body.length - this.#filled);
    body.set(part, this.#filled);
    this.#filled += part.length;
    return part.length;
  }

  #readHeader(data: Uint8Array, at: number): number {
    const before = this.#header.length;
    const part = data.subarray(at, at + MAX_HEADER - before);
    this.#header = Buffer.concat([this.#header, part]);
    const end = this.#header.indexOf(HEADER_END);
    if (end < 0) {
      this.#checkUnfinished();
      return part.length;
    }
    this.#body = Buffer.allocUnsafe(bodyLength(this.#header.toString("latin1", 0, end)));
    this.#filled = 0;
    this.#header = Buffer.alloc(0);
    return end + HEADER_END.length - before;
  }

  #checkUnfinished(): void {
    const text = this.#header.toString("latin1");
    // Otherwise, a stray line would be noticed only after 4096 bytes.
    if (this.#header.length >= MAX_HEADER || /(^|[^\r])\n/.test(text)) throw notAHeader(text);
  }
}

function bodyLength(header: string): number {
  const lines = header.split("\r\n");
  const lengths = lines.filter((line) => /^content-length[ \t]*:/i.test(line));
  const length = /:[ \t]*(\d{1,15})[ \t]*$/.exec(lengths[0] ?? "")?.[1];
  const wellFormed = lines.every((line) => /^[\w-]+[ \t]*:[^\r\n]*$/.test(line));
  if (!wellFormed || lengths.length !== 1 || length === undefined) throw notAHeader(header);
  return checkedLength(Number(length));
}

function checkedLength(length: number): number {
  if (length > MAX_BODY) throw new SidecarProtocolError(`A frame of ${length} bytes is too big.`);
  return length;
}

function notAHeader(text: string): SidecarProtocolError {
  const start = JSON.stringify(text.slice(0, 200));
  return new SidecarProtocolError(`The program wrote something other than a frame to stdout: ${start}`);
}
