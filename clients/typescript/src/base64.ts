// Node's own functions are many times faster; browsers have others.

/** Return bytes as base64. */
export function toBase64(bytes: Uint8Array): string {
  if (typeof Buffer !== "undefined") {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
  }
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  }
  return btoa(text);
}

/** Decode into memory of its own: Node's small buffers share one, at offsets that 16-bit views refuse. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const memory = new ArrayBuffer((text.length / 4) * 3 - padding);
  Buffer.from(memory).write(text, "base64");
  return new Uint8Array(memory);
}
