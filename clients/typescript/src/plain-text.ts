import type { Sentence } from "./sentences.js";

/** A text, and where each of its UTF-16 units is in the whole text of the speech. */
export interface PlainText {
  text: string;
  places: number[];
}

/**
 * Comments, what is about the document, instructions, borders of CDATA, tags, references. A tag is whole: the sidecar
 * cuts no sentence within one.
 */
const MARKS =
  /<!--.*?-->|<(desc|metadata)\b[^>]*>.*?<\/\1\s*>|<\?.*?\?>|<!\[CDATA\[|\]\]>|<\/?[A-Za-z_:](?:[^<>"']|"[^"]*"|'[^']*')*>|&(#x[\da-fA-F]+|#\d+|[a-z]+);/gs;
const CHARS: Partial<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** Return what captions show of a sentence: its text, or that of its SSML. */
export function plainText({ text, textStart, isSsml }: Sentence): PlainText {
  const plain: PlainText = { text: "", places: [] };
  const put = (shown: string, from: number, step: number) => {
    plain.text += shown;
    for (let at = 0; at < shown.length; at++) plain.places.push(textStart + from + at * step);
  };
  let at = 0;
  for (const mark of isSsml ? text.matchAll(MARKS) : []) {
    put(text.slice(at, mark.index), at, 1);
    put(charOf(mark[2]), mark.index, 0);
    at = mark.index + mark[0].length;
  }
  put(text.slice(at), at, 1);
  return plain;
}

function charOf(reference = ""): string {
  if (!reference.startsWith("#")) return CHARS[reference] ?? "";
  return String.fromCodePoint(Number(reference.replace("#x", "0x").replace("#", "")));
}
