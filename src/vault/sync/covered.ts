/**
 * How far two pages, of both sides of a comparison, go together: what comes after the last of a page that was cut at `limit`
 * is not known. `end` when neither was cut.
 */
export function covered<K extends string | number>(pages: readonly (readonly K[])[], limit: number, end: K): K {
  let to = end;
  for (const page of pages) {
    const last = page.at(-1);
    if (page.length >= limit && last !== undefined && last < to) to = last;
  }
  return to;
}
