// Whether an editor scrolls along with what is read. A person who has scrolled away wants to look at something else.

/** Lines of a document, the last one included. */
export interface Lines {
  first: number;
  last: number;
}

const meet = (a: Lines, b: Lines) => a.first <= b.last && b.first <= a.last;
const areSame = (a: readonly Lines[], b: readonly Lines[]) =>
  a.length === b.length && a.every((lines, i) => lines.first === b[i]!.first && lines.last === b[i]!.last);

/**
 * Return whether to scroll to what is heard now.
 *
 * @param last What was in sight before, and which lines were to be seen then; undefined: nothing yet.
 */
export function shouldReveal(
  range: Lines,
  visible: readonly Lines[],
  last: { range: Lines; seen: readonly Lines[] } | undefined,
): boolean {
  const begin = { first: range.first, last: range.first };
  if (visible.some((seen) => meet(seen, begin))) return false;
  if (!last) return true;
  // The editor may not have come yet to where it was told to scroll.
  return areSame(visible, last.seen) || visible.some((seen) => meet(seen, last.range));
}
