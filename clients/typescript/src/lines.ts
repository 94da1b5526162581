/** A line that is longer comes in pieces, so that what never ends a line is neither kept nor hidden. */
export const MAX_LINE_CHARS = 64 * 1024;

const LINE_END = /(\r*\n|\r+)/;

/**
 * Cuts text that comes in any portions into lines. A carriage return ends a line, too: that is how
 * progress bars draw themselves anew.
 */
export class LineReader {
  #decoder = new TextDecoder();
  #unfinished = "";
  #afterReturn = false;

  /** Return the lines that `data` completes. */
  push(data: Uint8Array): string[] {
    let text = this.#decoder.decode(data, { stream: true });
    if (text === "") return [];
    // The second half of a line end whose first half has ended the line already.
    if (this.#afterReturn && text.startsWith("\n")) text = text.slice(1);
    this.#afterReturn = text.endsWith("\r");
    const parts = (this.#unfinished + text).split(LINE_END);
    const rest = parts.pop() ?? "";
    const lines: string[] = [];
    for (let i = 0; i < parts.length; i += 2) {
      const [line = "", end = ""] = parts.slice(i, i + 2);
      // A bar that begins with a carriage return ends no line by it.
      if (line !== "" || end.endsWith("\n")) lines.push(...cut(line));
    }
    const pieces = cut(rest);
    this.#unfinished = pieces.pop() ?? "";
    return [...lines, ...pieces];
  }

  /** Return what was left without a line end, at the end of the text. */
  end(): string[] {
    const rest = this.#unfinished + this.#decoder.decode();
    this.#unfinished = "";
    return rest === "" ? [] : [rest];
  }
}

function cut(line: string): string[] {
  if (line.length <= MAX_LINE_CHARS) return [line];
  const pieces: string[] = [];
  for (let at = 0; at < line.length; ) {
    let end = Math.min(line.length, at + MAX_LINE_CHARS);
    // Not between the halves of one character.
    if (end < line.length && /[\uD800-\uDBFF]/.test(line.charAt(end - 1))) end -= 1;
    pieces.push(line.slice(at, end));
    at = end;
  }
  return pieces;
}
