// Whether an editor scrolls along with what is read. A person who has scrolled away wants to look at something else.

/** Lines of a document, the last one included. */
export interface Lines {
  first: number;
  last: number;
}

const meet = (a: Lines, b: Lines) => a.first <= b.last && b.first <= a.last;
const isSeen = (range: Lines, visible: readonly Lines[]) => visible.some((seen) => meet(seen, range));
const areSame = (a: readonly Lines[], b: readonly Lines[]) =>
  a.length === b.length && a.every((lines, i) => lines.first === b[i]!.first && lines.last === b[i]!.last);

/** Follows what is read in one editor. */
export class Follower {
  /** What was in sight last, or should be as soon as the editor has scrolled; and the lines that were seen then. */
  #last: { range: Lines; seen: readonly Lines[] } | undefined;

  /** Note that the editor shows other lines. */
  moved(visible: readonly Lines[]): void {
    // The editor has come to where it was told to scroll. A person who scrolls back from there has scrolled away.
    if (this.#last && isSeen(this.#last.range, visible)) this.#last.seen = visible;
  }

  /** Return whether to scroll to what is heard now. */
  shouldReveal(range: Lines, visible: readonly Lines[]): boolean {
    const isInSight = isSeen({ first: range.first, last: range.first }, visible);
    const last = this.#last;
    // The editor may not have come yet to where it was told to scroll.
    const follows = !last || areSame(visible, last.seen) || isSeen(last.range, visible);
    if (isInSight || follows) this.revealed(range, visible);
    return follows && !isInSight;
  }

  /** Note that something was brought into sight. */
  revealed(range: Lines, visible: readonly Lines[]): void {
    this.#last = { range, seen: visible };
  }
}
