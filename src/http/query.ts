/**
 * Decodes what a URL carries: percent-encoding and the query. The runtime replaces bytes that are not UTF-8 without a
 * word, so they are looked for here.
 */

/**
 * The parameters by name, decoded. A repeated one has all its values. The object has no prototype, so that any name may
 * be asked for.
 */
export type Query = Readonly<Record<string, string | string[] | undefined>>;

/** Valid escapes that stand side by side, as many as there are. */
const ESCAPES = /(?:%[0-9a-f]{2})+/gi;

/**
 * Percent-decodes a part of a URL; undefined when it is not UTF-8. A percent sign that begins no escape stands for
 * itself, as in browsers.
 */
export function percentDecode(text: string): string | undefined {
  // The runtime puts this in the place of unescaped bytes that are not UTF-8.
  if (text.includes("\ufffd")) return undefined;
  if (!text.includes("%")) return text;
  try {
    // Each run of escapes can be decoded by itself: no character is part escaped and part unescaped.
    return text.replace(ESCAPES, decodeURIComponent);
  } catch {
    return undefined;
  }
}

/**
 * Parses a query.
 *
 * @param search the text behind the question mark
 */
export function parseQuery(search: string): Query {
  const query = Object.create(null) as Record<string, string | string[] | undefined>;
  if (search === "") return query;
  for (const [name, value] of new URLSearchParams(search)) {
    const known = query[name];
    if (Array.isArray(known)) known.push(value);
    else query[name] = known === undefined ? value : [known, value];
  }
  return query;
}

/**
 * The first parameter whose name or value is not UTF-8, under the name that {@link parseQuery} gives it; undefined when
 * there is none. The parser puts U+FFFD in the place of such bytes, so what is kept would not be what was sent.
 */
export function malformedParameter(search: string): string | undefined {
  if (percentDecode(search) !== undefined) return undefined;
  const malformed = search.split("&").find((pair) => percentDecode(pair) === undefined) ?? "";
  return [...new URLSearchParams(malformed).keys()][0] ?? "";
}
