/**
 * What a list of assets can be narrowed by beside the path, and which assets that leaves. Whether an asset is left is
 * decided here alone, by a function that looks at nothing but the asset's own fields.
 */

import { type Asset, type AssetFilter, PATH_COMPONENTS } from "./asset.ts";
import { essenceOf } from "./media-type.ts";
import type { JsonObject } from "./metadata.ts";

/** Newest first, or oldest first. */
export type Order = "newest" | "oldest";

/** All of it must match. Nothing is narrowed by what is undefined or empty. */
export interface AssetSearch {
  readonly tags: readonly string[];
  readonly filename_prefix?: string | undefined;
  /** In lower case: a type and subtype, or a type with `/*` for all of its subtypes. */
  readonly mime_type?: string | undefined;
  /** The earliest time of creation, as the API writes times. */
  readonly created_since?: string | undefined;
  /** The first time of creation that is too late. */
  readonly created_before?: string | undefined;
  /** Top-level keys of the metadata, each with its value as JSON without quotes. */
  readonly metadata: readonly (readonly [key: string, text: string])[];
  /** Part of the filename or of a tag. The letters of ASCII are in lower case. */
  readonly q?: string | undefined;
  readonly ids: readonly string[];
}

/** A search as a list carries it out. */
export interface PageSearch {
  readonly filters: AssetSearch;
  readonly order: Order;
  /** Stands for filters and order in the cursor. */
  readonly digest: string;
}

/** Lowers the letters of ASCII alone. Text that is ASCII, as most is, takes the short way. */
export const lowerAscii = (text: string): string =>
  /[^\0-\x7f]/.test(text) ? text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : text.toLowerCase();

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

/** The fields of an asset that only its own row tells. Those that a search does not look at may be empty. */
export type Looked = Pick<Asset, "filename" | "mime_type" | "metadata" | "tags">;

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

/** Makes the function that says whether an asset is left, as far as {@link fieldsLookedAt} goes. */
export function matcher({ filename_prefix, mime_type, metadata, q }: AssetSearch): (asset: Looked) => boolean {
  const rules: ((asset: Looked) => boolean)[] = [];
  // What reads least comes first.
  if (filename_prefix !== undefined) rules.push(({ filename }) => filename.startsWith(filename_prefix));
  if (mime_type !== undefined) rules.push((asset) => isOfType(asset.mime_type, mime_type));
  if (q !== undefined) rules.push(({ filename, tags }) => lowerAscii(filename).includes(q) || hasTagWith(tags, q));
  if (metadata.length > 0) rules.push((asset) => hasValues(asset.metadata, metadata));
  return (asset) => rules.every((rule) => rule(asset));
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

/** A stored type may have parameters, and one from the beginning may be anything. */
function isOfType(stored: string, wanted: string): boolean {
  const essence = essenceOf(stored);
  return wanted.endsWith("/*") ? essence.startsWith(wanted.slice(0, -1)) : essence === wanted;
}

/** @param tags a JSON array of strings, as JSON.stringify writes it */
function hasTagWith(tags: string, q: string): boolean {
  // JSON escapes each character by itself: so the escaped part is in the text if the part is in a tag. That is soon
  // seen, and parsing takes long.
  if (!lowerAscii(tags).includes(JSON.stringify(q).slice(1, -1))) return false;
  return (JSON.parse(tags) as string[]).some((tag) => lowerAscii(tag).includes(q));
}

/** @param metadata a JSON object, as JSON.stringify writes it */
function hasValues(metadata: string, wanted: AssetSearch["metadata"]): boolean {
  if (!wanted.every(([key]) => metadata.includes(JSON.stringify(key)))) return false;
  const object = JSON.parse(metadata) as JsonObject;
  // Own properties alone: `constructor` is a key like any other, and so is `__proto__`, which JSON.parse defines.
  return wanted.every(([key, text]) => Object.hasOwn(object, key) && valueText(object[key]) === text);
}

/** A value of JSON as its text, a string without its quotes. */
const valueText = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
