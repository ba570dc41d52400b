/**
 * Whether an asset is what is searched for, by what it looks like: its name, its type, its metadata and its tags. That is
 * decided here alone, for the vault and for the console.
 */

import type { Asset } from "./asset.ts";
import { essenceOf } from "./essence.ts";

/** What a search says of fields that no index has. Nothing is narrowed by what is undefined or empty. */
export interface FieldSearch {
  readonly filename_prefix?: string | undefined;
  /** In lower case: a type and subtype, or a type with `/*` for all of its subtypes. */
  readonly mime_type?: string | undefined;
  /** Top-level keys of the metadata, each with its value as JSON without quotes. */
  readonly metadata: readonly (readonly [key: string, text: string])[];
  /** Part of the filename or of a tag. The letters of ASCII are in lower case. */
  readonly q?: string | undefined;
}

/** The fields of an asset that only its own row tells. Those that a search does not look at may be empty. */
export type Looked = Pick<Asset, "filename" | "mime_type" | "metadata" | "tags">;

/** Lowers the letters of ASCII alone. Text that is ASCII, as most is, takes the short way. */
export const lowerAscii = (text: string): string =>
  /[^\0-\x7f]/.test(text) ? text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : text.toLowerCase();

/** Makes the function that says whether an asset is left, as far as {@link fieldsLookedAt} goes. */
export function matcher({ filename_prefix, mime_type, metadata, q }: FieldSearch): (asset: Looked) => boolean {
  const rules: ((asset: Looked) => boolean)[] = [];
  // What reads least comes first.
  if (filename_prefix !== undefined) rules.push(({ filename }) => filename.startsWith(filename_prefix));
  if (mime_type !== undefined) rules.push((asset) => isOfType(asset.mime_type, mime_type));
  if (q !== undefined) rules.push(({ filename, tags }) => lowerAscii(filename).includes(q) || hasTagWith(tags, q));
  if (metadata.length > 0) rules.push((asset) => hasValues(asset.metadata, metadata));
  return (asset) => rules.every((rule) => rule(asset));
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
function hasValues(metadata: string, wanted: FieldSearch["metadata"]): boolean {
  if (!wanted.every(([key]) => metadata.includes(JSON.stringify(key)))) return false;
  const object = JSON.parse(metadata) as Record<string, unknown>;
  // Own properties alone: `constructor` is a key like any other, and so is `__proto__`, which JSON.parse defines.
  return wanted.every(([key, text]) => Object.hasOwn(object, key) && valueText(object[key]) === text);
}

/** A value of JSON as its text, a string without its quotes. */
const valueText = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
