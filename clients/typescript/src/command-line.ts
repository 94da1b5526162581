/**
 * Return the words of a command line: spaces separate words; quotes keep them together, also inside a word
 * (`--name="a b"`); a backslash escapes the next character, except in single quotes. An unclosed quote is an
 * ordinary character, as in `/Users/o'neil/sidecar`.
 */
export function splitWords(line: string): string[] {
  return Array.from(line.matchAll(WORD), ([word]) => word.replaceAll(PIECE, unquote));
}

const DOUBLE = /"((?:[^"\\]|\\[^])*)"/;
const SINGLE = /'([^']*)'/;
const ESCAPED = /\\([^])/;
const PIECE = new RegExp(`${DOUBLE.source}|${SINGLE.source}|${ESCAPED.source}`, "g");
const WORD = new RegExp(`(?:${DOUBLE.source}|${SINGLE.source}|${ESCAPED.source}|\\S)+`, "g");

function unquote(_: string, double?: string, single?: string, escaped?: string): string {
  return double?.replaceAll(/\\(["\\$`])/g, "$1") ?? single ?? escaped ?? "";
}
