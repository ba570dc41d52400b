/** What a file may be, as a vault's settings or a ticket say, and the refusal of one that is not. */

import type { KnownFile } from "./asset.ts";
import { matchesType } from "./media-type.ts";
import { refuse, type Refusal } from "./refusal.ts";

/** The most allowed types that a refusal names. */
const NAMED_TYPES = 10;

/** What bounds a file; null or absent for no bound. */
export interface FileBounds {
  /** The most bytes of a file. */
  readonly max_file_bytes?: number | null;
  /** Media types, or kinds of them such as `image/*`. */
  readonly allowed_types?: readonly string[] | null;
}

/** What is bounded, as a refusal calls it. The console reads these words: see console/upload/words.ts. */
const WORDS = {
  vault: { where: "in this vault", only: "this vault takes only" },
  ticket: { where: "with this ticket", only: "this ticket is only for" },
} as const;

/** Refuses a file that is not within bounds: 413 for its size, 415 for its media type. Undefined for any other. */
export function outOfFileBounds(
  { max_file_bytes: most, allowed_types: types }: FileBounds,
  { size, mimeType }: KnownFile,
  of: keyof typeof WORDS,
): Refusal | undefined {
  const { where, only } = WORDS[of];
  if (typeof most === "number" && size > most) {
    return refuse("PAYLOAD_TOO_LARGE", `file: must be at most ${most} bytes ${where}`);
  }
  if (types && mimeType !== undefined && !matchesType(types, mimeType)) {
    const more = types.length - NAMED_TYPES;
    const named = types.slice(0, NAMED_TYPES).join(", ") + (more > 0 ? ` and ${more} more` : "");
    return refuse("UNSUPPORTED_MEDIA_TYPE", `file: is ${mimeType}, and ${only} ${named}`);
  }
  return undefined;
}
