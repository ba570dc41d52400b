/** Metadata as rows of a form, each with a key, a value and what kind of value that is. */

import { type JsonObject, readJson, readNumber, type Read } from "./json.ts";

/** What a value is; `json` is a list or an object, which is edited as JSON. */
export type Kind = "text" | "number" | "yes or no" | "nothing" | "json";

export const KINDS: readonly Kind[] = ["text", "number", "yes or no", "nothing", "json"];

export interface Row {
  /** Tells rows apart while their keys are typed. */
  readonly id: number;
  readonly key: string;
  /** The key that the record has it under, which may be empty. Undefined of a row that was added here. */
  readonly stored?: string | undefined;
  readonly kind: Kind;
  /** The value as it is typed. */
  readonly text: string;
}

let last = 0;

/** A row that is not in the record yet. */
export const newRow = (): Row => ({ id: ++last, key: "", ...written("") });

/** A value as it stands in a form. */
function written(value: unknown): Pick<Row, "kind" | "text"> {
  if (typeof value === "string") return { kind: "text", text: value };
  if (typeof value === "number") return { kind: "number", text: String(value) };
  if (typeof value === "boolean") return { kind: "yes or no", text: String(value) };
  return value === null ? { kind: "nothing", text: "" } : { kind: "json", text: JSON.stringify(value, null, 2) };
}

export const rowsOf = (metadata: JsonObject): Row[] =>
  Object.entries(metadata).map(([key, value]) => ({ id: ++last, key, stored: key, ...written(value) }));

/** What a text comes to as a value of each kind. */
const READ: Readonly<Record<Kind, (text: string) => Read<unknown>>> = {
  text: (text) => ({ value: text }),
  number: readNumber,
  "yes or no": (text) => ({ value: text === "true" }),
  nothing: () => ({ value: null }),
  json: readJson,
};

/** What is left of a text when its value gets another kind: as much as means something there. */
const KEPT: Readonly<Record<Kind, (text: string) => string>> = {
  text: (text) => text,
  number: (text) => text,
  "yes or no": (text) => String(text === "true"),
  nothing: () => "",
  json: (text) => (readJson(text).problem === undefined ? text : JSON.stringify(text)),
};

export const withKind = (row: Row, kind: Kind): Row => ({ ...row, kind, text: KEPT[kind](row.text) });

/** What rows come to, and what is wrong with which. */
export interface Form {
  readonly metadata: JsonObject;
  /** By the id of its row. */
  readonly problems: ReadonlyMap<number, string>;
}

/** Reads rows. One that was added without key and text is not there yet. */
export function formOf(rows: readonly Row[]): Form {
  const problems = new Map<number, string>();
  const entries = new Map<string, unknown>();
  for (const row of rows) {
    if (row.stored === undefined && row.key === "" && row.text === "") continue;
    const value = READ[row.kind](row.text);
    // JSON has the empty key, and so has whoever stored it.
    if (row.key === "" && row.stored !== "") problems.set(row.id, "Give it a name.");
    else if (entries.has(row.key)) problems.set(row.id, "This name is there already.");
    else if (value.problem !== undefined) problems.set(row.id, value.problem);
    else entries.set(row.key, value.value);
  }
  return { metadata: Object.fromEntries(entries), problems };
}
