/** The entity tags of a header's list. A strong tag of ours holds no comma and no quote, so splitting is safe. */
const listed = (header: string): string[] => header.split(",").map((tag) => tag.trim());

/** RFC 9110 13.1.1, If-Match: `*` or a list of tags, compared strongly, so that a weak one never matches. */
export const stronglyMatches = (header: string, tag: string): boolean =>
  header.trim() === "*" || listed(header).includes(tag);

/** RFC 9110 13.1.2, If-None-Match: the same, compared weakly. */
export const weaklyMatches = (header: string, tag: string): boolean =>
  header.trim() === "*" || listed(header).some((candidate) => candidate.replace(/^W\//, "") === tag);
