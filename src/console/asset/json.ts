/** JSON as people edit it: read with words for what is wrong, compared by what it means. */

import { isKept } from "../../model/number.ts";

export type JsonObject = Record<string, unknown>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Whether two values of JSON mean the same: the order of keys does not matter. */
export function same(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, at) => same(item, b[at]));
  if (!isObject(a) || !isObject(b)) return a === b;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]));
}

export type Read<T> = { readonly value: T; readonly problem?: undefined } | { readonly problem: string };

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?$/i;

/** Reads a number. */
export function readNumber(text: string): Read<number> {
  const given = text.trim();
  if (!NUMBER.test(given)) return { problem: "This is not a number. Write it like 12.5." };
  return isKept(given)
    ? { value: Number(given) }
    : { problem: "This number cannot be kept exactly. Store it as text." };
}

/** Reads any JSON. */
export function readJson(text: string): Read<unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { problem: `This is not JSON${where(error, text)}.` };
  }
  const numbers = text.replace(/"(?:[^"\\]|\\.)*"/g, '""').match(/-?\d[\d.]*(?:e[+-]?\d+)?/gi) ?? [];
  const wrong = numbers.find((each) => !isKept(each));
  if (wrong !== undefined)
    return {
      problem: `The number ${wrong.slice(0, 30)} cannot be kept exactly. Put it in quotes, to store it as text.`,
    };
  return { value };
}

/** Reads a JSON object. */
export function readObject(text: string): Read<JsonObject> {
  const read = text.trim() === "" ? { value: {} } : readJson(text);
  if (read.problem !== undefined) return read;
  return isObject(read.value)
    ? { value: read.value }
    : { problem: 'This must be an object, such as {"alt": "A cat"}.' };
}

/** The line that a parser's message names, if it does: browsers have words of their own. */
function where(error: unknown, text: string): string {
  const message = error instanceof Error ? error.message : "";
  const line = /line (\d+)/.exec(message)?.[1];
  const position = /position (\d+)/.exec(message)?.[1];
  if (line !== undefined) return ` (line ${line})`;
  if (position !== undefined) return ` (line ${text.slice(0, Number(position)).split("\n").length})`;
  return "";
}
