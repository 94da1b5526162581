import type { SynthesizeResult } from "./protocol.gen.js";

/** What a WAV header needs to know: a `SpeechResult`, or these two fields of one. */
export type WavFormat = Pick<SynthesizeResult, "sampleRate" | "encoding">;

export const HEADER_BYTES = 44;
/** The length in a header whose end is not known yet; players then read to the end of the file. */
const UNKNOWN = 0xffffffff;

/**
 * Return the 44-byte header of a WAV file with one channel.
 *
 * @param format - Rate in Hz and encoding of the samples: 32-bit floats for `pcm_f32le`, else 16-bit
 * integers.
 * @param dataBytes - Number of bytes of samples that follow. Default: unknown, so that players read
 * to the end of the file.
 *
 * @example
 * ```ts
 * import { wavHeader } from "qwen-tts-sidecar";
 *
 * const samples = await stream.bytes();
 * const header = wavHeader(await stream.final(), samples.length);
 * ```
 */
export function wavHeader({ sampleRate, encoding }: WavFormat, dataBytes?: number): Uint8Array {
  const float = encoding === "pcm_f32le";
  const sampleBytes = float ? 4 : 2;
  const view = new DataView(new ArrayBuffer(HEADER_BYTES));
  const name = (at: number, text: string) =>
    [...text].forEach((letter, i) => view.setUint8(at + i, letter.charCodeAt(0)));
  name(0, "RIFF");
  view.setUint32(4, dataBytes === undefined ? UNKNOWN : HEADER_BYTES - 8 + dataBytes, true);
  name(8, "WAVEfmt ");
  view.setUint32(16, 16, true); // bytes of the format block
  view.setUint16(20, float ? 3 : 1, true);
  view.setUint16(22, 1, true); // channels
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * sampleBytes, true);
  view.setUint16(32, sampleBytes, true);
  view.setUint16(34, 8 * sampleBytes, true);
  name(36, "data");
  view.setUint32(40, dataBytes ?? UNKNOWN, true);
  return new Uint8Array(view.buffer);
}

export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
