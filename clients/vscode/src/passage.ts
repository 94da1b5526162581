// Where the text that is read is in its document, also after the document was edited.

import type { Place } from "./types.js";

/** A part of the document, as offsets in UTF-16 units; `end` is the one after it. */
export interface Span {
  start: number;
  end: number;
}

/** A change of the document: `length` units at `offset` were replaced by `inserted` units. */
export interface Edit {
  offset: number;
  length: number;
  inserted: number;
}

/** A part of the text that is still in the document. */
interface Piece {
  text: number;
  document: number;
  length: number;
  /** Which of the selected parts it came from. */
  part: number;
}

/** What stands between two parts, as between two selections. */
export const BETWEEN = "\n\n";

export class Passage {
  readonly text: string;
  #pieces: Piece[] = [];

  /** @param parts Of the document, in its order: what was selected. */
  constructor(parts: readonly { start: number; text: string }[]) {
    let at = 0;
    this.#pieces = parts.map(({ start, text }, part) => {
      const piece = { text: at, document: start, length: text.length, part };
      at += text.length + BETWEEN.length;
      return piece;
    });
    this.text = parts.map(({ text }) => text).join(BETWEEN);
  }

  /** Follow a change of the document. */
  edit({ offset, length, inserted }: Edit): void {
    const end = offset + length;
    const shift = inserted - length;
    this.#pieces = this.#pieces.flatMap((piece) => {
      const pieceEnd = piece.document + piece.length;
      if (pieceEnd <= offset) return [piece];
      const before = { ...piece, length: offset - piece.document };
      const cut = Math.max(0, end - piece.document);
      const after = {
        ...piece,
        text: piece.text + cut,
        document: piece.document + cut + shift,
        length: piece.length - cut,
      };
      return [before, after].filter((part) => part.length > 0);
    });
  }

  /**
   * Return where a part of the text is now, without white space at its ends; nothing if it was deleted. What was
   * written into it meanwhile belongs to it.
   */
  locate({ textStart, textEnd }: Place): Span[] {
    const written = this.text.slice(textStart, textEnd);
    const start = textEnd - written.trimStart().length;
    const end = textStart + written.trimEnd().length;
    const spans = new Map<number, Span>();
    for (const piece of this.#pieces) {
      const first = Math.max(start, piece.text);
      const last = Math.min(end, piece.text + piece.length);
      if (first >= last) continue;
      const place = piece.document - piece.text;
      const span = spans.get(piece.part);
      if (span) span.end = last + place;
      else spans.set(piece.part, { start: first + place, end: last + place });
    }
    return [...spans.values()];
  }
}
