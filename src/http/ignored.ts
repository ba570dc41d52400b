/** Names and characters of a name that the header holds, so that it stays far below what clients take: 8 KiB in all. */
const MAX_NAMES = 20;
const MAX_NAME_CHARACTERS = 64;

/**
 * The names of an upload's fields and parameters that meant nothing to us. Uploaders send their own, so they are no
 * mistake; but a misspelt `tags` is, and this is where it shows.
 */
export class IgnoredNames {
  readonly #names = new Set<string>();

  /** Notes a name, if there is room; the same one only once. */
  add(name: string): void {
    const carried = this.#names.size < MAX_NAMES ? encoded(name) : "";
    if (carried !== "") this.#names.add(carried);
  }

  /** The response header that lists them in the order in which they came; no header when there is none. */
  get header(): Record<string, string> {
    return this.#names.size === 0 ? {} : { "Strongroom-Ignored": [...this.#names].join(", ") };
  }
}

/** Percent-encoded, as in a query: then a header can carry it, and a comma in it separates nothing. Cut between characters. */
function encoded(name: string): string {
  let text = "";
  for (const character of name.slice(0, MAX_NAME_CHARACTERS).toWellFormed()) {
    const more = encodeURIComponent(character);
    if (text.length + more.length > MAX_NAME_CHARACTERS) break;
    text += more;
  }
  return text;
}
