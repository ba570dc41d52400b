import { MAX_IGNORED_NAME_LENGTH, MAX_IGNORED_NAMES } from "../model/limits.ts";

/**
 * The names of an upload's fields and parameters that meant nothing to us. Uploaders send their own, so they are no
 * mistake; but a misspelt `tags` is, and this is where it shows.
 */
export class IgnoredNames {
  readonly #names = new Set<string>();

  /** Notes a name, if there is room; the same one only once. */
  add(name: string): void {
    const carried = this.#names.size < MAX_IGNORED_NAMES ? encoded(name) : "";
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
  for (const character of name.slice(0, MAX_IGNORED_NAME_LENGTH).toWellFormed()) {
    const more = encodeURIComponent(character);
    if (text.length + more.length > MAX_IGNORED_NAME_LENGTH) break;
    text += more;
  }
  return text;
}
