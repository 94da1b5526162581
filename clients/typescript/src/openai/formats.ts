import type { SpeechParams } from "../options.js";
import { badRequest } from "./errors.js";

export interface Format {
  encoding: NonNullable<SpeechParams["encoding"]>;
  contentType: string;
}

const FORMATS: Record<string, Format> = {
  mp3: { encoding: "mp3", contentType: "audio/mpeg" },
  opus: { encoding: "ogg_opus", contentType: "audio/ogg" },
  flac: { encoding: "flac", contentType: "audio/flac" },
  wav: { encoding: "wav", contentType: "audio/wav" },
  /** 24 kHz, 16 bits, one channel: as OpenAI's. */
  pcm: { encoding: "pcm_s16le", contentType: "audio/pcm" },
};

/** OpenAI's default is mp3. */
export function chooseFormat(wanted: unknown): Format {
  const name = wanted ?? "mp3";
  const format = typeof name === "string" && Object.hasOwn(FORMATS, name) ? FORMATS[name] : undefined;
  if (format) return format;
  throw badRequest(
    `response_format ${JSON.stringify(wanted)} cannot be produced here; there are: ${Object.keys(FORMATS).join(", ")}.`,
    "response_format",
    "unsupported_format",
  );
}
