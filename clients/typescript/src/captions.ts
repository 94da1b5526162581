import type { SpeechResult } from "./stream.js";

type Speech = Pick<SpeechResult, "sentences" | "durationMs">;

interface Cue {
  startMs: number;
  endMs: number;
  text: string;
}

/** Characters on a line, as broadcasters have them. */
const LINE = 42;

/** SubRip captions, a sentence each: `toSrt(await stream.final())`. */
export function toSrt(speech: Speech): string {
  const cues = cuesOf(speech).map(
    ({ startMs, endMs, text }, i) => `${i + 1}\n${clock(startMs, ",")} --> ${clock(endMs, ",")}\n${text}\n`,
  );
  return cues.join("\n");
}

/** The same as WebVTT, for a `<track>`. */
export function toVtt(speech: Speech): string {
  const cues = cuesOf(speech).map(
    ({ startMs, endMs, text }) => `\n${clock(startMs, ".")} --> ${clock(endMs, ".")}\n${escaped(text)}\n`,
  );
  return ["WEBVTT\n", ...cues].join("");
}

/** What nothing was spoken of has no time, and is left out. */
function cuesOf({ sentences, durationMs }: Speech): Cue[] {
  return sentences
    .map(({ startMs, text }, i) => ({ startMs, endMs: sentences[i + 1]?.startMs ?? durationMs, text: wrapped(text) }))
    .filter(({ startMs, endMs, text }) => text && endMs > startMs);
}

function wrapped(text: string): string {
  const lines: string[] = [];
  for (const word of text.trim().split(/\s+/)) {
    const line = lines.at(-1);
    if (line !== undefined && [...line].length + 1 + [...word].length <= LINE) {
      lines[lines.length - 1] = `${line} ${word}`;
    } else {
      lines.push(word);
    }
  }
  return lines.join("\n");
}

function clock(ms: number, point: string): string {
  const whole = Math.round(ms);
  const digits = (value: number, width = 2) => String(Math.floor(value)).padStart(width, "0");
  const [hours, minutes, seconds] = [whole / 3_600_000, (whole / 60_000) % 60, (whole / 1000) % 60];
  return `${digits(hours)}:${digits(minutes)}:${digits(seconds)}${point}${digits(whole % 1000, 3)}`;
}

const escaped = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
