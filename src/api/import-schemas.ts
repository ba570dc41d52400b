/** What an import may bring: lines of an export, as `changes.list` gives them with `full`. */

import * as v from "valibot";
import { PATH_COMPONENTS } from "../model/asset.ts";
import { ASSET_PATTERN, VAULT_PATTERN } from "../model/id.ts";
import {
  MAX_IMPORT_RECORDS,
  MAX_IMPORT_REV,
  MAX_MIME_TYPE_LENGTH,
  MAX_QUOTA_ASSETS,
  MAX_QUOTA_BYTES,
  MAX_SESSION_BYTES,
} from "../model/limits.ts";
import { PathComponent, wholeNumber } from "./schemas.ts";

const number = (least: number, most: number) =>
  wholeNumber(`must be a whole number from ${least} to ${most}`, least, most);

const matching = (pattern: RegExp, rule: string) => v.pipe(v.string(rule), v.regex(pattern, rule));

const text = v.string("must be a string");

const Dimension = v.nullable(wholeNumber("must be a whole number from 1, or null", 1, 2 ** 32 - 1));

export const Sha256 = matching(/^[0-9a-f]{64}$/, "must be a SHA-256 in lower-case hex");

const TIME_RULE = "must be a time as the API writes it, 2026-01-15T10:30:00Z";

const Time = matching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, TIME_RULE);

/** The media type of a file. One from an older version may be one that is not taken any more, and stays as it is. */
export const ImportedType = v.pipe(
  text,
  v.minLength(1, "must not be empty"),
  v.maxLength(MAX_MIME_TYPE_LENGTH, `must be at most ${MAX_MIME_TYPE_LENGTH} characters`),
  v.regex(/^[\x20-\x7e]+$/, "must be printable ASCII"),
);

/** The record of an asset as it is imported. */
export const ImportedRecord = v.object({
  id: matching(ASSET_PATTERN, "must be the id of an asset, asset_…"),
  vault_id: matching(VAULT_PATTERN, "must be the id of a vault, vault_…"),
  ...v.entriesFromList(PATH_COMPONENTS, PathComponent),
  filename: text,
  r2_key: text,
  size: number(0, MAX_SESSION_BYTES),
  mime_type: ImportedType,
  width: Dimension,
  height: Dimension,
  metadata: text,
  tags: text,
  created_at: Time,
  updated_at: Time,
});

/** A line of an export. */
export const ImportedLine = v.object({
  type: v.literal("asset", 'must be "asset": what was deleted is left out'),
  asset: ImportedRecord,
  etag: matching(/^"[1-9]\d{0,15}"$/, 'must be an entity tag such as "7"'),
  seq: number(1, MAX_IMPORT_REV),
  sha256: Sha256,
});

/** The same while its record is still to be checked by itself, so that a refusal names what is wrong. */
export const ImportedEnvelope = v.object({ ...ImportedLine.entries, asset: v.unknown() });

const RECORDS = `must be an array of at most ${MAX_IMPORT_RECORDS} lines of an export`;

const importOf = <const T extends v.GenericSchema>(record: T) =>
  v.object({
    top: v.pipe(
      number(0, MAX_IMPORT_REV),
      v.metadata({ description: "The highest entity tag in the export, as a number; 0 without assets." }),
    ),
    assets: v.pipe(number(0, MAX_QUOTA_ASSETS), v.metadata({ description: "In the whole export." })),
    bytes: v.pipe(number(0, MAX_QUOTA_BYTES), v.metadata({ description: "Of all files of the export together." })),
    records: v.pipe(v.array(record, RECORDS), v.maxLength(MAX_IMPORT_RECORDS, RECORDS)),
    finish: v.optional(
      v.pipe(
        v.boolean("must be true or false"),
        v.metadata({ description: "Whether these are the last: all must be there then.", default: false }),
      ),
      false,
    ),
  });

/** A request of an import, as the document describes it. */
export const ImportBody = importOf(ImportedLine);

/** The same while its records are still to be checked, one by one. */
export const ImportEnvelope = importOf(v.unknown());

/** The query of a body. */
export const ImportBodyQuery = v.object({
  r2_key: v.pipe(text, v.metadata({ description: "Of the record, as it is in the export." })),
  mime_type: v.pipe(ImportedType, v.metadata({ description: "Of the record." })),
  sha256: Sha256,
});
