/** What a ticket bounds of an upload. It is judged by what is known of the file, before its bytes come. */

import type { KnownFile } from "../model/asset.ts";
import { type FileBounds, outOfFileBounds } from "../model/file-bounds.ts";
import type { Refusal } from "../model/refusal.ts";

/** Refuses a file that a ticket is not for. See {@link outOfFileBounds}. */
export const outOfTerms = (terms: FileBounds | undefined, file: KnownFile): Refusal | undefined =>
  outOfFileBounds(terms ?? {}, file, "ticket");
