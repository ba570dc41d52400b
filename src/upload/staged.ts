/** An upload between its last byte and its commit: first received, then staged. */

import type { IgnoredNames } from "../http/ignored.ts";
import type { AssetPath, NewAsset } from "../model/asset.ts";
import { mediaType } from "../model/media-type.ts";
import { must } from "../model/refusal.ts";
import type { BodySink } from "./body-sink.ts";
import type { BodyFacts } from "./body-source.ts";
import type { UploadFields } from "./fields.ts";

/**
 * An upload all of whose bytes have come and are good. The last calls to R2 are still to be made, and nothing of the
 * upload can be seen there yet. Whoever has one calls `stage` or `abort`, and `abort` too when `stage` throws.
 */
export interface Received {
  readonly stage: () => Promise<Staged>;
  readonly abort: () => Promise<void>;
  /** The names of fields and parameters that the API does not know. */
  readonly ignored: IgnoredNames;
}

/** A body that is in R2 and may be committed, or removed if the commit is refused. */
export interface Staged {
  readonly upload: NewAsset;
  readonly discard: () => Promise<void>;
}

/** The media type of a file. Throws Refused when the declared one is none. */
export const mimeTypeOf = (declared: string | undefined, filename: string): string =>
  must(mediaType(declared, filename)).mediaType;

/** Puts together what is known of a file when all of it has come. */
export function describe(
  upload: Pick<NewAsset, "id" | "r2_key" | "mime_type"> & { path: AssetPath; fields: UploadFields; facts: BodyFacts },
): NewAsset {
  const { id, r2_key, mime_type, path, fields, facts } = upload;
  return {
    id,
    ...path,
    r2_key,
    size: facts.size,
    mime_type,
    width: facts.dimensions?.width ?? null,
    height: facts.dimensions?.height ?? null,
    metadata: fields.metadata,
    tags: fields.tags,
    sha256: facts.sha256,
  };
}

export const stagedIn = (sink: BodySink, upload: NewAsset): Staged => ({ upload, discard: () => sink.abort() });
