import { wavHeader } from "qwen-tts-sidecar/connect";

/** Join samples. */
export function concat16(parts: readonly Int16Array[]): Int16Array<ArrayBuffer> {
  const all = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Return 16-bit samples as floats from -1 to 1. */
export const toFloats = (samples: Int16Array): Float32Array<ArrayBuffer> =>
  Float32Array.from(samples, (sample) => sample / 32768);

/** Return floats from -1 to 1 as 16-bit samples. */
export const toInts = (samples: Float32Array): Int16Array<ArrayBuffer> =>
  Int16Array.from(samples, (sample) => Math.round(Math.max(-1, Math.min(1, sample)) * 32767));

/** Return the parts of a WAV file with one channel. */
export const wavFile = (samples: Int16Array<ArrayBuffer>, sampleRate: number): Uint8Array<ArrayBuffer>[] => [
  new Uint8Array(wavHeader({ sampleRate, encoding: "pcm_s16le" }, samples.byteLength)),
  new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength),
];

/** Return base64 of bytes of any length. */
export function toBase64(bytes: Uint8Array): string {
  let text = "";
  // `apply` takes only so many arguments.
  for (let at = 0; at < bytes.length; at += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  }
  return btoa(text);
}
