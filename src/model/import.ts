/** The import of a vault: the history of one, brought into another that is empty. */

import type { Asset } from "./asset.ts";

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
