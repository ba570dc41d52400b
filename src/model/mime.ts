import { lookup } from "mrmime";
import { MAX_MIME_TYPE_BYTES } from "./limits.ts";
import { invalid, type Result } from "./refusal.ts";

const UNKNOWN = "application/octet-stream";

/** RFC 9110 8.3.1: type/subtype, then anything printable. */
const MEDIA_TYPE = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+\s*(?:;[\t\x20-\x7e]*)?$/;

/** The type/subtype of a Content-Type, lower case, without parameters. */
export const essence = (contentType: string): string => contentType.split(";", 1)[0]?.trim().toLowerCase() ?? "";

/** A file's media type: as declared, parameters included; when that says nothing, from the filename's extension. */
export function mimeType(declared: string | undefined, filename: string): Result<{ mimeType: string }> {
  const given = declared?.trim() ?? "";
  if (given === "" || essence(given) === UNKNOWN) return { ok: true, mimeType: lookup(filename) ?? UNKNOWN };
  if (given.length > MAX_MIME_TYPE_BYTES || !MEDIA_TYPE.test(given)) {
    return invalid(
      `file: its Content-Type must be a media type of at most ${MAX_MIME_TYPE_BYTES} characters, such as image/png`,
    );
  }
  return { ok: true, mimeType: given };
}
