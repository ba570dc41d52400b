/**
 * What a list of assets can be narrowed by beside the path, and which assets that leaves. Whether an asset is left is
 * decided by its own fields alone, for most of them in asset-match.ts.
 */

import { type Asset, type AssetFilter, PATH_COMPONENTS } from "./asset.ts";
import { type FieldSearch, matcher } from "./asset-match.ts";

/** Newest first, or oldest first. */
export type Order = "newest" | "oldest";

/** All of it must match. Nothing is narrowed by what is undefined or empty. */
export interface AssetSearch extends FieldSearch {
  readonly tags: readonly string[];
  /** The earliest time of creation, as the API writes times. */
  readonly created_since?: string | undefined;
  /** The first time of creation that is too late. */
  readonly created_before?: string | undefined;
  readonly ids: readonly string[];
}

/** A search as a list carries it out. */
export interface PageSearch {
  readonly filters: AssetSearch;
  readonly order: Order;
  /** Stands for filters and order in the cursor. */
  readonly digest: string;
}

/**
 * Says the same text for searches that mean the same, however they are written. Cursors carry a digest of it, so it is
 * frozen: what another version adds may appear only where it is asked for.
 */
export function canonicalSearch(search: AssetSearch, order: Order): string {
  const { tags, filename_prefix, mime_type, created_since, created_before, metadata, q, ids } = search;
  const some = (items: readonly string[]) => (items.length > 0 ? items.toSorted() : undefined);
  return JSON.stringify({
    order,
    tags: some(tags),
    filename_prefix,
    mime_type,
    created_since,
    created_before,
    metadata: some(metadata.map((pair) => JSON.stringify(pair))),
    q,
    ids: some(ids),
  });
}

/** Which fields a search looks at that no index has. */
export interface LookedAt {
  readonly any: boolean;
  readonly metadata: boolean;
  readonly tags: boolean;
}

export function fieldsLookedAt({ filename_prefix, mime_type, metadata, q }: AssetSearch): LookedAt {
  return {
    any: filename_prefix !== undefined || mime_type !== undefined || metadata.length > 0 || q !== undefined,
    metadata: metadata.length > 0,
    tags: q !== undefined,
  };
}

/** Whether an asset, with all its fields, is one of those that a search leaves at a path. */
export function matchesAll(asset: Asset, filter: AssetFilter, search: AssetSearch): boolean {
  const { created_since = "", created_before = "~" } = search;
  if (asset.created_at < created_since || asset.created_at >= created_before) return false;
  for (const name of PATH_COMPONENTS) {
    if (filter[name] !== undefined && filter[name] !== asset[name]) return false;
  }
  if (search.ids.length > 0 && !search.ids.includes(asset.id)) return false;
  const tags = search.tags.length > 0 ? (JSON.parse(asset.tags) as string[]) : [];
  return search.tags.every((tag) => tags.includes(tag)) && matcher(search)(asset);
}
