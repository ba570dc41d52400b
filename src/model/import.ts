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
  readonly started_at: string;
  readonly isDone: boolean;
}

/** An import that is under way, as the vault's operator sees it. What is there of it, the vault has. */
export interface ShownImport {
  started_at: string;
  /** All that there will be when it is done. */
  assets: number;
  bytes: number;
}

/** @returns null unless the import is under way */
export const showImport = (state: ImportState | undefined): ShownImport | null =>
  state === undefined || state.isDone
    ? null
    : { started_at: state.started_at, assets: state.assets, bytes: state.bytes };

export const isSameImport = (one: ImportTerms, other: ImportTerms): boolean =>
  one.top === other.top && one.assets === other.assets && one.bytes === other.bytes;

/** An asset of an export with its place in the request, which a refusal names. Its `r2_key` is one of its new vault. */
export interface ImportedAsset {
  readonly asset: Asset;
  readonly at: number;
}

/** A file that is to come, by its asset and the SHA-256 that it is to have. */
export type ImportedFile = Pick<Asset, "id" | "r2_key" | "sha256">;
