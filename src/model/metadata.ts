/** Metadata and tags: how they are checked, serialised and merged. A whole change of an asset: asset-patch.ts. */

import { inspectJson, type JsonLimits, type Objection } from "./json-text.ts";
import { MAX_BATCH_OPERATIONS, MAX_JSON_FIELD_BYTES, MAX_METADATA_DEPTH, MAX_TAGS } from "./limits.ts";
import { invalid, type Refusal, type Result } from "./refusal.ts";

export type JsonObject = { [key: string]: unknown };

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What messages about these fields show, because quotes are easily lost between a shell and a form. */
export const EXAMPLE = { metadata: '{"alt":"A cat"}', tags: '["hero","cats"]' } as const;

/** How many bytes the text has in UTF-8. */
export const utf8Length = (text: string): number => Buffer.byteLength(text, "utf8");

/**
 * Whether a parsed JSON value nests deeper than `limit` levels of objects and arrays. This is no recursion, because the
 * value is hostile until this has said no: JSON.parse takes 50,000 levels, on which JSON.stringify overflows the stack.
 */
export function nestsDeeper(value: unknown, limit: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    const containers = level.filter((item) => typeof item === "object" && item !== null);
    if (containers.length > 0 && depth >= limit) return true;
    level = containers.flatMap((item) => Object.values(item) as unknown[]);
  }
  return false;
}

const tooDeep = (field: string): Refusal => invalid(`${field}: must not nest deeper than ${MAX_METADATA_DEPTH} levels`);
const tooLong = (field: string): Refusal => invalid(`${field}: must be at most ${MAX_JSON_FIELD_BYTES} bytes of JSON`);
const noTags = (field: string): Refusal =>
  invalid(`${field}: must be a JSON array of strings, such as ${EXAMPLE.tags}`);
const tooMany = (field: string): Refusal => invalid(`${field}: must be at most ${MAX_TAGS} strings`);

/** Serialises metadata for storage, or says which rule it breaks. */
export function serializeMetadata(value: unknown): Result<{ json: string }> {
  if (!isJsonObject(value)) return invalid(`metadata: must be a JSON object, such as ${EXAMPLE.metadata}`);
  if (nestsDeeper(value, MAX_METADATA_DEPTH)) return tooDeep("metadata");
  const json = JSON.stringify(value);
  return utf8Length(json) > MAX_JSON_FIELD_BYTES ? tooLong("metadata") : { ok: true, json };
}

/** Serialises tags for storage, or says which rule they break. Their order and duplicates are kept. */
export function serializeTags(value: unknown, field = "tags"): Result<{ json: string }> {
  if (!Array.isArray(value) || !value.every((tag) => typeof tag === "string")) {
    return noTags(field);
  }
  if (value.length > MAX_TAGS) return tooMany(field);
  const json = JSON.stringify(value);
  return utf8Length(json) > MAX_JSON_FIELD_BYTES ? tooLong(field) : { ok: true, json };
}

const TAGS_LIMITS: JsonLimits = { bytes: MAX_JSON_FIELD_BYTES, items: MAX_TAGS };

const LIMITS: ReadonlyMap<string, JsonLimits> = new Map([
  ["metadata", { bytes: MAX_JSON_FIELD_BYTES }],
  ["tags", TAGS_LIMITS],
  ["add_tags", TAGS_LIMITS],
  ["remove_tags", TAGS_LIMITS],
]);

/** How much of a client's names and numbers messages quote. Characters. */
const MAX_QUOTED = 200;

function refuseObjection({ path, rule, number }: Objection): Refusal {
  const field = path[0]?.slice(0, MAX_QUOTED) ?? "";
  if (rule === "object") return invalid("the body must be a JSON object");
  if (rule === "bytes") return tooLong(field);
  if (rule === "depth") return LIMITS.get(field) === TAGS_LIMITS ? noTags(field) : tooDeep(field);
  if (rule === "items") return tooMany(field);
  return invalid(
    `${path.join(".").slice(0, MAX_QUOTED)}: the number ${number?.slice(0, MAX_QUOTED)} cannot be kept exactly; send it as a string`,
  );
}

/**
 * What is wrong with the JSON text of metadata or of tags, as far as can be told before it is parsed; undefined when
 * nothing is.
 */
function inspectField(field: string, text: string): Refusal | undefined {
  const objection = inspectJson(text, (name) => LIMITS.get(name), { depth: MAX_METADATA_DEPTH, root: field });
  return objection && refuseObjection(objection);
}

/**
 * The refusal of the JSON text of any body in which a field nests deeper than metadata may. Parsing half a million levels
 * takes a fifth of a second.
 */
export function inspectBody(text: string): Refusal | undefined {
  const objection = inspectJson(text, () => undefined, { depth: MAX_METADATA_DEPTH });
  return objection && refuseObjection(objection);
}

/**
 * What is wrong with the JSON text of a patch, as far as can be told before it is parsed; undefined when nothing is. A
 * merge leaves at least what the patch sets, so a patch that is over a limit cannot succeed. The nulls of a merge patch
 * set nothing.
 */
export function inspectPatch(text: string, merge: "shallow" | "rfc7396"): Refusal | undefined {
  const objection = inspectJson(text, (name) => LIMITS.get(name), {
    depth: MAX_METADATA_DEPTH,
    nullRemoves: merge === "rfc7396",
  });
  return objection && refuseObjection(objection);
}

/** The same of a batch: of each operation in it, whose place stands before the field in a refusal. */
export function inspectBatch(text: string): Refusal | undefined {
  const objection = inspectJson(text, (name) => LIMITS.get(name), {
    depth: MAX_METADATA_DEPTH,
    each: { of: "operations", most: MAX_BATCH_OPERATIONS },
  });
  if (!objection) return undefined;
  const [list, index, ...path] = objection.path;
  if (path.length > 0) {
    const refusal = refuseObjection({ ...objection, path });
    return { ...refusal, message: `${list}[${index}].${refusal.message}` };
  }
  if (objection.rule === "items")
    return invalid(`operations: must be an array of 1 to ${MAX_BATCH_OPERATIONS} operations`);
  return refuseObjection(objection);
}

/** Parses a form field or query parameter that holds JSON. `serialize` decides what the value must be. */
export function parseJsonField(
  field: keyof typeof EXAMPLE,
  text: string,
  serialize: (value: unknown) => Result<{ json: string }>,
): Result<{ json: string }> {
  const refusal = inspectField(field, text);
  if (refusal) return refusal;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return invalid(`${field}: must be valid JSON, such as ${EXAMPLE[field]}`);
  }
  return serialize(value);
}

/**
 * Metadata after a patch. A shallow merge is `{...old, ...patch}` at the top level, where a null is stored as null.
 * Spread defines keys such as `__proto__` as plain data, where Object.assign would lose them.
 */
export function mergeMetadata(oldJson: string, patchJson: string, merge: "shallow" | "rfc7396"): JsonObject {
  const old = JSON.parse(oldJson) as JsonObject;
  const patch = JSON.parse(patchJson) as JsonObject;
  return merge === "shallow" ? { ...old, ...patch } : mergePatch(old, patch);
}

/** RFC 7396: null removes, objects merge, anything else replaces. The patch's depth was bounded before it came here. */
function mergePatch(target: unknown, patch: JsonObject): JsonObject {
  const merged = new Map(Object.entries(isJsonObject(target) ? target : {}));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, isJsonObject(value) ? mergePatch(merged.get(key), value) : value);
  }
  // fromEntries defines properties and does not assign them: so `__proto__` stays a key like any other.
  return Object.fromEntries(merged);
}
