/** What a ticket bounds of an upload. It is judged by what is known of the file, before its bytes come. */

import type { KnownFile } from "../model/asset.ts";
import { matchesType } from "../model/media-type.ts";
import { refuse, type Refusal } from "../model/refusal.ts";
import type { TicketTerms } from "../model/ticket.ts";

/** The most allowed types that a refusal names. */
const NAMED_TYPES = 10;

/** Refuses a file that a ticket is not for: 413 for its size, 415 for its media type. Undefined for any other. */
export function outOfTerms(
  terms: Pick<TicketTerms, "max_file_bytes" | "allowed_types"> | undefined,
  { size, mimeType }: KnownFile,
): Refusal | undefined {
  const { max_file_bytes: most, allowed_types: types } = terms ?? {};
  if (most !== undefined && size > most) {
    return refuse("PAYLOAD_TOO_LARGE", `file: must be at most ${most} bytes with this ticket`);
  }
  if (types !== undefined && mimeType !== undefined && !matchesType(types, mimeType)) {
    const named = types.slice(0, NAMED_TYPES).join(", ");
    const more = types.length > NAMED_TYPES ? ` and ${types.length - NAMED_TYPES} more` : "";
    return refuse("UNSUPPORTED_MEDIA_TYPE", `file: is ${mimeType}, and this ticket is only for ${named}${more}`);
  }
  return undefined;
}
