/** The settings of a vault as a form: what each field is called, what it takes, and what it says when it does not. */

import type { VaultChange, VaultReport, VaultSettings } from "../../client/index.ts";
import { hasControl } from "../../model/control.ts";
import {
  DEFAULT_CACHE_SECONDS,
  MAX_ALLOWED_TYPES,
  MAX_CACHE_SECONDS,
  MAX_SESSION_BYTES,
  MAX_MIME_TYPE_LENGTH,
  MAX_NAME_LENGTH,
  MAX_QUOTA_ASSETS,
  MAX_QUOTA_BYTES,
  MAX_REQUESTS_PER_SECOND,
} from "../../model/limits.ts";
import { TYPE_PATTERN } from "../../model/type-pattern.ts";
import { count, number } from "../ui/format.ts";
import { exactSeconds, exactSize, readCount, readSeconds, readSize } from "./units.ts";

/** What is typed: a value to set, or the rule that it breaks. */
export type Typed<T> = { readonly value: T } | { readonly rule: string };

/** One setting. */
export interface Field<T> {
  readonly label: string;
  /** What it does, in one sentence. */
  readonly about: string;
  /** What an empty field stands for, and a vault for which nothing is set. */
  readonly unset: string;
  readonly example: string;
  /** Whether it takes several lines of text. */
  readonly isLong?: boolean;
  readonly read: (text: string) => Typed<T | null>;
  /** As it is written into the field, exactly. */
  readonly write: (value: T) => string;
  /** As it is shown to whoever only reads it. */
  readonly show: (value: T) => string;
}

/** A field for a number between two bounds. */
function numeric(
  field: Pick<Field<number>, "label" | "about" | "unset" | "example" | "write" | "show">,
  parse: (text: string) => number | null | undefined,
  [least, most]: readonly [number, number],
  rule: string,
): Field<number> {
  const read = (text: string): Typed<number | null> => {
    const value = parse(text);
    return value === undefined || (value !== null && (value < least || value > most)) ? { rule } : { value };
  };
  return { ...field, read };
}

type Fields = { readonly [Name in keyof VaultSettings]: Field<NonNullable<VaultSettings[Name]>> };

export const FIELDS: Fields = {
  quota_assets: numeric(
    {
      label: "Assets",
      about: "The most assets that the vault may hold. A lower number deletes nothing; it only lets no more in.",
      unset: "No limit",
      example: "10,000",
      write: number,
      show: (value) => `At most ${number(value)}`,
    },
    readCount,
    [0, MAX_QUOTA_ASSETS],
    `Must be a whole number from 0 to ${number(MAX_QUOTA_ASSETS)}, such as 10,000, or empty for no limit.`,
  ),
  quota_bytes: numeric(
    {
      label: "Storage",
      about: "The most bytes that all files may have together.",
      unset: "No limit",
      example: "10 GB",
      write: exactSize,
      show: (value) => `At most ${exactSize(value)}`,
    },
    readSize,
    [0, MAX_QUOTA_BYTES],
    "Must be a size such as 10 GB or 500 MiB, at most 1,024 TiB, or empty for no limit.",
  ),
  max_file_bytes: numeric(
    {
      label: "Size of one file",
      about: "The most bytes of a single file.",
      unset: "No limit of its own",
      example: "10 MB",
      write: exactSize,
      show: (value) => `At most ${exactSize(value)}`,
    },
    readSize,
    [1, MAX_SESSION_BYTES],
    `Must be a size from 1 byte to ${exactSize(MAX_SESSION_BYTES)}, such as 10 MB, or empty for no limit of its own.`,
  ),
  allowed_types: {
    label: "Types of files",
    about: "The media types that files may have. image/* stands for all images.",
    unset: "All types",
    example: "image/*, application/pdf",
    isLong: true,
    read: readTypes,
    write: (types) => types.join(", "),
    show: (types) => types.join(", "),
  },
  requests_per_second: numeric(
    {
      label: "Requests a second",
      about: "Of all keys and links of the vault together. Whoever comes faster is asked to wait.",
      unset: "No limit",
      example: "500",
      write: number,
      show: (value) => `At most ${number(value)}`,
    },
    readCount,
    [1, MAX_REQUESTS_PER_SECOND],
    `Must be a whole number from 1 to ${number(MAX_REQUESTS_PER_SECOND)}, or empty for no limit.`,
  ),
  cache_seconds: numeric(
    {
      label: "Time in caches",
      about:
        "How long browsers and caches keep what a delivery key was given: for so long a deleted file may still be seen. 0 turns caching off.",
      unset: exactSeconds(DEFAULT_CACHE_SECONDS),
      example: "1 hour",
      write: (value) => (value === 0 ? "0" : exactSeconds(value)),
      show: (value) => (value === 0 ? "Not cached" : exactSeconds(value)),
    },
    readSeconds,
    [0, MAX_CACHE_SECONDS],
    `Must be a time of at most ${exactSeconds(MAX_CACHE_SECONDS)}, such as 5 minutes or 300 (seconds), or empty for ${exactSeconds(DEFAULT_CACHE_SECONDS)}.`,
  ),
};

/** The names of the settings, in the order in which they are shown. */
export const NAMES = Object.keys(FIELDS) as readonly (keyof VaultSettings)[];

/** The labels of the form. */
export const SETTING_LABELS: ReadonlyMap<string, string> = new Map([
  ["name", "Name"],
  ...NAMES.map((name) => [name, FIELDS[name].label] as const),
]);

/** Media types with commas, spaces or lines between them. */
function readTypes(text: string): Typed<string[] | null> {
  const types = [
    ...new Set(
      text
        .toLowerCase()
        .split(/[\s,;]+/)
        .filter(Boolean),
    ),
  ];
  if (types.length === 0) return { value: null };
  const wrong = types.find((type) => !TYPE_PATTERN.test(type) || type.length > MAX_MIME_TYPE_LENGTH);
  if (wrong !== undefined)
    return {
      rule: `“${wrong.slice(0, 60)}” must be a media type such as image/png, or a kind of them such as image/*.`,
    };
  if (types.length > MAX_ALLOWED_TYPES) return { rule: `Must be at most ${count(MAX_ALLOWED_TYPES, "type")}.` };
  return { value: types };
}

/** A vault's name, or what a key is for. `what` begins the sentence that says the rule. */
export function readName(text: string, what: string): Typed<string> {
  if (text.trim() === "") return { rule: `${what} must not be empty.` };
  if (text.length > MAX_NAME_LENGTH) return { rule: `${what} must have at most ${MAX_NAME_LENGTH} characters.` };
  if (!text.isWellFormed() || hasControl(text)) return { rule: `${what} must have no invisible characters.` };
  return { value: text.trim() };
}

/** A form as it is filled in: the texts of its fields. */
export type Texts = { readonly [Name in keyof VaultSettings | "name"]: string };

/** The form of a vault as it is. */
export function textsOf({ name, settings }: VaultReport): Texts {
  const texts = NAMES.map((each) => [each, textOf(FIELDS[each] as Field<unknown>, settings[each])]);
  return { name, ...Object.fromEntries(texts) } as Texts;
}

const textOf = <T>(field: Field<T>, value: T | null): string => (value === null ? "" : field.write(value));

/** What a form changes of a vault, and which of its fields break their rule. */
export function changeOf(texts: Texts, report: VaultReport): { change: VaultChange; rules: Partial<Texts> } {
  const [change, rules]: [Record<string, unknown>, Record<string, string>] = [{}, {}];
  const take = (name: string, typed: Typed<unknown>, now: unknown): void => {
    if ("rule" in typed) rules[name] = typed.rule;
    else if (JSON.stringify(typed.value) !== JSON.stringify(now)) change[name] = typed.value;
  };
  if (texts.name !== report.name) take("name", readName(texts.name, "The name"), report.name);
  for (const name of NAMES) take(name, FIELDS[name].read(texts[name]), report.settings[name]);
  return { change, rules };
}

/** What others have set meanwhile of the fields that a form changes, in words. `began` is what was there when each was edited first. */
export function changedMeanwhile(began: Partial<Texts>, change: VaultChange, now: VaultReport): string[] {
  const texts = textsOf(now);
  const shown = (name: keyof Texts, text: string): string => text || (name === "name" ? "" : FIELDS[name].unset);
  return (Object.keys(change) as (keyof Texts)[]).flatMap((name) => {
    const before = began[name];
    return before === undefined || before === texts[name]
      ? []
      : `${SETTING_LABELS.get(name)} from ${shown(name, before)} to ${shown(name, texts[name])}`;
  });
}
