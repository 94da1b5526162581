import type { PlainText } from "./plain-text.js";
import type { SentenceWords } from "./words.js";

/** A word in a cue's text, and when it is heard, in milliseconds. */
export interface ShownWord {
  begin: number;
  end: number;
  startMs: number;
  endMs: number;
}

const isSpace = (char: string) => /\s/.test(char);

/**
 * Return the words in each of the texts that a sentence is shown in, one after the other. Only the white space of
 * these texts may differ from that of `whole`.
 */
export function placeWords(
  parts: readonly string[],
  whole: PlainText,
  words: NonNullable<SentenceWords["words"]>,
): ShownWord[][] {
  const places = parts.flatMap((part, number) =>
    [...Array(part.length).keys()].filter((at) => !isSpace(part.charAt(at))).map((at) => ({ number, at })),
  );
  // Where those units are in the text of the speech.
  const shown = whole.places.filter((_, at) => !isSpace(whole.text.charAt(at)));
  const shownBefore = (place: number) => shown.filter((one) => one < place).length;
  const found: ShownWord[][] = parts.map(() => []);
  for (const { textStart, textEnd, startMs, endMs } of words) {
    const [first, last] = [shownBefore(textStart), shownBefore(textEnd)];
    const begin = places[first];
    if (!begin || last <= first || last > places.length) continue;
    const end = places.slice(first, last).findLast(({ number }) => number === begin.number);
    found[begin.number]?.push({ begin: begin.at, end: (end?.at ?? begin.at) + 1, startMs, endMs });
  }
  return found;
}

/** Return when each text of a sentence is shown: from its first word on, the first one at once. */
export function splitStarts(
  startMs: number,
  endMs: number,
  heard: readonly ShownWord[][],
  shared: readonly number[],
): number[] {
  const starts = [startMs];
  for (let i = 1; i < heard.length; i++) {
    const begin = heard[i]?.[0]?.startMs ?? shared[i] ?? endMs;
    starts.push(Math.min(Math.max(begin, starts[i - 1] ?? startMs), endMs));
  }
  return starts;
}

interface Cue {
  startMs: number;
  endMs: number;
  text: string;
  words: ShownWord[];
}

/** Return cues in which the word that is heard is underlined; between two words none is. */
export function underlined({ startMs, endMs, text, words }: Cue): Omit<Cue, "words">[] {
  const cues: Omit<Cue, "words">[] = [];
  let at = startMs;
  const inside = (ms: number) => Math.min(Math.max(ms, at), endMs);
  for (const word of words) {
    const [begin, stop] = [inside(word.startMs), inside(word.endMs)];
    if (Math.round(stop) <= Math.round(begin)) continue;
    if (Math.round(begin) > Math.round(at)) cues.push({ startMs: at, endMs: begin, text });
    const said = `<u>${text.slice(word.begin, word.end)}</u>`;
    cues.push({ startMs: begin, endMs: stop, text: text.slice(0, word.begin) + said + text.slice(word.end) });
    at = stop;
  }
  if (Math.round(endMs) > Math.round(at)) cues.push({ startMs: at, endMs, text });
  return cues;
}
