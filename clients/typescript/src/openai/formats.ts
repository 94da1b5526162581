import { badRequest } from "./errors.js";
import { wavHeader } from "../wav.js";

export interface Format {
  /** `encoding` of the sidecar. */
  encoding: string;
  contentType: string;
  /** Bytes before the first chunk. */
  header?: Uint8Array;
}

/** OpenAI's `pcm`: 24 kHz, 16 bits, one channel, as the sidecar's is. */
const PCM = { sampleRate: 24_000, encoding: "pcm_s16le" } as const;

const FORMATS: Record<string, Format> = {
  wav: { encoding: PCM.encoding, contentType: "audio/wav", header: wavHeader(PCM) },
  pcm: { encoding: PCM.encoding, contentType: "audio/pcm" },
  mp3: { encoding: "mp3", contentType: "audio/mpeg" },
  opus: { encoding: "ogg_opus", contentType: "audio/ogg" },
  flac: { encoding: "flac", contentType: "audio/flac" },
};

/** OpenAI's default is mp3. A sidecar that has none answers with WAV, and says so in the header. */
export function chooseFormat(wanted: unknown, encodings: readonly string[]): Format {
  const has = (name: string) => encodings.includes(FORMATS[name]?.encoding ?? "");
  const name = wanted ?? (has("mp3") ? "mp3" : "wav");
  const format = typeof name === "string" && has(name) ? FORMATS[name] : undefined;
  if (format) return format;
  const known = Object.keys(FORMATS).filter(has).join(", ");
  throw badRequest(
    `response_format ${JSON.stringify(wanted)} cannot be produced here; this sidecar has: ${known}.`,
    "response_format",
    "unsupported_format",
  );
}
