/** Numbers, sizes and times as people write them into a field, and back. */

import { sizeOf } from "../../model/size.ts";
import { count } from "../ui/format.ts";

/** What a field says. Null for an empty one, undefined for what cannot be read. */
export type Read<T> = T | null | undefined;

/** The number that `10,000`, `10 000` or `10000` is. */
export function readCount(text: string): Read<number> {
  const digits = text.replace(/(?<=\d)[\s,_’'](?=\d{3}(?:\D|$))/g, "").trim();
  if (digits === "") return null;
  return /^\d{1,15}$/.test(digits) ? Number(digits) : undefined;
}

/** The bytes that `10 GB`, `1.5 GiB` or `10,000,000` are. */
export function readSize(text: string): Read<number> {
  const plain = text
    .trim()
    .replace(/(?<=\d),(?=\d{3})/g, "")
    .replace(/\s+/g, " ");
  if (plain === "") return null;
  return sizeOf(plain.replace(/ ?(?:bytes?)$/i, ""));
}

const SIZES = [
  ["TB", 1e12],
  ["TiB", 2 ** 40],
  ["GB", 1e9],
  ["GiB", 2 ** 30],
  ["MB", 1e6],
  ["MiB", 2 ** 20],
  ["KB", 1e3],
  ["KiB", 2 ** 10],
] as const;

/** More digits than this say less than the bytes themselves. */
const MOST_IN_UNIT = 10_000;

/** Bytes in the unit that says them shortest and exactly: `10 GB`, `100 MiB`, `1.5 GiB`, `12,345,678 bytes`. */
export function exactSize(value: number): string {
  const texts = SIZES.filter(([, factor]) => value >= factor && value < MOST_IN_UNIT * factor)
    .map(([unit, factor]) => `${Number((value / factor).toFixed(2))} ${unit}`)
    .filter((text) => sizeOf(text) === value);
  return texts.toSorted((a, b) => a.length - b.length)[0] ?? count(value, "byte");
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** The seconds that `5 minutes`, `90 s`, `1 h`, `1 day` or `300` are. */
export function readSeconds(text: string): Read<number> {
  const plain = text
    .trim()
    .toLowerCase()
    .replace(/(?<=\d),(?=\d{3})/g, "");
  if (plain === "") return null;
  const [, digits, unit = "s"] = /^(\d{1,9}) ?(s|m|h|d|sec|second|min|minute|hr|hour|day)?s?$/.exec(plain) ?? [];
  const factor = SECONDS[unit.charAt(0)];
  return digits === undefined || factor === undefined ? undefined : Number(digits) * factor;
}

const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
] as const;

/** Seconds in the largest unit that says them exactly: `1 day`, `5 minutes`, `90 seconds`. */
export function exactSeconds(value: number): string {
  for (const [unit, factor] of UNITS) if (value > 0 && value % factor === 0) return count(value / factor, unit);
  return count(value, "second");
}

/** How much of a quota is used, in whole percent. Never 100 before it is full, nor 0 when there is something. */
export function percentOf(used: number, quota: number): number {
  if (used >= quota) return quota === 0 ? 100 : Math.floor((used / quota) * 100);
  return used === 0 ? 0 : Math.min(99, Math.max(1, Math.round((used / quota) * 100)));
}
