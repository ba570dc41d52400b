/** Parameters by name, decoded; one that is repeated has all its values. It has no prototype: any name may be asked for. */
export type Query = Readonly<Record<string, string | string[] | undefined>>;

/** Valid escapes that stand together, as many as there are. */
const ESCAPES = /(?:%[0-9a-f]{2})+/gi;

/**
 * Percent-decodes what stands in a URL; undefined when it is not UTF-8. A percent sign that begins no escape stands for
 * itself, as browsers have it.
 */
export function percentDecode(text: string): string | undefined {
  // The runtime has put this in the place of bytes that stood in the URL themselves and are no UTF-8.
  if (text.includes("\ufffd")) return undefined;
  if (!text.includes("%")) return text;
  try {
    // No character is made of escapes and of what stands beside them.
    return text.replace(ESCAPES, decodeURIComponent);
  } catch {
    return undefined;
  }
}

/** @param search what stands behind the question mark */
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
 * The first parameter whose name or value is not UTF-8, by the name that {@link parseQuery} gives it; undefined when there
 * is none. What was sent would not be what is kept: the parser puts U+FFFD in its place.
 */
export function malformedParameter(search: string): string | undefined {
  if (percentDecode(search) !== undefined) return undefined;
  const malformed = search.split("&").find((pair) => percentDecode(pair) === undefined) ?? "";
  return [...new URLSearchParams(malformed).keys()][0] ?? "";
}
