/** The import of a vault: the history of one, brought into another that is empty. */

import type { Asset, AssetRecord } from "./asset.ts";

/**
 * What is imported, as a whole. It names the import: each of its requests says the same, so no other export gets mixed in,
 * and the vault can tell at the end whether all has come.
 */
export interface ImportTerms {
  /** The highest revision of an asset. 0 without assets. */
  readonly top: number;
  readonly assets: number;
  readonly bytes: number;
}

/** How the import of a vault stands, as the vault's settings keep it. */
export interface ImportState extends ImportTerms {
  /** The vault's revision at which the import began, above all of those that are imported. */
  readonly base: number;
  readonly isDone: boolean;
}

export const isSameImport = (one: ImportTerms, other: ImportTerms): boolean =>
  one.top === other.top && one.assets === other.assets && one.bytes === other.bytes;

/** An asset of an export with its place in the request, which a refusal names. Its `r2_key` is one of its new vault. */
export interface ImportedAsset {
  readonly asset: Asset;
  readonly at: number;
}

/** A file that is to come, by its asset and the SHA-256 that it is to have. */
export type ImportedFile = Pick<Asset, "id" | "r2_key" | "sha256">;

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
