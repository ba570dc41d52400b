/** How what a client sends meets the schemas of the contract: unknown input becomes typed here, or is refused by name. */

import * as v from "valibot";
import { isJsonObject } from "../model/metadata.ts";
import { unknownName } from "../model/names.ts";
import { invalid, type Result } from "../model/refusal.ts";

/** A schema of an object with known fields. */
export type ObjectSchema = v.GenericSchema & { readonly entries: v.ObjectEntries };

/** The one name that every query may have beside its own: many clients add it to get past a cache. */
export const CACHE_BUSTER = "_";

/**
 * Runs a schema over unknown input; the refusal names the field and the rule of the first thing that is wrong.
 *
 * @param at where the input stands in the body: `operations[3]`
 */
export function parse<const S extends v.GenericSchema>(
  schema: S,
  input: unknown,
  at = "",
): Result<{ value: v.InferOutput<S> }> {
  const result = v.safeParse(schema, input, { abortEarly: true });
  if (result.success) return { ok: true, value: result.output };
  const issue = result.issues[0];
  const inside = v.getDotPath(issue);
  const path = [at, inside].filter(Boolean).join(".");
  if (issue.type === "object" && inside) return invalid(`${path}: is required`);
  return invalid(path ? `${path}: ${issue.message}` : issue.message);
}

/** Validates the parameters of a query, by name: every name must be known and stand there once. */
export function parseParameters<const S extends ObjectSchema>(
  schema: S,
  query: Readonly<Record<string, string | string[] | undefined>>,
): Result<{ value: v.InferOutput<S> }> {
  const names = Object.keys(query).filter((name) => name !== CACHE_BUSTER);
  const wrong = unknownName(Object.keys(schema.entries), names);
  if (wrong !== undefined) return invalid(wrong);
  const repeated = names.find((name) => Array.isArray(query[name]));
  if (repeated !== undefined) return invalid(`${repeated}: must be given only once`);
  return parse(schema, query);
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
  return wrong === undefined ? parse(schema, value, at) : invalid(`${at && `${at}.`}${wrong}`);
}
