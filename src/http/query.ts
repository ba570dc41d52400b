/** Parameters by name, decoded; one that is repeated has all its values. It has no prototype: any name may be asked for. */
export type Query = Readonly<Record<string, string | string[] | undefined>>;

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

/** The one name that every query may have beside its own: many clients add it to get past a cache. */
export const CACHE_BUSTER = "_";
