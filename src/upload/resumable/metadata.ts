import type { IgnoredNames } from "../../http/ignored.ts";
import { invalid, Refused, type Result } from "../../model/refusal.ts";
import type { SessionFile } from "../../model/session.ts";
import type { TicketTerms } from "../../model/ticket.ts";
import { UploadFields } from "../fields.ts";
import { mimeTypeOf } from "../staged.ts";

/** The names that clients of tus give to a file's name and to its type. The first that is there counts. */
const NAMES = ["filename", "name"] as const;
const TYPES = ["mime_type", "filetype", "type"] as const;

/**
 * Checks the fields of a resumable upload, which are those of a form, by the same rules.
 *
 * @param pairs what Upload-Metadata holds
 * @param terms what the upload's ticket says. A name that a file comes with does not change one that is said there
 */
export function sessionFile(
  pairs: readonly (readonly [name: string, value: string])[],
  terms?: TicketTerms,
): Result<{ file: SessionFile; ignored: IgnoredNames }> {
  try {
    const given = new Map(pairs);
    const filename = terms?.filename === undefined ? oneOf(given, NAMES) : given.get(NAMES[0]);
    const type = oneOf(given, TYPES);
    const fields = new UploadFields(terms);
    for (const [name, value] of given) {
      if (name === "file") fields.ignored.add(name); // The file is no field here.
      else if (!isOneOf(NAMES, name) && !isOneOf(TYPES, name)) fields.set(name, value);
    }
    if (filename !== undefined) fields.set("filename", filename);
    const path = fields.path(undefined);
    const missing = [...fields.missing, ...(fields.hasFilename ? [] : ["filename"])];
    if (!path || missing.length > 0) return invalid(`missing required fields: ${missing.join(", ")}`);
    return {
      ok: true,
      file: { ...path, ...fields.json, mime_type: mimeTypeOf(type, path.filename) },
      ignored: fields.ignored,
    };
  } catch (error) {
    if (error instanceof Refused) return error.refusal;
    throw error;
  }
}

const isOneOf = (names: readonly string[], name: string): boolean => names.includes(name);

/**
 * The value of the first of these names that is there. Where the first one is not, the others must agree: it is not for
 * us to say which of them is meant.
 */
function oneOf(given: ReadonlyMap<string, string>, [own, ...aliases]: readonly string[]): string | undefined {
  const chosen = given.get(own ?? "") ?? "";
  if (chosen !== "") return chosen;
  const values = aliases.filter((name) => (given.get(name) ?? "") !== "").map((name) => given.get(name));
  if (new Set(values).size > 1) throw new Refused(invalid(`${aliases.join(", ")}: differ: say which it is as ${own}`));
  return values[0];
}
