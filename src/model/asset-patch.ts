/** A change of an asset: how what a client sends is checked, and what the change makes of the asset. */

import { type Asset, type AssetPath, PATH_COMPONENTS, PATH_FIELDS } from "./asset.ts";
import { checkFilename } from "./filename.ts";
import { MAX_JSON_FIELD_BYTES, MAX_TAGS } from "./limits.ts";
import { type JsonObject, mergeMetadata, serializeMetadata, serializeTags, utf8Length } from "./metadata.ts";
import { invalid, type Result } from "./refusal.ts";

/**
 * What a change of an asset may name. A change of one of the last four moves or renames the asset. Its body stays where
 * it is.
 */
export const PATCH_FIELDS = [
  "metadata",
  "tags",
  "add_tags",
  "remove_tags",
  ...PATH_FIELDS,
] as const satisfies readonly (keyof PatchFields)[];

/** A change as a client sends it, when the schema of its endpoint has checked it. */
export interface PatchFields {
  metadata?: JsonObject | undefined;
  tags?: string[] | undefined;
  add_tags?: string[] | undefined;
  remove_tags?: string[] | undefined;
  partition?: string | undefined;
  collection?: string | undefined;
  channel?: string | undefined;
  filename?: string | undefined;
}

/**
 * A change in the form in which the vault takes it. Metadata and tags are JSON text, so that every key survives the way
 * to the vault, whatever its name.
 */
export interface AssetPatch {
  /** A JSON object to merge into the asset's metadata. */
  metadata?: string;
  /** A JSON array of strings that replaces the asset's tags. */
  tags?: string;
  /** A JSON array of strings. Those that the asset does not have yet are appended, after any were removed. */
  addTags?: string;
  /** A JSON array of strings. The asset loses each of them, as often as it has it. */
  removeTags?: string;
  /** What the asset's path and name become, as far as they change. */
  path?: Partial<AssetPath>;
  /** Whether the metadata is meant literally, or as an RFC 7396 merge patch. */
  merge: "shallow" | "rfc7396";
}

/** A change in the form that the vault takes, or which rule it breaks whatever the asset is like. */
export function toPatch(fields: PatchFields, merge: AssetPatch["merge"]): Result<{ patch: AssetPatch }> {
  const { metadata, tags, add_tags, remove_tags, filename } = fields;
  const patch: AssetPatch = { merge };
  if (metadata) {
    // The nulls of a merge patch take room here and none after the merge. So only the vault can tell whether the merged
    // metadata fit.
    const serialized = merge === "shallow" ? serializeMetadata(metadata) : undefined;
    if (serialized && !serialized.ok) return serialized;
    patch.metadata = serialized?.json ?? JSON.stringify(metadata);
  }
  const lists = [
    ["tags", "tags", tags],
    ["addTags", "add_tags", add_tags],
    ["removeTags", "remove_tags", remove_tags],
  ] as const;
  for (const [name, field, list] of lists) {
    if (!list) continue;
    const serialized = serializeTags(list, field);
    if (!serialized.ok) return serialized;
    patch[name] = serialized.json;
  }
  const path: Partial<AssetPath> = {};
  for (const name of PATH_COMPONENTS) {
    const component = fields[name];
    if (component !== undefined) path[name] = component;
  }
  if (filename !== undefined) {
    const checked = checkFilename(filename);
    if (!checked.ok) return checked;
    path.filename = filename;
  }
  return { ok: true, patch: Object.keys(path).length > 0 ? { ...patch, path } : patch };
}

/** What an asset becomes by a change, except for its revision and its times. 400 when that breaks a rule. */
export function patched(old: Asset, patch: AssetPatch): Result<{ asset: Asset }> {
  const asset: Asset = { ...old, ...patch.path };
  if (patch.metadata !== undefined) {
    const merged = serializeMetadata(mergeMetadata(old.metadata, patch.metadata, patch.merge));
    if (!merged.ok) return merged;
    asset.metadata = merged.json;
  }
  if (patch.tags !== undefined) asset.tags = patch.tags;
  if (patch.addTags !== undefined || patch.removeTags !== undefined) {
    const changed = changeTags(old.tags, patch.addTags ?? "[]", patch.removeTags ?? "[]");
    if (!changed.ok) return changed;
    asset.tags = changed.json;
  }
  return { ok: true, asset };
}

/** Tags after some are removed, and others appended that are not among them yet. All are JSON arrays. */
function changeTags(oldJson: string, addJson: string, removeJson: string): Result<{ json: string }> {
  const [old, add, remove] = [oldJson, addJson, removeJson].map((json) => JSON.parse(json) as string[]);
  const gone = new Set(remove);
  const kept = (old ?? []).filter((tag) => !gone.has(tag));
  const had = new Set(kept);
  const tags = [...kept, ...new Set((add ?? []).filter((tag) => !had.has(tag)))];
  if (tags.length > MAX_TAGS) return invalid(`add_tags: with them, the asset has more than ${MAX_TAGS} tags`);
  const json = JSON.stringify(tags);
  if (utf8Length(json) <= MAX_JSON_FIELD_BYTES) return { ok: true, json };
  return invalid(`add_tags: with them, the tags are more than ${MAX_JSON_FIELD_BYTES} bytes of JSON`);
}
