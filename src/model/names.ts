/** Names that a client got wrong: which known name it meant, and how a message may repeat what it sent. */

/** How many characters of a client's name a message repeats: enough to recognise it by. */
const SHOWN_CHARACTERS = 64;

/**
 * A name as a message may repeat it: cut, and without characters that nobody could see or that would change how the
 * rest is shown.
 */
export function shown(name: string): string {
  const start = Array.from(name.slice(0, 2 * SHOWN_CHARACTERS)).slice(0, SHOWN_CHARACTERS);
  return start.join("").replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "\ufffd") || '""';
}

/**
 * What to answer when one of the given names is not known; undefined when all are. The answer says which known name was
 * probably meant, or else which there are. A name is text and nothing else: `__proto__` is one like any other.
 */
export function unknownName(known: readonly string[], given: Iterable<string>): string | undefined {
  for (const name of given) {
    if (known.includes(name)) continue;
    const meant = nearest(name, known);
    if (meant !== undefined) return `${shown(name)}: unknown; did you mean ${meant}?`;
    return `${shown(name)}: unknown; known ${known.length === 1 ? "is" : "are"} ${known.join(", ")}`;
  }
  return undefined;
}

/**
 * The known name that is a slip of the pen away; undefined when none is. Up to a third of its characters may be wrong
 * (at least one may be), or the name was not written to its end, or something was written after it.
 */
export function nearest(name: string, known: readonly string[]): string | undefined {
  // A longer name is no slip of any name that we have, and is not worth the work.
  if (name.length > SHOWN_CHARACTERS) return undefined;
  const given = plain(name);
  let best: { name: string; distance: number } | undefined;
  for (const each of known) {
    const other = plain(each);
    const isPart = Math.min(given.length, other.length) >= 3 && (given.startsWith(other) || other.startsWith(given));
    const distance = isPart ? 1 : editDistance(given, other);
    const longer = Math.max(given.length, other.length);
    // Names of one letter that have nothing in common are no slips of each other.
    const bound = Math.min(longer - 1, Math.max(1, Math.floor(longer / 3)));
    if (distance <= bound && distance < (best?.distance ?? Infinity)) best = { name: each, distance };
  }
  return best?.name;
}

/** A name without what is only another spelling of the same words, as in `expiresAt` and `Expires-At`. */
const plain = (name: string): string => name.toLowerCase().replace(/[-_\s]/g, "");

/**
 * How many characters must be changed, added, removed or exchanged with their neighbour to make one text of the other
 * (the distance of Damerau and Levenshtein, where no part is edited twice). The work is the product of the lengths.
 */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      let least = Math.min((above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (above[j - 1] ?? 0) + (isSame ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, (before[j - 2] ?? 0) + 1);
      row.push(least);
    }
    [before, above] = [above, row];
  }
  return above[b.length] ?? 0;
}
