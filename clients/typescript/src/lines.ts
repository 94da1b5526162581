/** A longer line is passed on in pieces, so that output without line ends is neither collected nor withheld. */
export const MAX_LINE_CHARS = 64 * 1024;

const LINE_END = /(\r*\n|\r+)/;

/**
 * Splits text that arrives in pieces into lines. A carriage return ends a line, too, since progress bars use it to
 * redraw themselves.
 */
export class LineReader {
  #decoder = new TextDecoder();
  #unfinished = "";
  #afterReturn = false;

  /** Return the lines that `data` completes. */
  push(data: Uint8Array): string[] {
    let text = this.#decoder.decode(data, { stream: true });
    if (text === "") return [];
    // The second half of a CR LF whose first half has already ended the line.
    if (this.#afterReturn && text.startsWith("\n")) text = text.slice(1);
    this.#afterReturn = text.endsWith("\r");
    const parts = (this.#unfinished + text).split(LINE_END);
    const rest = parts.pop() ?? "";
    const lines: string[] = [];
    for (let i = 0; i < parts.length; i += 2) {
      const [line = "", end = ""] = parts.slice(i, i + 2);
      // A carriage return at the start of an empty line does not end a line.
      if (line !== "" || end.endsWith("\n")) lines.push(...cut(line));
    }
    const pieces = cut(rest);
    this.#unfinished = pieces.pop() ?? "";
    return [...lines, ...pieces];
  }

  /** Return the last line if the text ended without a line end. */
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
    // Do not cut between the halves of a surrogate pair.
    if (end < line.length && /[\uD800-\uDBFF]/.test(line.charAt(end - 1))) end -= 1;
    pieces.push(line.slice(at, end));
    at = end;
  }
  return pieces;
}
