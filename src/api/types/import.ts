/** The import of a vault. */

import type { AssetRecord } from "../../model/asset.ts";

/** What became of the lines of a request of an import. */
export interface ImportAnswer {
  /** How many are assets now. */
  imported: number;
  /** How many were assets before. */
  present: number;
  /** The ids of those whose file is not there yet. */
  missing: string[];
  /** Whether the import is over. */
  done: boolean;
}

/** A line of an export, as an import takes it: with `metadata` and `tags` as JSON in strings. */
export interface ImportedLine {
  type: "asset";
  asset: AssetRecord;
  etag: string;
  seq: number;
  /** Of its file, in lower-case hex. */
  sha256: string;
}

/** A request of an import. */
export interface ImportPage {
  /** The highest entity tag in the export, as a number; 0 without assets. */
  top: number;
  /** In the whole export. */
  assets: number;
  /** Of all files of the export together. */
  bytes: number;
  /** At most 20. */
  records: readonly ImportedLine[];
  /** Whether these are the last. */
  finish?: boolean;
}
