/**
 * How far two pages can be compared, one from each side of a comparison. Of a page that was cut at `limit` it is not
 * known what comes after its last key. So they can be compared up to the lowest such key, or up to `end` when none was
 * cut.
 *
 * @param pages the keys of each page, in order
 */
export function covered<K extends string | number>(pages: readonly (readonly K[])[], limit: number, end: K): K {
  let to = end;
  for (const page of pages) {
    const last = page.at(-1);
    if (page.length >= limit && last !== undefined && last < to) to = last;
  }
  return to;
}
