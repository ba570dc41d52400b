/** How what a client sends meets the schemas of the contract: unknown input becomes typed here, or is refused by name. */

import * as v from "valibot";
import { isJsonObject } from "../model/metadata.ts";
import { shown, unknownName } from "../model/names.ts";
import { invalid, type Result } from "../model/refusal.ts";

/** A schema of an object with known fields. */
export type ObjectSchema = v.GenericSchema & { readonly entries: v.ObjectEntries };

/** The one name that every query may have beside its own: many clients add it to get past a cache. */
export const CACHE_BUSTER = "_";

/**
 * Runs a schema over unknown input; the refusal names the field and the rule of the first thing that is wrong.
 *
 * @param nameOf what the client calls the field at a path of the input; "" is the input itself
 */
export function parse<const S extends v.GenericSchema>(
  schema: S,
  input: unknown,
  nameOf = (path: string): string => path,
): Result<{ value: v.InferOutput<S> }> {
  const result = v.safeParse(schema, input, { abortEarly: true });
  if (result.success) return { ok: true, value: result.output };
  const issue = result.issues[0];
  const path = v.getDotPath(issue) ?? "";
  const name = nameOf(path);
  if (issue.type === "object" && path) return invalid(`${name}: is required`);
  return invalid(name ? `${name}: ${issue.message}` : issue.message);
}

/** What stands for any key in the name of a family of parameters: `metadata.{key}`. */
const ANY_KEY = "{key}";

/** The families among the names of a query, each by what its names begin with. */
const familiesOf = (names: readonly string[]): Map<string, string> =>
  new Map(names.filter((name) => name.endsWith(ANY_KEY)).map((name) => [name.slice(0, -ANY_KEY.length), name]));

/** Whether a parameter may stand there several times: its values are then a list. */
function isList(entry: unknown): boolean {
  const { type, wrapped } = (entry ?? {}) as { type?: string; wrapped?: { type: string } };
  return (wrapped?.type ?? type) === "array";
}

/**
 * Validates the parameters of a query, by name: every name must be known and, unless the schema wants a list, stand there
 * once. A family such as `metadata.{key}` is one list, of pairs of a key and a value. A key may hold anything.
 */
export function parseParameters<const S extends ObjectSchema>(
  schema: S,
  query: Readonly<Record<string, string | string[] | undefined>>,
): Result<{ value: v.InferOutput<S> }> {
  const known = Object.keys(schema.entries);
  const families = familiesOf(known);
  const names = Object.keys(query).filter((name) => name !== CACHE_BUSTER);
  const familyOf = (name: string): string | undefined => {
    const prefix = name.slice(0, name.indexOf(".") + 1);
    return prefix === "" ? undefined : families.get(prefix);
  };
  const wrong = unknownName(
    known,
    names.filter((name) => familyOf(name) === undefined),
  );
  if (wrong !== undefined) return invalid(wrong);
  const repeated = names.find(
    (name) => Array.isArray(query[name]) && (familyOf(name) !== undefined || !isList(schema.entries[name])),
  );
  if (repeated !== undefined) return invalid(`${shown(repeated)}: must be given only once`);
  const input: Record<string, unknown> = {};
  const pairs: string[] = [];
  for (const name of names) {
    const family = familyOf(name);
    const value = query[name];
    if (family !== undefined) {
      pairs.push(name);
      const list = (input[family] ??= []) as unknown[];
      list.push([name.slice(name.indexOf(".") + 1), value]);
    } else input[name] = isList(schema.entries[name]) && !Array.isArray(value) ? [value] : value;
  }
  // What is wrong with one of a list is said of the list, and of a pair by the name that the client gave it.
  return parse(schema, input, (path) => {
    const [, list, at] = /^(.+?)\.(\d+)(?:\.[01])?$/.exec(path) ?? [];
    if (list === undefined) return path;
    return list.endsWith(ANY_KEY) ? shown(pairs[Number(at)] ?? list) : list;
  });
}

/**
 * Validates the value of a JSON body, or the part of one that stands `at` a place: it must be an object whose names are
 * all known.
 */
export function parseBody<const S extends ObjectSchema>(
  schema: S,
  value: unknown,
  at = "",
): Result<{ value: v.InferOutput<S> }> {
  if (!isJsonObject(value)) return invalid(`${at || "the body"} must be a JSON object`);
  // Not by a strict object: valibot's overlook names such as `__proto__`.
  const wrong = unknownName(Object.keys(schema.entries), Object.keys(value));
  if (wrong !== undefined) return invalid(`${at && `${at}.`}${wrong}`);
  return parse(schema, value, (path) => [at, path].filter(Boolean).join("."));
}
