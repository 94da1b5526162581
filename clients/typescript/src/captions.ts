import { plainText } from "./plain-text.js";
import type { Sentence } from "./sentences.js";
import type { SpeechResult } from "./stream.js";
import { type ShownWord, placeWords, splitStarts, underlined } from "./word-captions.js";

/** What captions are made from: a `SpeechResult`, or these fields of one. */
export type CaptionSource = Pick<SpeechResult, "sentences" | "durationMs" | "words">;

/** How captions are made. */
export interface CaptionOptions {
  /**
   * Show which word is heard, in a speech with `timing: "word"`: in SubRip it is underlined (`<u>`), in WebVTT each
   * word has its time before it, as for karaoke (`::cue(:past)` in CSS). A caption begins with its first word.
   * Sentences without word times have none. Default false.
   */
  wordTimes?: boolean;
}

interface Cue {
  startMs: number;
  endMs: number;
  text: string;
  words: ShownWord[];
  speaker?: string;
}

const NAME = /^\s*\[\s*([^[\]]+?)\s*\]\s*/;

/** The limits that broadcasters use; an ideogram is two columns wide. */
const COLUMNS = 42;
const LINES = 2;

const WIDE = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\u3000-\u303f\uff00-\uff60]/u;
/** The units between which a line may break: an ideogram, or a run of other letters, with the marks after it. */
const ATOM = /(?:[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}]|[^\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}]+?(?=[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}]|$))[^\p{L}\p{N}]*/gu;

/**
 * Return captions of a speech in the SubRip format (`.srt`). Each sentence is a caption; a long one is
 * several, of two lines of at most 42 columns. Sentences without audio are left out. The name of a
 * speaker is before the text; in WebVTT it is a `<v>`.
 *
 * @example
 * ```ts
 * import { toSrt } from "qwen-tts-sidecar";
 *
 * const captions: string = toSrt(await stream.final());
 * ```
 */
export function toSrt(speech: CaptionSource, { wordTimes = false }: CaptionOptions = {}): string {
  const shown = cuesOf(speech, wordTimes).flatMap((cue) => {
    const name = cue.speaker ? `${cue.speaker}: ` : "";
    return underlined(cue).map((one) => ({ ...one, text: name + one.text }));
  });
  const cues = shown.map(
    ({ startMs, endMs, text }, i) => `${i + 1}\n${clock(startMs, ",")} --> ${clock(endMs, ",")}\n${text}\n`,
  );
  return cues.join("\n");
}

/**
 * Return captions of a speech in the WebVTT format (`.vtt`), for a page's `<track>`. The captions are
 * the same as those of `toSrt`.
 *
 * @example
 * ```ts
 * import { toVtt } from "qwen-tts-sidecar";
 *
 * const captions: string = toVtt(await stream.final());
 * ```
 */
export function toVtt(speech: CaptionSource, { wordTimes = false }: CaptionOptions = {}): string {
  const cues = cuesOf(speech, wordTimes).map(
    (cue) => `\n${clock(cue.startMs, ".")} --> ${clock(cue.endMs, ".")}\n${timed(cue)}\n`,
  );
  return ["WEBVTT\n", ...cues].join("");
}

/** A sentence of which nothing was spoken has no duration, and is left out. */
function cuesOf({ sentences, durationMs, words = [] }: CaptionSource, wordTimes: boolean): Cue[] {
  const known = new Map(wordTimes ? words.map((one) => [one.sentence, one.words ?? []] as const) : []);
  return sentences.flatMap((written, i) => {
    const sentence = withoutName(written);
    const { startMs, speaker } = sentence;
    const endMs = sentences[i + 1]?.startMs ?? durationMs;
    if (endMs <= startMs) return [];
    const shown = plainText(sentence);
    const cues = shared(balanced(shown.text), startMs, endMs).map((cue) => ({ ...cue, speaker }));
    const its = known.get(i) ?? [];
    if (its.length === 0) return cues;
    const heard = placeWords(cues.map((cue) => cue.text), shown, its);
    const starts = splitStarts(startMs, endMs, heard, cues.map((cue) => cue.startMs));
    return cues.map((cue, n) => ({
      startMs: starts[n] ?? startMs,
      endMs: starts[n + 1] ?? endMs,
      text: cue.text,
      words: heard[n] ?? [],
      speaker,
    }));
  });
}

/** Return a sentence without the brackets in which the text names its speaker. */
function withoutName(sentence: Sentence): Sentence {
  const match = sentence.speaker === undefined || sentence.isSsml ? null : NAME.exec(sentence.text);
  if (!match || match[1]?.toLowerCase() !== sentence.speaker?.toLowerCase()) return sentence;
  const length = match[0].length;
  return { ...sentence, text: sentence.text.slice(length), textStart: sentence.textStart + length };
}

/** Return a cue's text for WebVTT, with the times inside it that lie inside the cue. */
function timed({ startMs, endMs, text, words, speaker }: Cue): string {
  let [shown, at, last] = [speaker ? `<v ${escaped(speaker)}>` : "", 0, Math.round(startMs)];
  for (const { begin, startMs: heard } of words) {
    if (last >= Math.round(heard) || Math.round(heard) >= Math.round(endMs)) continue;
    last = Math.round(heard);
    shown += `${escaped(text.slice(at, begin))}<${clock(heard, ".")}>`;
    at = begin;
  }
  return shown + escaped(text.slice(at));
}

/** Return the cues of a sentence, which divide its time by their length. */
function shared(lines: string[], startMs: number, endMs: number): Cue[] {
  const all = lines.reduce((sum, line) => sum + columns(line), 0);
  const cues: Cue[] = [];
  let shown = 0;
  for (let at = 0; at < lines.length; at += LINES) {
    const part = lines.slice(at, at + LINES);
    const from = startMs + ((endMs - startMs) * shown) / all;
    shown += part.reduce((sum, line) => sum + columns(line), 0);
    cues.push({ startMs: from, endMs: startMs + ((endMs - startMs) * shown) / all, text: part.join("\n"), words: [] });
  }
  return cues;
}

/** Balance the captions of a long sentence, so that none shows a single word for half a second. */
function balanced(text: string): string[] {
  let lines = wrapped(text, COLUMNS);
  for (let width = COLUMNS - 1; lines.length > LINES && width > 0; width--) {
    const narrower = wrapped(text, width);
    if (narrower.length > lines.length) {
      break;
    }
    lines = narrower;
  }
  return lines;
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.match(/\S+/g) ?? []) {
    (word.match(ATOM) ?? []).forEach((atom, i) => {
      const line = `${lines.at(-1) ?? ""}${lines.length > 0 && i === 0 ? " " : ""}${atom}`;
      if (lines.length > 0 && columns(line) <= width) {
        lines[lines.length - 1] = line;
      } else {
        lines.push(atom);
      }
    });
  }
  return lines;
}

const columns = (text: string) => [...text].reduce((sum, char) => sum + (WIDE.test(char) ? 2 : 1), 0);

function clock(ms: number, point: string): string {
  const whole = Math.round(ms);
  const digits = (value: number, width = 2) => String(Math.floor(value)).padStart(width, "0");
  const [hours, minutes, seconds] = [whole / 3_600_000, (whole / 60_000) % 60, (whole / 1000) % 60];
  return `${digits(hours)}:${digits(minutes)}:${digits(seconds)}${point}${digits(whole % 1000, 3)}`;
}

const escaped = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
