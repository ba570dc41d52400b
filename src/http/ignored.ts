import { MAX_IGNORED_NAME_LENGTH, MAX_IGNORED_NAMES } from "../model/limits.ts";

/**
 * The names of an upload's fields and parameters that the API does not know. Uploaders send fields of their own, so an
 * unknown name is no mistake. But a misspelt `tags` is one, and the header that lists these names shows it.
 */
export class IgnoredNames {
  readonly #names = new Set<string>();

  /** Notes a name, if there is room. The same name is noted once. */
  add(name: string): void {
    const carried = this.#names.size < MAX_IGNORED_NAMES ? encoded(name) : "";
    if (carried !== "") this.#names.add(carried);
  }

  /** The response header that lists the names in the order in which they came; no header when there are none. */
  get header(): Record<string, string> {
    return this.#names.size === 0 ? {} : { "Strongroom-Ignored": [...this.#names].join(", ") };
  }
}

/**
 * The name percent-encoded, as in a query: so a header can carry it, and a comma in it separates nothing. It is cut
 * between two characters.
 */
function encoded(name: string): string {
  let text = "";
  for (const character of name.slice(0, MAX_IGNORED_NAME_LENGTH).toWellFormed()) {
    const more = encodeURIComponent(character);
    if (text.length + more.length > MAX_IGNORED_NAME_LENGTH) break;
    text += more;
  }
  return text;
}
